"""Differences in final test accuracy between optimizers, paired by seed.

Runs of one seed share initial weights, data order and augmentation, so their difference carries
less chance than either; the observed correlation says how much the pairing bought. The test is that
of exact sign flips, whose smallest p is stated: at few seeds no evidence can push it below that.
"""

import itertools
import math

import numpy as np
import pandas as pd
from scipy import stats

from nagbench.statistics.intervals import holm, mean_interval
from nagbench.statistics.quality import final_accuracy
from nagbench.statistics.selection import runs_of
from nagbench.statistics.sign_flips import smallest_p, two_sided_p
from nagbench.study.model import Study


def comparisons(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Every pair of optimizers of a workload; Holm's family is all pairs of the workload."""
    frames = []
    for workload in study.workloads:
        accuracies = {}
        for name in study.optimizers_of(workload):
            group = runs_of(runs, workload, name)
            accuracies[name] = pd.Series(final_accuracy(group, curves), index=group["seed"])
        rows = [
            {"workload": workload, "optimizer": first, "reference": second}
            | _difference(accuracies[first], accuracies[second], study.level)
            for second, first in itertools.combinations(accuracies, 2)
        ]
        frame = pd.DataFrame(rows)
        frame["p_adjusted"] = holm(frame["p"].to_numpy(float))
        frame["can_reject"] = frame["smallest_p"] * len(frame) <= study.level
        frame["differs"] = frame["p_adjusted"] <= study.level
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _difference(first: pd.Series, second: pd.Series, level: float) -> dict[str, float]:
    seeds = first.index.intersection(second.index)
    one, other = first[seeds].to_numpy(), second[seeds].to_numpy()
    differences = one - other
    low, high = mean_interval(differences, 1 - level)
    varied = len(seeds) > 2 and np.ptp(one) > 0 and np.ptp(other) > 0
    return {
        "pairs": len(seeds),
        "difference": differences.mean() if len(seeds) else math.nan,
        "low": low,
        "high": high,
        "correlation": float(stats.pearsonr(one, other).statistic) if varied else math.nan,
        "p": two_sided_p(differences) if len(seeds) > 1 else math.nan,
        "smallest_p": smallest_p(len(seeds)),
    }
