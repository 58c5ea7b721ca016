"""Stability: between seeds, within runs, and against the learning rate."""

import math

import numpy as np
import pandas as pd
from scipy import stats

from nagbench.statistics.intervals import holm, percentiles, share_interval
from nagbench.statistics.quality import final_accuracy
from nagbench.statistics.selection import runs_of
from nagbench.study.model import Study

LAST = 5  # epochs at the end of a run whose spread is looked at
_RESAMPLES = 1000


def stability(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Per workload and optimizer, each against the baseline; Holm's family is a workload."""
    frames = []
    for workload in study.workloads:
        groups = {name: runs_of(runs, workload, name) for name in study.optimizers_of(workload)}
        accuracies = {name: final_accuracy(group, curves) for name, group in groups.items()}
        rows = []
        for name, group in groups.items():
            own = curves[curves["run"].isin(group["run"])]
            reference = groups[study.baseline]
            diverged = int((group["status"] == "diverged").sum())
            low, high = share_interval(diverged, len(group))
            is_reference = name == study.baseline
            rows.append(
                {
                    "workload": workload,
                    "optimizer": name,
                    "runs": len(group),
                    "sd": _sd(accuracies[name]),
                    "interquartile": float(
                        np.subtract(*np.quantile(accuracies[name], [0.75, 0.25]))
                    ),
                    "spread_p": math.nan
                    if is_reference
                    else brown_forsythe(accuracies[name], accuracies[study.baseline]),
                    "diverged": diverged,
                    "diverged_low": low,
                    "diverged_high": high,
                    "diverged_p": math.nan if is_reference else divergence_test(group, reference),
                    **within_runs(own),
                }
            )
        frame = pd.DataFrame(rows)
        for test in ("spread", "diverged"):
            frame[f"{test}_p_adjusted"] = holm(frame[f"{test}_p"].to_numpy(float))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def brown_forsythe(first: np.ndarray, second: np.ndarray) -> float:
    """p of equal spreads, by distances from the median; NaN where these vary in neither group, as
    in groups of two."""
    if min(len(first), len(second)) < 2:
        return math.nan
    apart = [np.abs(group - np.median(group)) for group in (first, second)]
    if all(np.ptp(distances) <= 1e-9 * distances.max() for distances in apart):
        return math.nan
    return float(stats.levene(first, second, center="median").pvalue)


def divergence_test(first: pd.DataFrame, second: pd.DataFrame) -> float:
    """Fisher's exact p of equal shares of diverged runs."""
    table = [
        [int((group["status"] == "diverged").sum()), int((group["status"] != "diverged").sum())]
        for group in (first, second)
    ]
    return float(stats.fisher_exact(table).pvalue)


def within_runs(curves: pd.DataFrame) -> dict[str, float]:
    """Means over runs: unrest of the last epochs, largest fall from the best so far, spikes, and
    how far the largest epoch's mean gradient lies above the median one."""
    spreads, drops, spikes, tails = [], [], [], []
    for _, curve in curves.groupby("run"):
        accuracy = curve["validation_accuracy"].to_numpy()
        spreads.append(unrest(accuracy))
        drops.append(falls(accuracy))
        spikes.append(curve["spikes"].sum())
        norms = curve["gradient_norm"].dropna().to_numpy()
        tails.append(float(norms.max() / np.median(norms)) if len(norms) else math.nan)
    return {
        "last_spread": _mean(spreads),
        "largest_fall": _mean(drops),
        "spikes": _mean(spikes),
        "gradient_tail": _mean(tails),
    }


def unrest(accuracy: np.ndarray) -> float:
    """Standard deviation of a run's last epochs."""
    return _sd(accuracy[-LAST:])


def falls(accuracy: np.ndarray) -> float:
    """A run's largest fall from its best so far."""
    return float((np.maximum.accumulate(accuracy) - accuracy).max())


def learning_rate_bands(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Per workload and optimizer: how many decades of learning rate lose at most the study's
    tolerance.

    From the tune stage, where it tried more than one rate; between neighbouring rates accuracy is
    taken to change linearly with the rate's logarithm. The interval is a bootstrap over tuning
    seeds, not defined for one.
    """
    scored = runs.assign(accuracy=final_accuracy(runs, curves, "validation"))
    rows = []
    for workload in study.workloads:
        for name in study.optimizers_of(workload):
            group = runs_of(scored, workload, name)
            table = group.pivot_table(index="learning_rate", columns="seed", values="accuracy")
            if len(table) < 2:
                continue
            rates, values = table.index.to_numpy(float), table.to_numpy()
            low, high = _band_interval(rates, values, study.tolerance)
            rows.append(
                {
                    "workload": workload,
                    "optimizer": name,
                    "decades": band(rates, values.mean(axis=1), study.tolerance),
                    "low": low,
                    "high": high,
                    "searched": float(np.log10(rates[-1] / rates[0])),
                    "diverged": float((group["status"] == "diverged").mean()),
                }
            )
    return pd.DataFrame(rows)


def band(rates: np.ndarray, accuracy: np.ndarray, tolerance: float) -> float:
    """Decades around the best rate in which accuracy stays within `tolerance` of it.

    `rates` ascend. A band that reaches the end of what was searched is cut off there.
    """
    logs, best = np.log10(rates), int(np.argmax(accuracy))
    goal = accuracy[best] - tolerance

    def reach(step: int) -> float:
        place = best
        while 0 <= place + step < len(rates):
            here, there = accuracy[place], accuracy[place + step]
            if there < goal:
                share = (here - goal) / (here - there)
                return abs(logs[place] + share * (logs[place + step] - logs[place]) - logs[best])
            place += step
        return abs(logs[place] - logs[best])

    return float(reach(-1) + reach(1))


def _band_interval(rates: np.ndarray, values: np.ndarray, tolerance: float) -> tuple[float, float]:
    seeds = values.shape[1]
    if seeds < 2:
        return math.nan, math.nan
    draws = np.random.default_rng(0).integers(0, seeds, (_RESAMPLES, seeds))
    bands = [band(rates, values[:, draw].mean(axis=1), tolerance) for draw in draws]
    return percentiles(np.array(bands))


def _sd(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else math.nan
