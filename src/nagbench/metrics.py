"""What claims may be about: each metric is one record, with all that is known of it.

A metric of the test stage has a number for each run, one of trials a number for each seed that all
of them trained with, so that all metrics compare in pairs. Accuracies and shares are from 0 to 1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nagbench.data.registry import data_set

if TYPE_CHECKING:
    import pandas as pd

# The columns of a curve that speed is measured by, the primary one first.
CLOCKS = {"gradients": "gradient_evaluations", "epochs": "epoch"}
# Statuses of runs that broke off: they count as chance in accuracy and fail in every comparison.
BROKEN = ("diverged", "failed")
# What a setting may be chosen by, and so what a metric is judged at.
ROLES = ("accuracy", "speed")
SETTLED = 0.05  # a gradient whose length changed by less than this share from row to row
LAST = 5  # evaluations at the end of a run whose spread is its unrest
SPACING = 0.25  # decades between neighbouring rates, at most, of a band that can be measured
ROUNDING = 1e-9  # decades

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        unit: In which its differences are printed.
        scale: By which they are multiplied for that: 100 for percentage points.
        least, most: Its values, as records have them, lie between.
        better: `greater` or `less`; empty if neither is.
        of_runs: Of the test stage: a number for each of `runs`, from their `curves`.
        of_trials: Of the stage `trials_of`: a number for all trials of one seed, rows of runs with
            their final validation `accuracy`, a threshold of it, and the study's tolerance. Those
            of a band have the column `decades`, by which their rate lies off the chosen one.
        trials_of: `tune`, or `band`, whose trials are common factors of the chosen rate.
        is_bound: Of trials: whether that number is only a lower bound of what is measured.
        nothing: What is said where it is 0 in every arm, of what may not happen at all.
        clock: Of a time below the targets, what it is counted in: a name in `CLOCKS`.
        role: The setting that it is judged at, by what that was chosen.
        counts: It counts what may not happen at all.
        event: It is 1 where that happened and else 0.
        elsewhere: Why records of runs do not hold it, if they do not.
    """

    unit: str
    scale: float = 1.0
    least: float = 0.0
    most: float = math.inf
    better: str = ""
    of_runs: "Callable[[pd.DataFrame, pd.DataFrame], Array] | None" = None
    of_trials: "Callable[[pd.DataFrame, float, float], float] | None" = None
    trials_of: str = "tune"
    is_bound: "Callable[[pd.DataFrame, float], bool] | None" = None
    nothing: str = ""
    clock: str = ""
    role: str = "accuracy"
    counts: bool = False
    event: bool = False
    elsewhere: str = ""

    @property
    def stage(self) -> str:
        return "test" if self.of_trials is None else self.trials_of


def final_accuracy(runs: "pd.DataFrame", curves: "pd.DataFrame", part: str = "test") -> Array:
    """Accuracy after the last evaluation, from 0 to 1, one a run in the order of `runs`.

    A run that broke off counts as chance: leaving it out would reward an optimizer for failing, and
    its last finite accuracy is of weights that nobody would keep.

    Args:
        runs, curves: Records, of which `curves` may hold other runs' too.
        part: `test` or `validation`.
    """
    last = curves.sort_values("epoch").groupby("run").tail(1).set_index("run")
    accuracy = runs["run"].map(last[f"{part}_accuracy"]).to_numpy(float)
    chance = runs["data"].map({name: data_set(name).chance for name in runs["data"].unique()})
    return np.where(runs["status"].isin(BROKEN), chance.to_numpy(float), accuracy)


def unrest(runs: "pd.DataFrame", curves: "pd.DataFrame") -> Array:
    """Standard deviation of validation accuracy at a run's last evaluations."""
    last = curves.sort_values("epoch").groupby("run").tail(LAST)
    return _by_run(runs, last.groupby("run")["validation_accuracy"].std())


def largest_fall(runs: "pd.DataFrame", curves: "pd.DataFrame") -> Array:
    """A run's largest fall of validation accuracy from its best so far."""
    ordered = curves.sort_values("epoch")
    falls = ordered.groupby("run")["validation_accuracy"].cummax() - ordered["validation_accuracy"]
    return _by_run(runs, falls.groupby(ordered["run"]).max())


def spikes(runs: "pd.DataFrame", curves: "pd.DataFrame") -> Array:
    """Steps of a run whose loss is over twice the running mean of those before."""
    return _by_run(runs, curves.groupby("run")["spikes"].sum())


def band(trials: "pd.DataFrame", threshold: float, _: float = 0.0) -> float:
    """Decades of learning rate round the best in which final validation accuracy reaches the
    threshold, which is the same for all optimizers.

    Between neighbours accuracy is taken to change linearly with the rate's logarithm. Not defined
    (NaN) unless rates lie at most `SPACING` decades apart and all trained to the end: what lies
    between coarser ones is a guess. A band that reaches the end of what was tried is cut off there:
    `band_is_cut`.
    """
    if (trials["status"] == "stopped").any():
        return np.nan
    rates, accuracy = _by_rate(trials)
    if len(rates) < 2 or np.diff(rates).max() > SPACING + ROUNDING:
        return np.nan
    ends = _usable(accuracy, threshold)
    if ends is None:
        return 0.0
    width = rates[ends[1]] - rates[ends[0]]
    for end, step in zip(ends, (-1, 1), strict=True):
        beyond = end + step
        if 0 <= beyond < len(rates):
            share = (accuracy[end] - threshold) / (accuracy[end] - accuracy[beyond])
            width += share * abs(rates[beyond] - rates[end])
    return round(float(width), 9)  # bands that are equal by construction are equal


