"""Quality between optimizers: interquartile means, and how probably one ends above the baseline.

The interquartile mean with a bootstrap stratified by workload, and the probability of improvement,
are those of Agarwal et al. (2021). The test beside them, Brunner and Munzel's, asks of unpaired
runs whether that probability is a half, and assumes no equal spreads; `comparison` has the paired
one.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from nagbench.metrics import final_accuracy
from nagbench.statistics.intervals import holm, percentiles
from nagbench.statistics.selection import runs_of
from nagbench.study.model import ALL_WORKLOADS, Study

_RESAMPLES = 2000


def effects(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Per workload, and over all of them for those that train on all; Holm's family is a scope."""
    scored = runs.assign(accuracy=final_accuracy(runs, curves))
    scopes = {name: [name] for name in study.workloads}
    if len(scopes) > 1:
        scopes[ALL_WORKLOADS] = list(study.workloads)
    frames = []
    for scope, workloads in scopes.items():
        trained = [set(runs.loc[runs["workload"] == name, "optimizer"]) for name in workloads]
        if not all(study.baseline in names for names in trained):
            continue
        rows = []
        for optimizer in (name for name in study.optimizers if all(name in s for s in trained)):
            own, baseline = (
                [runs_of(scored, workload, name)["accuracy"].to_numpy() for workload in workloads]
                for name in (optimizer, study.baseline)
            )
            low, high = interquartile_interval(own)
            rows.append(
                {
                    "workload": scope,
                    "optimizer": optimizer,
                    "interquartile_mean": interquartile_mean(own),
                    "low": low,
                    "high": high,
                    **_against(own, baseline, optimizer == study.baseline),
                }
            )
        frame = pd.DataFrame(rows)
        frame["p_adjusted"] = holm(frame["p"].to_numpy(float))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def interquartile_mean(strata: Sequence[np.ndarray]) -> float:
    """Mean of the middle half of all values."""
    return float(stats.trim_mean(np.concatenate(strata), 0.25))


def interquartile_interval(strata: Sequence[np.ndarray], seed: int = 0) -> tuple[float, float]:
    """Percentile bootstrap that resamples runs within each workload."""
    if min(map(len, strata)) < 2:
        return math.nan, math.nan
    drawn = np.concatenate(_resampled(strata, seed), axis=1)
    return percentiles(stats.trim_mean(drawn, 0.25, axis=1))


def improvement(own: np.ndarray, other: np.ndarray) -> float:
    """Probability that a run of the first ends above one of the second, a tie counting half.

    Vargha and Delaney's A; Cliff's delta is twice it less one.
    """
    above = (own[:, None] > other).mean()
    return float(above + (own[:, None] == other).mean() / 2)


def brunner_munzel(own: np.ndarray, other: np.ndarray) -> float:
    """Two-sided p that the improvement is a half.

    Where the groups do not overlap its variance is zero and it is not defined; the exact rank test
    takes its place. One run a group, or no spread at all, has no p (NaN).
    """
    if min(len(own), len(other)) < 2 or np.ptp(np.concatenate([own, other])) == 0:
        return math.nan
    if own.min() > other.max() or own.max() < other.min():
        return float(stats.mannwhitneyu(own, other, method="exact").pvalue)
    return float(stats.brunnermunzel(own, other).pvalue)


def _against(
    own: list[np.ndarray], baseline: list[np.ndarray], is_baseline: bool
) -> dict[str, float]:
    if is_baseline:
        return dict.fromkeys(
            ("improvement", "improvement_low", "improvement_high", "cliffs_delta", "p"), math.nan
        )
    found = float(np.mean([improvement(*pair) for pair in zip(own, baseline, strict=True)]))
    low, high = improvement_interval(own, baseline)
    return {
        "improvement": found,
        "improvement_low": low,
        "improvement_high": high,
        "cliffs_delta": 2 * found - 1,
        # Workloads share initial weights, so their tests do not combine as independent ones.
        "p": brunner_munzel(own[0], baseline[0]) if len(own) == 1 else math.nan,
    }


def improvement_interval(
    own: Sequence[np.ndarray], other: Sequence[np.ndarray], seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap of the improvement, averaged over workloads."""
    if min(map(len, [*own, *other])) < 2:
        return math.nan, math.nan
    pairs = zip(_resampled(own, seed), _resampled(other, seed + 1), strict=True)
    found = [
        (one[:, :, None] > two[:, None]).mean((1, 2))
        + (one[:, :, None] == two[:, None]).mean((1, 2)) / 2
        for one, two in pairs
    ]
    return percentiles(np.mean(found, axis=0))


def _resampled(strata: Sequence[np.ndarray], seed: int) -> list[np.ndarray]:
    noise = np.random.default_rng(seed)
    return [values[noise.integers(0, len(values), (_RESAMPLES, len(values)))] for values in strata]
