"""When runs reach a target, and the mean time that they spend below a grid of targets.

A run reaches a target where its curve, linear between evaluations, first does. One that diverged
reaches nothing, whatever it had before. One that ends without reaching it is watched to its end,
and may have reached it later: medians are Kaplan and Meier's. The time below the targets counts to
a common horizon, so that a run that never arrives has one too: the horizon.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

from nagbench.judging.curves import Curves
from nagbench.judging.two_groups import welch
from nagbench.statistics.intervals import holm, mean_interval
from nagbench.statistics.speed import hit_time, log_rank
from nagbench.time_below import Targets, times_below

_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Courses:
    """The curves of one optimizer's runs, a run after the other.

    Attributes:
        name: The optimizer.
        clock: Of each evaluation.
        values: With their sign, so that more is better.
        lengths: Evaluations of each run.
        diverged, ends: Of each run.
    """

    name: str
    clock: np.ndarray
    values: np.ndarray
    lengths: np.ndarray
    diverged: np.ndarray
    ends: np.ndarray

    @property
    def end(self) -> float:
        """The earliest end of a run that did not diverge; infinite if all did."""
        return float(self.ends[~self.diverged].min(initial=math.inf))

    def arrivals(self, target: float) -> np.ndarray:
        """When each run first reaches a target; NaN if never."""
        cuts = np.cumsum(self.lengths)[:-1]
        parts = zip(np.split(self.clock, cuts), np.split(self.values, cuts), strict=True)
        return np.array(
            [
                math.nan if broken else hit_time(clock, values, target, 1)
                for (clock, values), broken in zip(parts, self.diverged, strict=True)
            ]
        )

    def below(self, targets: Targets, horizon: float) -> np.ndarray:
        """The mean time of each run below the targets, up to the horizon."""
        return times_below(
            self.clock, self.values, self.lengths, self.diverged, targets, horizon
        ).times


def courses(curves: Curves, workload: str) -> list[Courses]:
    """By optimizer, in the order of their names."""
    frame = curves.frame[curves.frame["workload"] == workload]
    runs = curves.runs[curves.runs["workload"] == workload]
    lengths = frame.groupby(["optimizer", "run"], sort=False).size()
    found = []
    for name, rows in frame.groupby("optimizer", sort=True):
        own = runs[runs["optimizer"] == name]
        found.append(
            Courses(
                name=str(name),
                clock=rows["step"].to_numpy(float),
                values=curves.sign * rows["value"].to_numpy(float),
                lengths=lengths[name].reindex(own["run"]).to_numpy(int),
                diverged=own["diverged"].to_numpy(bool),
                ends=own["end"].to_numpy(float),
            )
        )
    return found


def grids(targets: Sequence[float], lower: bool) -> list[tuple[float, float]]:
    """Easiest and hardest target of each row of the table: each target for itself, and the grid.

    Args:
        targets: One, or the ends of a grid in any order.
        lower: Whether lower values are better.
    """
    easy, *rest = sorted(targets, reverse=lower)
    if not rest or rest[-1] == easy:
        return [(easy, easy)]
    hard = rest[-1]
    middle = (easy + hard) / 2
    return [*((target, target) for target in (easy, middle, hard)), (easy, hard)]


def table(
    curves: Curves, workload: str, targets: Sequence[float], baseline: str | None, level: float
) -> list[dict[str, object]]:
    """The rows of the table `speed` for a workload."""
    groups = courses(curves, workload)
    horizon = min(group.end for group in groups)
    reference = next((group for group in groups if group.name == baseline), None)
    rows: list[dict[str, object]] = []
    for easy, hard in grids(targets, curves.lower):
        grid = Targets(*sorted((curves.sign * easy, curves.sign * hard)))
        part = [
            {
                "workload": workload,
                "optimizer": group.name,
                "target": hard,
                "target_from": easy,
                **_own(group, grid, horizon, level, single=easy == hard),
                **_against(group, reference, grid, level, single=easy == hard),
            }
            for group in groups
        ]
        adjusted = holm(np.array([row["p"] for row in part], dtype=float))
        rows += [{**row, "p_adjusted": float(p)} for row, p in zip(part, adjusted, strict=True)]
    return rows


def _own(
    group: Courses, grid: Targets, horizon: float, level: float, *, single: bool
) -> dict[str, object]:
    times = group.arrivals(grid.low)
    arrived = times[~np.isnan(times)]
    middle = median(times, watched(group)) if single else (math.nan,) * 3
    below, low, high = math.nan, math.nan, math.nan
    if math.isfinite(horizon):
        spent = group.below(grid, horizon)
        below = float(spent.mean())
        low, high = mean_interval(spent, 1 - level)
    return {
        "runs": len(times),
        "arrived": len(arrived),
        "median": middle[0],
        "median_low": middle[1],
        "median_high": middle[2],
        "earliest": float(arrived.min(initial=math.inf)) if single else math.nan,
        "latest": float(arrived.max()) if single and len(arrived) else math.nan,
        "time_below": below,
        "time_below_low": low,
        "time_below_high": high,
        "horizon": horizon if math.isfinite(horizon) else math.nan,
    }


def watched(group: Courses) -> np.ndarray:
    """Until when each run is watched: to its end; one that diverged for ever, since it never
    arrives."""
    return np.where(group.diverged, math.inf, group.ends)


def median(
    times: np.ndarray, until: np.ndarray, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Kaplan and Meier's median with its interval, by Brookmeyer and Crowley's rule.

    Args:
        times: When each run arrived, NaN if never.
        until: Until when each was watched.
        confidence: Of the interval.

    Returns:
        The first time by which half have arrived, infinite if never; lower end, NaN where nothing
        bounds it; upper end, infinite where the curve stays above.
    """
    reached = ~np.isnan(times)
    if not reached.any():
        return math.inf, math.nan, math.inf
    ends = np.where(reached, times, until)
    # Who is watched for ever leaves after all others.
    latest = float(ends[np.isfinite(ends)].max())
    curve = SurvfuncRight(np.where(np.isinf(ends), latest + 1, ends), reached.astype(int))
    half = np.flatnonzero(curve.surv_prob <= 0.5 + _ROUNDING)
    middle = float(curve.surv_times[half[0]]) if len(half) else math.inf
    if len(times) < 2:
        return middle, math.nan, math.inf
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        low, high = curve.quantile_ci(0.5, alpha=1 - confidence, method="cloglog")
    low = float(low) if np.isfinite(low) and low <= middle else math.nan
    high = float(high) if np.isfinite(high) and high >= middle else math.inf
    return middle, low, high


