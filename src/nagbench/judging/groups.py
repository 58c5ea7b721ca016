"""The final values of an optimizer's runs, and what describes them."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from nagbench.judging.curves import Curves
from nagbench.statistics.effects import interquartile_interval, interquartile_mean
from nagbench.statistics.intervals import mean_interval


@dataclass(frozen=True, eq=False)
class Group:
    """The runs of one optimizer on one workload.

    Attributes:
        name: The optimizer.
        runs: Names of the runs.
        final: Their final values, NaN where one diverged.
        ends: Their ends, in steps or epochs.
        sign: −1 where lower values are better, else 1.
    """

    name: str
    runs: tuple[str, ...]
    final: np.ndarray
    ends: np.ndarray
    sign: float

    @property
    def whole(self) -> np.ndarray:
        """The final values of the runs that did not diverge."""
        return self.final[~np.isnan(self.final)]

    @property
    def diverged(self) -> int:
        return int(np.isnan(self.final).sum())

    @property
    def ordered(self) -> np.ndarray:
        """By run: the final value with its sign, so that more is better; −∞ if it diverged."""
        return np.where(np.isnan(self.final), -math.inf, self.sign * self.final)

    @property
    def location(self) -> float:
        """What groups are ordered by, more being better: the mean, and where runs diverged the
        median with those as worst."""
        if self.diverged:
            return float(np.sort(self.ordered)[(len(self.final) - 1) // 2])
        return float(self.ordered.mean())


def groups(curves: Curves, workload: str) -> list[Group]:
    """All optimizers of a workload, the best first; equal ones in the order of their names."""
    own = curves.runs[curves.runs["workload"] == workload]
    found = [
        Group(
            name=str(name),
            runs=tuple(rows["run"]),
            final=rows["final"].to_numpy(float),
            ends=rows["end"].to_numpy(float),
            sign=curves.sign,
        )
        for name, rows in own.groupby("optimizer", sort=True)
    ]
    return sorted(found, key=lambda group: -group.location)


def best(ordered: list[Group]) -> Group:
    """The first that has two runs or more, at which others can be held; else the first."""
    return next((g for g in ordered if len(g.final) > 1 and math.isfinite(g.location)), ordered[0])


def described(group: Group, level: float) -> dict[str, object]:
    """The columns of the table `summary` that are about the group alone."""
    whole, confidence = group.whole, 1 - level
    low, high = mean_interval(whole, confidence)
    sd_low, sd_high = deviation_interval(whole, confidence)
    middle = group.sign * interquartile_mean([group.ordered])
    band = (math.nan, math.nan)
    if not group.diverged:
        band = interquartile_interval([whole])
    return {
        "optimizer": group.name,
        "runs": len(group.final),
        "diverged": group.diverged,
        "first_end": float(group.ends.min()),
        "last_end": float(group.ends.max()),
        "mean": float(whole.mean()) if len(whole) else math.nan,
        "low": low,
        "high": high,
        "sd": float(whole.std(ddof=1)) if len(whole) > 1 else math.nan,
        "sd_low": sd_low,
        "sd_high": sd_high,
        "median": _finite(group.sign * _median(group.ordered)),
        "interquartile_mean": _finite(middle),
        "interquartile_low": band[0],
        "interquartile_high": band[1],
        "best": float(group.sign * (group.sign * whole).max()) if len(whole) else math.nan,
        "worst": float(group.sign * (group.sign * whole).min()) if len(whole) else math.nan,
    }


def deviation_interval(values: np.ndarray, confidence: float) -> tuple[float, float]:
    """The interval of the standard deviation of normal values, by chi squared."""
    if len(values) < 2:
        return math.nan, math.nan
    squares = float(((values - values.mean()) ** 2).sum())
    freedom = len(values) - 1
    tail = (1 - confidence) / 2
    ends = (squares / stats.chi2.ppf(share, freedom) for share in (1 - tail, tail))
    low, high = (math.sqrt(end) for end in ends)
    return low, high


def _median(ordered: np.ndarray) -> float:
    """The middle value; of an even number the mean of two, the worse if that is infinite."""
    found = np.sort(ordered)
    low, high = found[(len(found) - 1) // 2], found[len(found) // 2]
    return float((low + high) / 2)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan
