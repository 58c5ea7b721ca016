"""Differences in final test accuracy between optimizers, paired by seed.

Runs of one seed share initial weights, data order and augmentation, so their difference carries
less chance than either; the observed correlation says how much the pairing bought. The test is an
exact randomisation of the differences' signs, whose smallest p is stated: at few seeds no evidence
can push it below that.
"""

import functools
import itertools
import math

import numpy as np
import pandas as pd
from scipy import stats

from nagbench.statistics.intervals import holm, mean_interval
from nagbench.statistics.quality import final_accuracy
from nagbench.statistics.selection import runs_of
from nagbench.study.model import Study

_EXACT = 16  # up to so many pairs all sign patterns are enumerated
_RESAMPLES = 100_000
_AT_ONCE = 64  # rows tested together


def sign_flip_test(differences: np.ndarray) -> float:
    """Two-sided p of the mean under random signs: exact for few pairs, sampled with a fixed seed
    for many; not defined (NaN) where a difference is not."""
    return float(sign_flip_tests(differences[np.newaxis])[0])


def sign_flip_tests(differences: np.ndarray) -> np.ndarray:
    """The same for each row of `differences`."""
    signs = _signs(differences.shape[1])
    found = np.empty(len(differences))
    for first in range(0, len(differences), _AT_ONCE):
        rows = differences[first : first + _AT_ONCE].T
        # Equal sums may differ in their last bits.
        enough = np.abs(rows.sum(axis=0)) - 1e-12 * np.abs(rows).sum(axis=0)
        found[first : first + _AT_ONCE] = (np.abs(signs @ rows) >= enough).mean(axis=0)
    return np.where(np.isnan(differences).any(axis=1), math.nan, found)


@functools.lru_cache(maxsize=4)
def _signs(count: int) -> np.ndarray:
    if count <= _EXACT:
        return np.array(list(itertools.product((1.0, -1.0), repeat=count)))
    signs = np.random.default_rng(0).choice((1.0, -1.0), (_RESAMPLES, count))
    signs[0] = 1  # the observed pattern is one of them
    return signs


def smallest_p(pairs: int) -> float:
    """The least p that `sign_flip_test` can give."""
    return 2 / 2**pairs if pairs <= _EXACT else 1 / _RESAMPLES


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
        "p": sign_flip_test(differences) if len(seeds) > 1 else math.nan,
        "smallest_p": smallest_p(len(seeds)),
    }