def _against(
    group: Courses, reference: Courses | None, grid: Targets, level: float, *, single: bool
) -> dict[str, object]:
    """Log-rank test of the times to one target, and difference of the times below the grid."""
    nothing: dict[str, object] = {
        **dict.fromkeys(("p", "difference", "difference_low", "difference_high"), math.nan),
        **dict.fromkeys(("difference_p", "pair_horizon"), math.nan),
        "reason": "",
    }
    if reference is None or group is reference:
        return nothing
    horizon = min(group.end, reference.end)
    found = dict(nothing)
    if math.isfinite(horizon):
        spent, other = (one.below(grid, horizon) for one in (group, reference))
        below = welch(spent, other, level)
        found |= {
            "difference": below.difference,
            "difference_low": below.low,
            "difference_high": below.high,
            "difference_p": below.p,
            "pair_horizon": horizon,
        }
    if not single:
        return found
    times = [one.arrivals(grid.low) for one in (group, reference)]
    for one in (group, reference):
        if len(one.ends) < 2:
            return {**found, "reason": f"{one.name} has one run"}
    if all(np.isnan(own).all() for own in times):
        return {**found, "reason": "no run of either arrives"}
    until = np.concatenate([watched(one) for one in (group, reference)])
    arrivals = np.concatenate(times)
    ends = np.concatenate([until, arrivals])
    until = np.where(np.isinf(until), ends[np.isfinite(ends)].max() + 1, until)
    labels = np.repeat(["own", "other"], [len(own) for own in times])
    p = log_rank(arrivals, until, labels)
    reason = "" if p == p else "the runs of one end before the first of the other arrives"
    return {**found, "p": p, "reason": reason}


def fastest(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one target, those first whose median comes first, then whose time below is least."""
    return rows.sort_values(["median", "time_below", "optimizer"], kind="stable")
