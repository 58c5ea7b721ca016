"""Time below the targets: of each optimizer, and the differences between them, paired by seed."""

import functools
import itertools
import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from nagbench.metrics import CLOCKS
from nagbench.statistics.comparison import compared
from nagbench.statistics.contrast import LESS, contrast
from nagbench.statistics.course import Course, course, horizon
from nagbench.statistics.intervals import bonferroni, mean_interval
from nagbench.statistics.measures import Measured
from nagbench.statistics.selection import runs_of
from nagbench.study.model import Study
from nagbench.time_below import Targets

Courses = dict[str, Course]


def courses(
    study: Study, runs: pd.DataFrame, curves: pd.DataFrame
) -> dict[tuple[str, str], Courses]:
    """By workload and clock: the course of each optimizer that has runs there."""
    return {
        (workload, clock): {
            name: course(group, curves, clock)
            for name in study.optimizers_of(workload)
            if len(group := runs_of(runs, workload, name))
        }
        for workload in study.workloads
        for clock in CLOCKS
    }


def times_below(study: Study, found: dict[tuple[str, str], Courses]) -> pd.DataFrame:
    """Each optimizer's mean time below the targets, within one horizon a workload and clock.

    The interval of the mean is Student's; where a run fails no mean is formed, and the median
    counts it as longer than any that does not.
    """
    rows = []
    for (workload, clock), groups in found.items():
        end = horizon(groups.values())
        for name, group in groups.items():
            below = group.times(study.workloads[workload].targets, end)
            fails = bool(below.fails.any())
            low, high = (math.nan, math.nan) if fails else mean_interval(below.times)
            rows.append(
                {
                    "workload": workload,
                    "clock": clock,
                    "optimizer": name,
                    "runs": len(below.times),
                    "fails": int(below.fails.sum()),
                    "mean": math.nan if fails else float(below.times.mean()),
                    "low": low,
                    "high": high,
                    "median": float(np.median(np.where(below.fails, math.inf, below.times))),
                    "horizon": end,
                }
            )
    return pd.DataFrame(rows)


def speed_comparisons(study: Study, found: dict[tuple[str, str], Courses]) -> pd.DataFrame:
    """Every pair of optimizers, by workload and clock, in which an optimizer's comparisons with the
    others are a family for Bonferroni's correction. Within a pair the horizon is common."""
    frames = []
    for (workload, clock), groups in found.items():
        if len(groups) < 2:
            continue
        frame = pd.DataFrame(_pairs(groups, study.workloads[workload].targets, study.level))
        frame.insert(0, "workload", workload)
        frame.insert(1, "clock", clock)
        frame["p_adjusted"] = bonferroni(frame["p"].to_numpy(float), len(groups) - 1)
        frame["differs"] = frame["p_adjusted"] <= study.level
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _pairs(groups: Courses, targets: Targets, level: float) -> Iterator[dict[str, object]]:
    @functools.cache
    def side(name: str, end: float) -> Measured:
        own = groups[name]
        below = own.times(targets, end)
        return Measured(
            pd.Series(below.times, own.seeds), pd.Series(below.fails, own.seeds), len(own.seeds)
        )

    for second, first in itertools.combinations(groups, 2):
        end = horizon((groups[first], groups[second]))
        one, other = side(first, end), side(second, end)
        pair = contrast([one], [other], better=LESS)
        # Of two that never arrive nothing is known, least of all that they are equal.
        nobody = bool(one.fails.all() and other.fails.all())
        yield {
            "optimizer": first,
            "reference": second,
            **compared(pair, level, nothing=nobody),
            **_ratio(one, other, pair.fails),
            "horizon": end,
        }


def _ratio(one: Measured, other: Measured, fails: bool) -> dict[str, float]:
    """How many times as long the first takes, by its mean; NaN where a run fails."""
    seeds = one.measures.index.intersection(other.measures.index)
    first, second = (side.measures[seeds].to_numpy(float) for side in (one, other))
    if fails or not len(seeds) or not second.any():
        return dict.fromkeys(("ratio", "ratio_low", "ratio_high"), math.nan)
    low, high = ratio_interval(first, second)
    return {"ratio": first.mean() / second.mean(), "ratio_low": low, "ratio_high": high}


def ratio_interval(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Student's interval for the logarithm of the ratio of two means of pairs, by the delta method.

    Not defined (NaN) for one pair, nor where a mean is zero.
    """
    if len(one) < 2 or not (one.mean() > 0 and other.mean() > 0):
        return math.nan, math.nan
    ratio = one.mean() / other.mean()
    low, high = mean_interval(one / one.mean() - other / other.mean())
    return float(ratio * math.exp(low)), float(ratio * math.exp(high))


def profiles(
    study: Study, times: pd.DataFrame, clock: str = "gradients", limit: float = 4.0
) -> pd.DataFrame:
    """Performance profiles over all workloads and targets (Dolan and Moré, 2002), with their area.

    A case is a workload on which the optimizer trains, and a target that somebody reaches; it
    solves it within τ if its median sustained time is at most τ times the best one's. The area is
    AlgoPerf's: the mean of the solved share over τ from 1 to `limit`, integrated exactly, step by
    step.
    """
    chosen = times[(times["clock"] == clock) & (times["kind"] == "sustained")]
    table = chosen.pivot_table(
        index=["workload", "target"], columns="optimizer", values="median", dropna=False
    ).reindex(columns=list(study.optimizers))
    solved = table[np.isfinite(table).any(axis=1)]
    ratios = solved.div(solved.min(axis=1), axis=0)
    rows = []
    for name in study.optimizers:
        trained = chosen.loc[chosen["optimizer"] == name, "workload"]
        here = ratios.index.get_level_values("workload").isin(trained)
        own = ratios.loc[here, name].to_numpy(float)
        within = np.sort(own[own <= limit])
        area = (limit - within).sum() / (limit - 1) / len(own) if len(own) else math.nan
        steps = [1.0, *within, limit]
        shares = [(own <= step).mean() if len(own) else math.nan for step in steps]
        rows.append(
            {
                "optimizer": name,
                "cases": len(own),
                "area": area,
                "within": steps,
                "share": [float(share) for share in shares],
            }
        )
    return pd.DataFrame(rows)
