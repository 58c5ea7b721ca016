"""What a hypothesis may be about: one number for each seed, so that all of them compare in pairs.

Numbers of the test stage come from the chosen setting; those of the tune stage, from all the rates
that tuning tried with a seed.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from nagbench.statistics.quality import final_accuracy
from nagbench.statistics.selection import runs_of
from nagbench.statistics.speed import CLOCKS, KINDS, hits
from nagbench.statistics.stability import band, falls, unrest
from nagbench.study.model import Study

NEVER = np.inf
SETTLED = 0.05  # a gradient whose length changed by less than this share from epoch to epoch


def measure(
    study: Study,
    metric: str,
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    workload: str,
    optimizer: str,
    target: float = 0.0,
    censored: bool = False,
) -> pd.Series:
    """The metric of one optimizer on one workload, by seed.

    A time that was not reached is the whole budget, or, as `censored`, infinite.
    """
    stage = "tune" if metric in OF_TUNING else "test"
    group = runs_of(runs[runs["stage"] == stage], workload, optimizer)
    own = curves[curves["run"].isin(group["run"])]
    if metric in OF_TUNING:
        scored = group.assign(accuracy=final_accuracy(group, own, "validation"))
        function = OF_TUNING[metric]
        return pd.Series(
            {seed: function(trials, study.tolerance) for seed, trials in scored.groupby("seed")},
            dtype=float,
        )
    if metric in CLOCKS:
        found = hits(group, own, target, metric, KINDS["sustained"])
        values = np.where(found.reached, found.times, NEVER if censored else found.budget)
    elif metric in OF_GROUPS:
        values = OF_GROUPS[metric](group, own)
    else:
        by_run = {run: curve.sort_values("epoch") for run, curve in own.groupby("run")}
        values = np.array([OF_CURVES[metric](by_run[run]) for run in group["run"]], dtype=float)
    return pd.Series(values, index=group["seed"], dtype=float)


def _deviation(runs: pd.DataFrame, curves: pd.DataFrame) -> np.ndarray:
    accuracy = final_accuracy(runs, curves)
    return np.abs(accuracy - np.median(accuracy)) if len(accuracy) else accuracy


def _diverged(runs: pd.DataFrame, _: pd.DataFrame) -> np.ndarray:
    return (runs["status"] == "diverged").to_numpy(float)


def _lost_by_stopping(runs: pd.DataFrame, curves: pd.DataFrame) -> np.ndarray:
    """Final test accuracy less that at the first epoch whose gradient has settled."""
    stopped = {}
    for run, curve in curves.sort_values("epoch").groupby("run"):
        norms = curve["gradient_norm"].to_numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            settled = np.abs(np.diff(norms)) < SETTLED * norms[:-1]
        epoch = int(np.argmax(settled)) + 1 if settled.any() else len(norms) - 1
        stopped[run] = curve["test_accuracy"].iloc[epoch]
    final = final_accuracy(runs, curves)
    at_stop = runs["run"].map(stopped).to_numpy(float)
    return np.where(runs["status"] == "diverged", 0.0, final - at_stop)


def _step_cost(curve: pd.DataFrame) -> float:
    """Natural logarithm of the seconds of a step, in the epoch that the machine disturbed least."""
    seconds = np.diff(curve["train_seconds"].to_numpy())
    return float(np.log(seconds.min())) if len(seconds) else np.nan


def _ratios(curve: pd.DataFrame) -> np.ndarray:
    """Decades by which the first layer's gradient is longer than the last's, by epoch."""
    ratio = curve["gradient_ratio"].to_numpy()
    return np.log10(ratio[np.isfinite(ratio) & (ratio > 0)])


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan


def _band(trials: pd.DataFrame, tolerance: float) -> float:
    rates = trials.groupby("learning_rate")["accuracy"].mean()
    if len(rates) < 2:
        return np.nan
    return band(rates.index.to_numpy(float), rates.to_numpy(), tolerance)


def _trials_needed(trials: pd.DataFrame, tolerance: float) -> float:
    """Trials, drawn in random order, until the first within the tolerance of the best of all."""
    good = (trials["accuracy"] >= trials["accuracy"].max() - tolerance).sum()
    return (len(trials) + 1) / (good + 1)


OF_GROUPS: dict[str, Callable[[pd.DataFrame, pd.DataFrame], np.ndarray]] = {
    "accuracy": final_accuracy,
    "deviation": _deviation,
    "diverged": _diverged,
    "lost_by_stopping": _lost_by_stopping,
}
OF_CURVES: dict[str, Callable[[pd.DataFrame], float]] = {
    "best_accuracy": lambda curve: float(curve["test_accuracy"].max()),
    "step_cost": _step_cost,
    "spikes": lambda curve: float(curve["spikes"].sum()),
    "unrest": lambda curve: unrest(curve["validation_accuracy"].to_numpy()),
    "largest_fall": lambda curve: falls(curve["validation_accuracy"].to_numpy()),
    "gradient_ratio": lambda curve: _mean(_ratios(curve)),
    "gradient_imbalance": lambda curve: _mean(np.abs(_ratios(curve))),
}
OF_TUNING: dict[str, Callable[[pd.DataFrame, float], float]] = {
    "band": _band,
    "trials_needed": _trials_needed,
    "trials_diverged": lambda trials, _: float((trials["status"] == "diverged").mean()),
}
