"""Speed: how long runs take to reach a target validation accuracy, on three clocks.

The first hit is the moment the accuracy first reaches the target, interpolated between evaluations;
it flatters noisy optimizers, so the sustained hit stands beside it: the start of the first three
evaluations in a row at or over the target. A run that never gets there, a diverged one too, is
right-censored at the whole budget: it took longer than anybody waited.
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.duration.survfunc import survdiff

from nagbench.statistics.intervals import CONFIDENCE, mean_interval
from nagbench.statistics.selection import runs_of
from nagbench.study.model import Study

CLOCKS = {"epochs": "epoch", "gradients": "gradient_evaluations", "seconds": "train_seconds"}
SUSTAINED = 3
KINDS = {"first": 1, "sustained": SUSTAINED}


@dataclass(frozen=True)
class Hits:
    """Times of a group of runs: reached, or censored at the budget."""

    times: np.ndarray
    reached: np.ndarray
    budget: float


def hit_time(clock: np.ndarray, accuracy: np.ndarray, target: float, in_a_row: int) -> float:
    """When `accuracy` first reaches `target` and stays for `in_a_row` evaluations; NaN if never.

    Between the evaluation below the target and the one at or over it, accuracy is taken to rise
    linearly.
    """
    over = accuracy >= target
    for start in range(len(over) - in_a_row + 1):
        if over[start : start + in_a_row].all():
            if start == 0:
                return float(clock[0])
            below, above = accuracy[start - 1], accuracy[start]
            if not below < target:  # the evaluation before was over as well
                return float(clock[start])
            share = (target - below) / (above - below)
            return float(clock[start - 1] + share * (clock[start] - clock[start - 1]))
    return math.nan


def hits(
    runs: pd.DataFrame, curves: pd.DataFrame, target: float, clock: str, in_a_row: int
) -> Hits:
    """The hit times of `runs`, censored at the largest time that any of them had.

    That is not defined (NaN) on other clocks than epochs if no run finished an epoch.
    """
    own = curves[curves["run"].isin(runs["run"])]
    columns = (CLOCKS[clock], "validation_accuracy", "epoch")
    clocks, accuracies, epoch = (own[name].to_numpy(float) for name in columns)
    places = own.groupby("run").indices
    found, ends = [], []
    for run, status, epochs in zip(runs["run"], runs["status"], runs["epochs"], strict=True):
        here = places[run]
        time, accuracy = clocks[here], accuracies[here]
        # What a run reached before it diverged is no success.
        hit = hit_time(time, accuracy, target, in_a_row) if status == "finished" else math.nan
        found.append(hit)
        last = epoch[here].max()
        # Where none of a run's epochs was whole, its budget is known in epochs alone.
        unknown = float(epochs) if clock == "epochs" else math.nan
        ends.append(time[-1] * epochs / last if last > 0 else unknown)
    times = np.array(found)
    reached = ~np.isnan(times)
    budget = largest(ends)
    return Hits(np.where(reached, times, budget), reached, budget)


def largest(budgets: Sequence[float]) -> float:
    """The largest of those that are known, NaN if none is."""
    return max((budget for budget in budgets if not math.isnan(budget)), default=math.nan)


def median_time(group: Hits) -> float:
    """Kaplan and Meier's median: infinite if less than half of the runs arrived.

    All runs that did not are censored at the budget, so it is the time of the arrival with which
    half of the runs are there.
    """
    arrivals, half = np.sort(group.times[group.reached]), math.ceil(len(group.times) / 2)
    return float(arrivals[half - 1]) if 0 < half <= len(arrivals) else math.inf


def restricted_mean(times: np.ndarray) -> float:
    """Mean time to target within the budget.

    All runs are censored at the one budget, so the area under the survival curve up to it is the
    plain mean of the times with the budget in place of what was never reached.
    """
    return float(times.mean())


def restricted_mean_interval(group: Hits) -> tuple[float, float]:
    """Student's interval, which ends at nought and at the budget.

    Not defined (NaN) for one run, nor where all times are the same: if nobody arrived, nothing is
    known of how far the mean lies below the budget.
    """
    if len(group.times) < 2 or np.ptp(group.times) == 0:
        return math.nan, math.nan
    low, high = mean_interval(group.times)
    return max(low, 0.0), min(high, group.budget)


def time_to_target(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Per workload, optimizer, target, clock and kind of hit: who arrived, and when."""
    rows = []
    for keys, group in _groups(study, runs, curves):
        low, high = restricted_mean_interval(group)
        rows.append(
            {
                **keys,
                "runs": len(group.times),
                "reached": int(group.reached.sum()),
                "median": median_time(group),
                "restricted_mean": restricted_mean(group.times),
                "low": low,
                "high": high,
                "budget": group.budget,
            }
        )
    return pd.DataFrame(rows)


