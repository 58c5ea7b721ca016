"""Stability: between seeds, and within runs."""

import math

import numpy as np
import pandas as pd
from scipy import stats

from nagbench.metrics import final_accuracy, largest_fall, spikes, unrest
from nagbench.statistics.event_rates import rate_difference_p, rate_interval
from nagbench.statistics.intervals import CONFIDENCE, holm
from nagbench.statistics.selection import runs_of
from nagbench.study.model import Study

BAD = 0.05  # of accuracy


def stability(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Per workload and optimizer, each against the baseline; Holm's family is a workload."""
    measures = {
        "last_spread": unrest(runs, curves),
        "largest_fall": largest_fall(runs, curves),
        "spikes": spikes(runs, curves),
        "gradient_tail": _gradient_tail(runs, curves),
    }
    scored = runs.assign(accuracy=final_accuracy(runs, curves), **measures)
    frames = []
    for workload in study.workloads:
        groups = {name: runs_of(scored, workload, name) for name in study.optimizers_of(workload)}
        groups = {name: group for name, group in groups.items() if len(group)}
        accuracies = {name: group["accuracy"].to_numpy() for name, group in groups.items()}
        reference = groups.get(study.baseline)
        rows = []
        for name, group in groups.items():
            diverged = int((group["status"] == "diverged").sum())
            low, high = rate_interval(diverged, len(group), 1 - CONFIDENCE)
            is_reference = reference is None or name == study.baseline
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
                    "diverged_p": math.nan
                    if reference is None or is_reference
                    else rate_difference_p(
                        diverged,
                        len(group),
                        int((reference["status"] == "diverged").sum()),
                        len(reference),
                    ),
                    "failed": int((group["status"] == "failed").sum()),
                    **{measure: float(group[measure].mean()) for measure in measures},
                    **_detector(group["accuracy"].to_numpy(), group["spikes"].to_numpy()),
                }
            )
        if not rows:
            continue
        frame = pd.DataFrame(rows)
        for test in ("spread", "diverged"):
            frame[f"{test}_p_adjusted"] = holm(frame[f"{test}_p"].to_numpy(float))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _detector(accuracies: np.ndarray, spikes: np.ndarray) -> dict[str, float]:
    """Spikes of the loss as a detector of bad optima: what it catches, and its false alarms.

    A bad optimum is a final accuracy `BAD` or more under the optimizer's median.
    """
    bad, seen = accuracies <= np.median(accuracies) - BAD, spikes > 0
    found: dict[str, float] = {}
    for name, group, among in (("caught", bad, "bad"), ("alarms", ~bad, "good")):
        count, total = int((group & seen).sum()), int(group.sum())
        low, high = rate_interval(count, total, 1 - CONFIDENCE) if total else (math.nan, math.nan)
        found |= {among: total, name: count, f"{name}_low": low, f"{name}_high": high}
    return found


def brown_forsythe(first: np.ndarray, second: np.ndarray) -> float:
    """p of equal spreads, by distances from the median; NaN where these vary in neither group, as
    in groups of two."""
    if min(len(first), len(second)) < 2:
        return math.nan
    apart = [np.abs(group - np.median(group)) for group in (first, second)]
    if all(np.ptp(distances) <= 1e-9 * distances.max() for distances in apart):
        return math.nan
    return float(stats.levene(first, second, center="median").pvalue)


def _gradient_tail(runs: pd.DataFrame, curves: pd.DataFrame) -> np.ndarray:
    """How many times the median of a run's mean gradients the largest is."""
    norms = curves.dropna(subset=["gradient_norm"]).groupby("run")["gradient_norm"]
    return runs["run"].map(norms.max() / norms.median()).to_numpy(float)


def _sd(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
