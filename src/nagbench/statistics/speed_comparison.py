"""Differences in time to a target between optimizers, paired by seed.

All runs of a workload are censored at one budget, so a time restricted to it is known for every
run: the primary effect is the mean of the paired differences of restricted times, tested as
accuracies are. Beside it stand the log-rank test, which uses the order of arrivals alone and no
pairing, and the ratio of the restricted means.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from nagbench.statistics.comparison import sign_flip_test, smallest_p
from nagbench.statistics.intervals import holm, mean_interval, percentiles
from nagbench.statistics.selection import runs_of
from nagbench.statistics.speed import CLOCKS, KINDS, Hits, censored, hits
from nagbench.study import Study

_RESAMPLES = 2000


def speed_comparisons(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Every pair of optimizers, by workload, target, clock and kind of hit; each set of pairs is a
    family for Holm's correction."""
    frames = []
    for keys, groups in _families(study, runs, curves):
        rows = [
            {**keys, "optimizer": first, "reference": second}
            | difference(*groups[first], *groups[second], study.level)
            for second, first in itertools.combinations(groups, 2)
        ]
        frame = pd.DataFrame(rows)
        frame["p_adjusted"] = holm(frame["p"].to_numpy(float))
        frame["differs"] = frame["p_adjusted"] <= study.level
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def difference(
    first: Hits, first_seeds: np.ndarray, second: Hits, second_seeds: np.ndarray, level: float
) -> dict[str, float]:
    """How much longer the first takes than the second, up to the larger of their budgets."""
    budget = max(first.budget, second.budget)
    one, other = (
        pd.Series(np.where(group.reached, group.times, budget), index=seeds)
        for group, seeds in ((first, first_seeds), (second, second_seeds))
    )
    seeds = one.index.intersection(other.index)
    one_times, other_times = one[seeds].to_numpy(), other[seeds].to_numpy()
    differences = one_times - other_times
    low, high = mean_interval(differences, 1 - level)
    ratio_low, ratio_high = ratio_interval(one_times, other_times)
    arrived = first.reached.any() or second.reached.any()
    return {
        "pairs": len(seeds),
        "difference": differences.mean() if len(seeds) else math.nan,
        "low": low,
        "high": high,
        "ratio": one_times.mean() / other_times.mean() if other_times.any() else math.nan,
        "ratio_low": ratio_low,
        "ratio_high": ratio_high,
        "p": sign_flip_test(differences) if len(seeds) > 1 and arrived else math.nan,
        "smallest_p": smallest_p(len(seeds)),
        "logrank_p": log_rank(first, second),
    }


def ratio_interval(one: np.ndarray, other: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Percentile bootstrap, over pairs, of the ratio of two means.

    Not defined for one pair, nor where a resample's second mean may be zero.
    """
    draws = np.random.default_rng(seed).integers(0, len(one) or 1, (_RESAMPLES, len(one)))
    if len(one) < 2 or not (other[draws].mean(axis=1) > 0).all():
        return math.nan, math.nan
    return percentiles(one[draws].mean(axis=1) / other[draws].mean(axis=1))


def log_rank(first: Hits, second: Hits) -> float:
    """Two-sided p of the log-rank test; not defined (NaN) where nobody arrived at all."""
    if not (first.reached.any() or second.reached.any()):
        return math.nan
    with np.errstate(invalid="ignore"):
        found = float(stats.logrank(censored(first), censored(second)).pvalue)
    return 1.0 if math.isnan(found) else found  # all arrived at one time: no excess, no variance


def _families(
    study: Study, runs: pd.DataFrame, curves: pd.DataFrame
) -> Iterator[tuple[dict[str, object], dict[str, tuple[Hits, np.ndarray]]]]:
    for workload in study.workloads.values():
        names = study.optimizers_of(workload.name)
        groups = {name: runs_of(runs, workload.name, name) for name in names}
        for target, clock, (kind, in_a_row) in itertools.product(
            workload.targets, CLOCKS, KINDS.items()
        ):
            keys = {"workload": workload.name, "target": target, "clock": clock, "kind": kind}
            yield (
                keys,
                {
                    name: (hits(group, curves, target, clock, in_a_row), group["seed"].to_numpy())
                    for name, group in groups.items()
                },
            )


def profiles(
    study: Study, times: pd.DataFrame, clock: str = "epochs", limit: float = 4.0
) -> pd.DataFrame:
    """Performance profiles over all workloads and targets (Dolan and Moré, 2002), with their area.

    A case is a workload and a target that somebody reaches; an optimizer solves it within τ if its
    median sustained time is at most τ times the best one's. The area is AlgoPerf's: the mean of the
    solved share over τ from 1 to `limit`, integrated exactly, step by step.
    """
    chosen = times[(times["clock"] == clock) & (times["kind"] == "sustained")]
    table = chosen.pivot_table(
        index=["workload", "target"], columns="optimizer", values="median", dropna=False
    )[list(study.optimizers)]
    solved = table[np.isfinite(table).any(axis=1)]
    ratios = solved.div(solved.min(axis=1), axis=0)
    rows = []
    for name in study.optimizers:
        own = ratios[name].to_numpy(float)
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
