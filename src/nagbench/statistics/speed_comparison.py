"""Differences in time to a target between optimizers, paired by seed.

All runs of a workload are censored at one budget, so a time restricted to it is known for every
run: the primary effect is the mean of the paired differences of restricted times, tested as
accuracies are. Beside it stand the log-rank test, which uses the order of arrivals alone and no
pairing, and the ratio of the restricted means.
"""

import functools
import itertools
import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from nagbench.statistics.intervals import holm, mean_interval
from nagbench.statistics.selection import runs_of
from nagbench.statistics.sign_flips import smallest_p, two_sided_p
from nagbench.statistics.speed import CLOCKS, KINDS, Hits, hits, largest
from nagbench.study.model import Study

_LABELLINGS = 5_000  # up to so many divisions into two groups all are tried, and else so many


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
    budget = largest([first.budget, second.budget])
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
        "p": two_sided_p(differences) if len(seeds) > 1 and arrived else math.nan,
        "smallest_p": smallest_p(len(seeds)),
        "logrank_p": log_rank(first, second),
    }


def ratio_interval(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Student's interval for the logarithm of the ratio of two means of pairs, by the delta method.

    Not defined (NaN) for one pair, nor where a mean is zero.
    """
    if len(one) < 2 or not (one.mean() > 0 and other.mean() > 0):
        return math.nan, math.nan
    ratio = one.mean() / other.mean()
    low, high = mean_interval(one / one.mean() - other / other.mean())
    return float(ratio * math.exp(low)), float(ratio * math.exp(high))


def log_rank(first: Hits, second: Hits) -> float:
    """Two-sided p of the log-rank test; not defined (NaN) where nobody arrived at all.

    The excess of arrivals is held against that of all divisions of the runs into two such groups,
    or of many: its normal approximation rejects too often in groups of five. After the smaller
    budget only one group is watched, so nothing counts any more.
    """
    budgets = (first.budget, second.budget)
    if not (first.reached.any() or second.reached.any()) or any(map(math.isnan, budgets)):
        return math.nan
    budget = min(first.budget, second.budget)
    times = np.concatenate([first.times, second.times])
    reached = np.concatenate([first.reached, second.reached]) & (times <= budget)
    times = np.minimum(times, budget)
    by_then = times[:, np.newaxis] <= times  # whose time had come, by each run's own
    excess = reached - (reached / by_then.sum(axis=1)) @ by_then
    observed = abs(excess[: len(first.times)].sum())
    # Sorted, and of the smaller group: neither the runs' order nor the groups' decides.
    smaller = min(len(first.times), len(second.times))
    sums = np.abs(_labels(smaller, len(times)) @ np.sort(excess))
    as_large = int((sums >= observed - 1e-12 * len(times)).sum())
    # Where divisions are drawn, what was observed is one more.
    drawn = len(sums) < math.comb(len(times), smaller)
    return (as_large + drawn) / (len(sums) + drawn)


@functools.lru_cache(maxsize=16)
def _labels(size: int, total: int) -> np.ndarray:
    """Divisions of `total` runs: ones for the `size` that are in the group."""
    if math.comb(total, size) <= _LABELLINGS:
        members = np.array(list(itertools.combinations(range(total), size)))
    else:
        order = np.tile(np.arange(total), (_LABELLINGS, 1))
        members = np.random.default_rng(0).permuted(order, axis=1)[:, :size]
    labels = np.zeros((len(members), total))
    np.put_along_axis(labels, members, 1.0, axis=1)
    return labels


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

    A case is a workload on which the optimizer trains, and a target that somebody reaches; it
    solves it within τ if its median sustained time is at most τ times the best one's. The area is
    AlgoPerf's: the mean of the solved share over τ from 1 to `limit`, integrated exactly, step by
    step.
    """
    chosen = times[(times["clock"] == clock) & (times["kind"] == "sustained")]
    table = chosen.pivot_table(
        index=["workload", "target"], columns="optimizer", values="median", dropna=False
    )[list(study.optimizers)]
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