def survival(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Share of runs that have arrived by each time: one minus Kaplan and Meier's curve.

    The band is pointwise, by the log(-log) transformation; not defined where none or all arrived.
    """
    rows = []
    for keys, group in _groups(study, runs, curves, clocks=("epochs",)):
        steps = [(0.0, 0.0, math.nan, math.nan), *_arrivals(group)]
        steps.append((group.budget, *steps[-1][1:]))
        rows += [
            {**keys, "time": time, "arrived": arrived, "low": low, "high": high}
            for time, arrived, low, high in steps
        ]
    return pd.DataFrame(rows)


def _arrivals(group: Hits) -> list[tuple[float, float, float, float]]:
    """Time, share arrived and its band, at each time at which a run arrives."""
    if not group.reached.any():
        return []
    left = stats.ecdf(censored(group)).sf
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a band that is not defined
        band = left.confidence_interval(CONFIDENCE, method="log-log")
    columns = (left.quantiles, left.probabilities, band.high.probabilities, band.low.probabilities)
    return [
        (float(time), 1 - float(share), 1 - float(high), 1 - float(low))
        for time, share, high, low in zip(*columns, strict=True)
        if time in group.times[group.reached]
    ]


def log_rank_tests(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """The k-sample log-rank test of all optimizers, by workload, target, clock and kind of hit."""
    names = ("workload", "target", "clock", "kind")
    families: dict[tuple[object, ...], list[Hits]] = {}
    for keys, group in _groups(study, runs, curves):
        families.setdefault(tuple(keys[name] for name in names), []).append(group)
    return pd.DataFrame(
        {
            **dict(zip(names, family, strict=True)),
            "groups": len(groups),
            "p": log_rank_of_all(groups),
        }
        for family, groups in families.items()
    )


def log_rank_of_all(groups: list[Hits]) -> float:
    """p that all groups arrive alike; not defined where nobody arrived, 1 where all at once."""
    arrivals = [group.times[group.reached].min() for group in groups if group.reached.any()]
    if not arrivals:
        return math.nan
    # Who was watched no longer when the first arrived, or has no known budget, says nothing.
    groups = [group for group in groups if group.times.max() >= min(arrivals)]
    if len(groups) < 2:
        return math.nan
    times = np.concatenate([group.times for group in groups])
    reached = np.concatenate([group.reached for group in groups])
    if np.ptp(times) == 0:
        return 1.0
    labels = np.repeat(np.arange(len(groups)), [len(group.times) for group in groups])
    return float(survdiff(times, reached.astype(int), labels)[1])


def _groups(
    study: Study,
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    clocks: tuple[str, ...] = tuple(CLOCKS),
) -> Iterator[tuple[dict[str, object], Hits]]:
    for workload, optimizer in study.pairs():
        group = runs_of(runs, workload.name, optimizer.name)
        own = curves[curves["run"].isin(group["run"])]
        for target in workload.targets:
            for clock in clocks:
                for kind, in_a_row in KINDS.items():
                    keys = {
                        "workload": workload.name,
                        "optimizer": optimizer.name,
                        "target": target,
                        "clock": clock,
                        "kind": kind,
                    }
                    yield keys, hits(group, own, target, clock, in_a_row)


def censored(group: Hits) -> stats.CensoredData:
    return stats.CensoredData(
        uncensored=group.times[group.reached], right=group.times[~group.reached]
    )