def band_is_cut(trials: "pd.DataFrame", threshold: float) -> bool:
    """Whether the band may go on beyond the rates that were tried, so that its width is a lower
    bound: it reaches the first or the last of them, or none is usable and accuracy rises to it."""
    _, accuracy = _by_rate(trials)
    ends = _usable(accuracy, threshold)
    if ends is None:
        return bool(accuracy[1:].max() < accuracy[0] or accuracy[:-1].max() < accuracy[-1])
    return ends[0] == 0 or ends[1] == len(accuracy) - 1


def _by_rate(trials: "pd.DataFrame") -> tuple[Array, Array]:
    """Decades of the rates, rising, and the final accuracy at each."""
    means = trials.groupby("decades")["accuracy"].mean()
    return means.index.to_numpy(float), means.to_numpy()


def _usable(accuracy: Array, threshold: float) -> tuple[int, int] | None:
    """The first and the last of the rates round the best that reach the threshold; None if not even
    the best does."""
    best = int(np.argmax(accuracy))
    if accuracy[best] < threshold:
        return None
    short = np.flatnonzero(accuracy < threshold)
    low = short[short < best].max(initial=-1) + 1
    high = short[short > best].min(initial=len(accuracy)) - 1
    return int(low), int(high)


def _deviation(runs: "pd.DataFrame", curves: "pd.DataFrame") -> Array:
    accuracy = final_accuracy(runs, curves)
    return np.abs(accuracy - np.median(accuracy)) if len(accuracy) else accuracy


def _diverged(runs: "pd.DataFrame", _: "pd.DataFrame") -> Array:
    """Not defined (NaN) of a run whose code raised: whether it would have diverged is unknown."""
    diverged = (runs["status"] == "diverged").to_numpy(float)
    return np.where(runs["status"] == "failed", np.nan, diverged)


def _lost_by_stopping(runs: "pd.DataFrame", curves: "pd.DataFrame") -> Array:
    """Final validation accuracy less that at the first evaluation whose gradient has settled."""
    ordered = curves.sort_values("epoch")
    norms = ordered.groupby("run")["gradient_norm"]
    before = norms.shift()
    settled = (ordered["gradient_norm"] - before).abs() < SETTLED * before
    # As an epoch's entry in the curves holds what its steps measured, so does its first.
    at_stop = ordered[settled].groupby("run")["validation_accuracy"].first()
    final = ordered.groupby("run")["validation_accuracy"].last()
    lost = _by_run(runs, final) - _by_run(runs, at_stop.reindex(final.index).fillna(final))
    return np.where(runs["status"].isin(BROKEN), 0.0, lost)


def _ratios(curves: "pd.DataFrame") -> "pd.Series[float]":
    """Decades by which the first layer's gradient is longer than the last's."""
    ratio = curves["gradient_ratio"]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log10(ratio.where(np.isfinite(ratio) & (ratio > 0)))


def _gradient_ratio(runs: "pd.DataFrame", curves: "pd.DataFrame") -> Array:
    return _by_run(runs, _ratios(curves).groupby(curves["run"]).mean())


def _gradient_imbalance(runs: "pd.DataFrame", curves: "pd.DataFrame") -> Array:
    return _by_run(runs, _ratios(curves).abs().groupby(curves["run"]).mean())


def _trials_needed(trials: "pd.DataFrame", _: float, tolerance: float) -> float:
    """Trials, drawn in random order, until the first within the tolerance of the best of all."""
    if (trials["status"] == "stopped").any():
        return np.nan
    good = (trials["accuracy"] >= trials["accuracy"].max() - tolerance).sum()
    return float((len(trials) + 1) / (good + 1))


def _by_run(runs: "pd.DataFrame", values: "pd.Series[float]") -> Array:
    return runs["run"].map(values).to_numpy(float)


METRICS = {
    "gradients": Metric(unit="gradients", better="less", clock="gradients", role="speed"),
    "epochs": Metric(unit="epochs", better="less", clock="epochs", role="speed"),
    "accuracy": Metric(unit="points", scale=100, most=1, better="greater", of_runs=final_accuracy),
    "deviation": Metric(unit="points", scale=100, most=1, better="less", of_runs=_deviation),
    "unrest": Metric(unit="points", scale=100, most=1, better="less", of_runs=unrest),
    "largest_fall": Metric(unit="points", scale=100, most=1, better="less", of_runs=largest_fall),
    "lost_by_stopping": Metric(
        unit="points", scale=100, least=-1, most=1, better="less", of_runs=_lost_by_stopping
    ),
    "diverged": Metric(
        unit="of runs", most=1, better="less", of_runs=_diverged, counts=True, event=True
    ),
    "spiked": Metric(
        unit="of runs",
        most=1,
        better="less",
        of_runs=lambda runs, curves: (spikes(runs, curves) > 0).astype(float),
        counts=True,
        event=True,
    ),
    "spikes": Metric(unit="spikes", better="less", of_runs=spikes, counts=True),
    "gradient_ratio": Metric(unit="decades", least=-math.inf, of_runs=_gradient_ratio),
    "gradient_imbalance": Metric(unit="decades", better="less", of_runs=_gradient_imbalance),
    "step_cost": Metric(
        unit="log s",
        least=-math.inf,
        better="less",
        elsewhere="the cost of a step is measured side by side, by `nagbench bench optimizers`",
    ),
    "band": Metric(
        unit="decades",
        better="greater",
        of_trials=band,
        trials_of="band",
        is_bound=band_is_cut,
        nothing="no rate that was tried reaches the threshold in either arm",
    ),
    "trials_needed": Metric(unit="trials", better="less", of_trials=_trials_needed),
    "trials_diverged": Metric(
        unit="of trials",
        most=1,
        better="less",
        of_trials=lambda trials, _, __: float(np.mean(_diverged(trials, trials))),
        trials_of="band",
        counts=True,
    ),
}
