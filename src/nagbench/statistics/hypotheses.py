"""The study's hypotheses, stated before the runs, and what the runs say of them.

A claim of a difference is *supported* if the corrected test shows it in the claimed direction, and
*refuted* if the opposite is shown, or if the difference is shown to lie within the margin. A claim
of equivalence is supported if the difference is shown to lie within the margin (two one-sided
tests), and refuted if a difference is shown whose interval lies outside of it. All else is
*inconclusive*.
"""

import math

import numpy as np
import pandas as pd
from scipy import stats

from nagbench.statistics.comparison import sign_flip_test
from nagbench.statistics.intervals import holm, mean_interval
from nagbench.statistics.power import power
from nagbench.statistics.quality import final_accuracy
from nagbench.statistics.selection import runs_of
from nagbench.statistics.speed import KINDS, hits
from nagbench.study import Hypothesis, Study

COLUMNS = (
    "hypothesis", "claim", "source", "family", "pairs", "effect", "low", "high", "p", "p_adjusted",
    "equivalence_p", "power", "verdict",
)  # fmt: skip


def verdicts(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """One row a hypothesis, in the study's order; Holm's families are the hypotheses' own."""
    rows = []
    for name, hypothesis in study.hypotheses.items():
        differences = paired(hypothesis, runs, curves)
        low, high = mean_interval(differences, 1 - study.level)
        size = sum(other.family == hypothesis.family for other in study.hypotheses.values())
        sd = float(np.std(differences, ddof=1)) if len(differences) > 1 else math.nan
        rows.append(
            {
                "hypothesis": name,
                "claim": hypothesis.claim,
                "source": hypothesis.source,
                "family": hypothesis.family,
                "pairs": len(differences),
                "effect": float(differences.mean()) if len(differences) else math.nan,
                "low": low,
                "high": high,
                "p": sign_flip_test(differences) if len(differences) > 1 else math.nan,
                "equivalence_p": equivalence_test(differences, hypothesis.margin),
                "power": power(hypothesis.margin / sd, len(differences), study.level / size)
                if hypothesis.margin and sd > 0
                else math.nan,
            }
        )
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "verdict"])
    tested = np.where(
        [h.direction == "equivalent" for h in study.hypotheses.values()],
        table["equivalence_p"],
        table["p"],
    ).astype(float)
    for family in dict.fromkeys(table["family"]):
        own = (table["family"] == family).to_numpy()
        table.loc[own, "p_adjusted"] = holm(tested[own])
    table["verdict"] = [
        verdict(hypothesis, row, study.level)
        for hypothesis, (_, row) in zip(study.hypotheses.values(), table.iterrows(), strict=True)
    ]
    return table[list(COLUMNS)]


def paired(hypothesis: Hypothesis, runs: pd.DataFrame, curves: pd.DataFrame) -> np.ndarray:
    """The claimed optimizer's value less its reference's, seed by seed."""
    values = []
    for name in (hypothesis.optimizer, hypothesis.reference):
        group = runs_of(runs, hypothesis.workload, name)
        if hypothesis.metric == "accuracy":
            found = final_accuracy(group, curves)
        else:
            in_a_row = KINDS["sustained"]
            found = hits(group, curves, hypothesis.target, hypothesis.metric, in_a_row).times
        values.append(pd.Series(found, index=group["seed"]))
    one, other = values
    seeds = one.index.intersection(other.index)
    return (one[seeds] - other[seeds]).to_numpy()


def equivalence_test(differences: np.ndarray, margin: float) -> float:
    """p of two one-sided t tests that the mean difference lies within ± `margin`."""
    if len(differences) < 2 or not margin:
        return math.nan
    if np.ptp(differences) == 0:
        return 0.0 if abs(differences[0]) < margin else 1.0
    above = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, margin, alternative="less").pvalue
    return float(max(above, below))


def verdict(hypothesis: Hypothesis, row: pd.Series, level: float) -> str:
    """Supported, refuted or inconclusive; what is not defined shows nothing."""
    shown = row["p_adjusted"] <= level
    if hypothesis.direction == "equivalent":
        outside = row["low"] > hypothesis.margin or row["high"] < -hypothesis.margin
        if shown:
            return "supported"
        return "refuted" if outside and row["p"] <= level else "inconclusive"
    claimed = row["effect"] > 0 if hypothesis.direction == "greater" else row["effect"] < 0
    if shown:
        return "supported" if claimed else "refuted"
    return "refuted" if row["equivalence_p"] <= level else "inconclusive"
