"""Who ranks where: Friedman's test, and Nemenyi's critical difference (Demšar, 2006).

Within a workload the blocks are seeds, which share their randomness; over workloads the blocks are
workloads, of which there must be many before the difference means anything.
"""

import math

import numpy as np
import pandas as pd
from scipy import stats

from nagbench.metrics import final_accuracy
from nagbench.statistics.intervals import holm
from nagbench.statistics.selection import runs_of
from nagbench.study.model import ALL_WORKLOADS, Study


def ranks(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Mean ranks by final test accuracy, 1 the best; a scope is a workload, or all of them."""
    scored = runs.assign(accuracy=final_accuracy(runs, curves))
    frames, means = [], {}
    for workload in study.workloads:
        groups = {
            name: runs_of(scored, workload, name).set_index("seed")["accuracy"]
            for name in study.optimizers_of(workload)
        }
        groups = {name: group for name, group in groups.items() if len(group)}
        means[workload] = {name: group.mean() for name, group in groups.items()}
        frames.append(_ranked(pd.DataFrame(groups), workload, study))
    if len(study.workloads) > 1:
        frames.append(_ranked(pd.DataFrame(means).T, ALL_WORKLOADS, study))
    return pd.concat(frames, ignore_index=True)


def _ranked(scores: pd.DataFrame, scope: str, study: Study) -> pd.DataFrame:
    """`scores` has a row a block and a column an optimizer; what has a gap takes no part."""
    whole = scores.dropna(axis="index" if scope != ALL_WORKLOADS else "columns")
    table = whole.rank(axis="columns", ascending=False)
    names = [name for name in study.optimizers if name in table]
    p = [
        math.nan
        if name == study.baseline or study.baseline not in whole
        else wilcoxon(whole[name], whole[study.baseline])
        for name in names
    ]
    return pd.DataFrame(
        {
            "scope": scope,
            "optimizer": names,
            "mean_rank": [table[name].mean() for name in names],
            "cases": len(table),
            "critical_difference": critical_difference(len(names), len(table), study.level),
            "friedman_p": friedman(whole.to_numpy()),
            "p": p,
            "p_adjusted": holm(np.array(p, dtype=float)),
        }
    )


def friedman(scores: np.ndarray) -> float:
    """p that all columns rank alike; not defined for fewer than three, or for one block."""
    blocks, columns = scores.shape
    if columns < 3 or blocks < 2 or (np.ptp(scores, axis=1) == 0).all():
        return math.nan
    return float(stats.friedmanchisquare(*scores.T).pvalue)


def critical_difference(columns: int, blocks: int, level: float) -> float:
    """Mean ranks further apart than this differ; not defined for fewer than two blocks."""
    if columns < 2 or blocks < 2:
        return math.nan
    range_quantile = stats.studentized_range.ppf(1 - level, columns, math.inf)
    return float(range_quantile * math.sqrt(columns * (columns + 1) / (12 * blocks)))


def wilcoxon(own: pd.Series, other: pd.Series) -> float:
    """Two-sided signed-rank p of paired scores; 1 where all pairs are equal."""
    if len(own) < 2:
        return math.nan
    if (own == other).all():
        return 1.0
    return float(stats.wilcoxon(own, other).pvalue)
