"""Differences in final test accuracy between optimizers, paired by seed.

Runs of one seed share initial weights, data order and augmentation, so their difference carries
less chance than either; the observed correlation says how much the pairing bought. The test is that
of exact sign flips, and the interval its inversion; where a run broke off pair wins decide.
"""

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from nagbench.metrics import BROKEN, final_accuracy
from nagbench.statistics.contrast import Contrast, contrast
from nagbench.statistics.intervals import bonferroni
from nagbench.statistics.measures import Measured
from nagbench.statistics.selection import runs_of
from nagbench.statistics.sign_flips import interval, smallest_p, two_sided_p
from nagbench.study.model import Study


def comparisons(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Every pair of optimizers of a workload; an optimizer's comparisons with the others are a
    family for Bonferroni's correction.

    So the level is the chance that the truly best is told from the one that looks best, or that any
    comparison with the baseline errs. Of an error among all pairs, which are so many that few seeds
    could tell none apart, it is not.
    """
    scored = runs.assign(accuracy=final_accuracy(runs, curves))
    frames = []
    for workload in study.workloads:
        sides = {}
        for name in study.optimizers_of(workload):
            group = runs_of(scored, workload, name).set_index("seed")
            if len(group):
                broken = group["status"].isin(BROKEN)
                sides[name] = Measured(group["accuracy"], broken, len(group))
        if len(sides) < 2:
            continue
        rows = [
            {
                "workload": workload,
                "optimizer": first,
                "reference": second,
                **compared(pair := contrast([sides[first]], [sides[second]]), study.level),
                "correlation": correlation(sides[first], sides[second]),
                "smallest_p": smallest_p(pair.pairs),
            }
            for second, first in itertools.combinations(sides, 2)
        ]
        frame = pd.DataFrame(rows)
        others = len(sides) - 1
        frame["p_adjusted"] = bonferroni(frame["p"].to_numpy(float), others)
        smallest = bonferroni(frame["smallest_p"].to_numpy(float), others)
        frame["can_reject"] = smallest <= study.level
        frame["differs"] = frame["p_adjusted"] <= study.level
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def compared(pair: Contrast, level: float, *, nothing: bool = False) -> dict[str, Any]:
    """One difference with its test; where a run fails neither its mean nor an interval is formed.

    `better` is 1 where the first is shown or looks better, −1 where the second, else 0. Where there
    is `nothing` to compare, or one pair, there is no p.
    """
    wins = pair.wins()
    decides = pair.fails
    if decides:
        ahead, p = pair.better * np.sign(wins.above - wins.below), wins.p
    else:
        ahead = pair.better * np.sign(pair.differences.mean()) if pair.pairs else 0
        p = two_sided_p(pair.differences)
    low, high = (math.nan, math.nan) if decides else interval(pair.differences, level)
    known = pair.pairs > 0 and not decides
    return {
        "pairs": pair.pairs,
        "difference": float(pair.differences.mean()) if known else math.nan,
        "low": low,
        "high": high,
        "fails": int(pair.failures.sum()),
        "reference_fails": int(pair.other_failures.sum()),
        "wins": wins.above if pair.better > 0 else wins.below,
        "losses": wins.below if pair.better > 0 else wins.above,
        "better": int(ahead) if np.isfinite(ahead) and not nothing else 0,
        "p": p if pair.pairs > 1 and not nothing else math.nan,
    }


def correlation(first: Measured, second: Measured) -> float:
    seeds = first.measures.index.intersection(second.measures.index)
    one, other = (side.measures[seeds].to_numpy(float) for side in (first, second))
    varied = len(seeds) > 2 and np.ptp(one) > 0 and np.ptp(other) > 0
    return float(stats.pearsonr(one, other).statistic) if varied else math.nan
