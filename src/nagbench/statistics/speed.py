"""When runs first reach targets: description beside the time below them, which is what is judged.

The first hit is when the accuracy first reaches a target, interpolated between evaluations; it
flatters noisy optimizers, so the sustained hit stands beside it: the start of the first three
evaluations in a row at or over the target. What broke off or never arrived has no time: no number
stands in for it, and medians count it as longer than any.
"""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.duration.survfunc import survdiff

from nagbench.metrics import BROKEN, CLOCKS
from nagbench.statistics.event_rates import rate_interval
from nagbench.statistics.intervals import CONFIDENCE
from nagbench.study.model import Study
from nagbench.time_below import Targets

KINDS = {"first": 1, "sustained": 3}  # evaluations in a row


def described(targets: Targets) -> tuple[float, ...]:
    """The targets whose hits are told: the grid's ends and its middle."""
    middle = round((targets.low + targets.high) / 2, 6)
    return tuple(dict.fromkeys((targets.low, middle, targets.high)))


def hit_time(clock: np.ndarray, accuracy: np.ndarray, target: float, in_a_row: int) -> float:
    """When `accuracy` first reaches `target` and stays for `in_a_row` evaluations; NaN if never.

    Between the evaluation below the target and the one at or over it, accuracy is taken to rise
    linearly. Where it is NaN no evaluation was made.
    """
    made = ~np.isnan(accuracy)
    clock, accuracy = clock[made], accuracy[made]
    over = np.concatenate([[0], np.cumsum(accuracy >= target)])
    starts = np.flatnonzero(over[in_a_row:] - over[:-in_a_row] == in_a_row)
    if not len(starts):
        return math.nan
    start = starts[0]
    if start == 0:
        return float(clock[start])
    below, above = accuracy[start - 1], accuracy[start]
    share = (target - below) / (above - below)
    return float(clock[start - 1] + share * (clock[start] - clock[start - 1]))


def hits(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """The hit times of all runs.

    Columns: `workload`, `optimizer`, `target`, `clock`, `kind`, `run`, `time` (NaN: never), and
    `watched`: until when the run was watched, the end of its curve, in the same unit.
    """
    columns = ("validation_accuracy", *CLOCKS.values())
    values = {name: curves[name].to_numpy(float) for name in columns}
    places = curves.groupby("run").indices
    goals = {name: described(row.targets) for name, row in study.workloads.items()}
    rows = []
    for run in runs.itertuples():
        here = places[run.run]
        here = here[np.argsort(values["epoch"][here], kind="stable")]
        accuracy, whole = values["validation_accuracy"][here], run.status not in BROKEN
        for target in goals[run.workload]:
            for clock, column in CLOCKS.items():
                time = values[column][here]
                for kind, in_a_row in KINDS.items():
                    # What a run reached before it broke off is no success.
                    hit = hit_time(time, accuracy, target, in_a_row) if whole else math.nan
                    rows.append(
                        (run.workload, run.optimizer, target, clock, kind, run.run, hit, time[-1])
                    )
    names = ["workload", "optimizer", "target", "clock", "kind", "run", "time", "watched"]
    return pd.DataFrame(rows, columns=names)


def median_time(times: np.ndarray) -> float:
    """The time by which half of the runs have arrived, NaN ones never; infinite if fewer ever do.

    All that did not arrive are watched longer than any that did, so this is Kaplan and Meier's.
    """
    ordered, half = np.sort(np.where(np.isnan(times), math.inf, times)), math.ceil(len(times) / 2)
    return float(ordered[half - 1]) if half else math.nan


def median_interval(times: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact interval of the median, between two of the times; NaN where there are too few.

    Its end is infinite where it is a run's that never arrived.
    """
    ordered = np.sort(np.where(np.isnan(times), math.inf, times))
    rank = int(stats.binom.ppf((1 - confidence) / 2, len(ordered), 0.5))
    if not len(ordered) or rank < 1:
        return math.nan, math.nan
    return float(ordered[rank - 1]), float(ordered[len(ordered) - rank])


def _groups(found: pd.DataFrame) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    names = ["workload", "optimizer", "target", "clock", "kind"]
    for keys, group in found.groupby(names, sort=False):
        yield dict(zip(names, keys, strict=True)), group


def time_to_target(found: pd.DataFrame) -> pd.DataFrame:
    """Per workload, optimizer, target, clock and kind of hit: who arrived, and when."""
    rows = []
    for keys, group in _groups(found):
        times = group["time"].to_numpy()
        low, high = median_interval(times)
        rows.append(
            {
                **keys,
                "runs": len(times),
                "reached": int((~np.isnan(times)).sum()),
                "median": median_time(times),
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def survival(found: pd.DataFrame) -> pd.DataFrame:
    """Share of runs that have arrived by each time, in epochs, with its exact interval."""
    rows = []
    for keys, group in _groups(found[found["clock"] == "epochs"]):
        times, count = group["time"].to_numpy(), len(group)
        arrivals = np.sort(times[~np.isnan(times)])
        steps = [0.0, *np.unique(arrivals), float(group["watched"].max())]
        for time in steps:
            arrived = int((arrivals <= time).sum())
            low, high = rate_interval(arrived, count, 1 - CONFIDENCE)
            rows.append(
                {
                    **keys,
                    "time": float(time),
                    "arrived": arrived / count,
                    "low": low,
                    "high": high,
                }
            )
    return pd.DataFrame(rows)


def log_rank_tests(found: pd.DataFrame) -> pd.DataFrame:
    """The k-sample log-rank test of all optimizers, by workload, target, clock and kind of hit."""
    names = ["workload", "target", "clock", "kind"]
    return pd.DataFrame(
        {
            **dict(zip(names, keys, strict=True)),
            "groups": group["optimizer"].nunique(),
            "p": log_rank(
                group["time"].to_numpy(), group["watched"].to_numpy(), group["optimizer"].to_numpy()
            ),
        }
        for keys, group in found.groupby(names, sort=False)
    )


def log_rank(times: np.ndarray, watched: np.ndarray, labels: np.ndarray) -> float:
    """p that all groups arrive alike; not defined (NaN) where nobody arrived or one group is left.

    Who never arrived is watched to the end of its curve. Who was watched no longer when the first
    arrived says nothing.
    """
    reached = ~np.isnan(times)
    if not reached.any():
        return math.nan
    ends = np.where(reached, times, watched)
    counted = ends >= times[reached].min()
    if len(set(labels[counted])) < 2:
        return math.nan
    if np.ptp(ends[counted]) == 0 and reached[counted].all():
        return 1.0
    return float(
        survdiff(ends[counted], reached[counted].astype(int), labels[counted].astype(str))[1]
    )
