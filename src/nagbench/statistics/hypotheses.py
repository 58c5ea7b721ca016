"""The study's hypotheses, stated before the runs, and what the runs say of them.

A claim of a difference is *supported* if the corrected test shows it in the claimed direction, and
*refuted* if the opposite is shown, or if the difference is shown to lie within the margin. A claim
of equivalence is supported if the difference is shown to lie within the margin (two one-sided
tests), and refuted if a difference is shown whose interval lies outside of it; a claim that a
difference is at most the margin, likewise, with one of the two. All else is *inconclusive*. The
test that can support a claim and the counter-test that can only refute it are each corrected within
the claim's family.
"""

import math

import numpy as np
import pandas as pd
from scipy import stats

from nagbench.statistics.intervals import holm, mean_interval
from nagbench.statistics.metrics import measure
from nagbench.statistics.power import power
from nagbench.statistics.sign_flips import two_sided_p
from nagbench.study.model import CLOCKS, Hypothesis, Study

VERDICTS = ("supported", "refuted", "inconclusive")
COLUMNS = (
    "hypothesis", "claim", "source", "family", "metric", "direction", "margin", "pairs", "effect",
    "low", "high", "p", "p_adjusted", "counter_p", "counter_p_adjusted", "power", "verdict",
)  # fmt: skip


def verdicts(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """One row a hypothesis, in the study's order; Holm's families are the hypotheses' own."""
    rows = []
    for name, hypothesis in study.hypotheses.items():
        differences = paired(study, hypothesis, runs, curves)
        one_sided = hypothesis.direction == "at_most"
        tests = [
            randomisation_p(differences),
            equivalence_test(differences, hypothesis.margin, one_sided),
        ]
        if within_a_margin(hypothesis):
            tests.reverse()
        low, high = mean_interval(differences, 1 - study.level)
        size = sum(other.family == hypothesis.family for other in study.hypotheses.values())
        sd = float(np.std(differences, ddof=1)) if len(differences) > 1 else math.nan
        rows.append(
            {
                "hypothesis": name,
                "claim": hypothesis.claim,
                "source": hypothesis.source,
                "family": hypothesis.family,
                "metric": hypothesis.metric,
                "direction": hypothesis.direction,
                "margin": hypothesis.margin,
                "pairs": len(differences),
                "effect": float(differences.mean()) if len(differences) else math.nan,
                "low": low,
                "high": high,
                **dict(zip(("p", "counter_p"), tests, strict=True)),
                "power": power(hypothesis.margin / sd, len(differences), study.level / size)
                if hypothesis.margin and sd > 0
                else math.nan,
            }
        )
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "verdict"])
    for family in dict.fromkeys(table["family"]):
        own = (table["family"] == family).to_numpy()
        for name in ("p", "counter_p"):
            table.loc[own, f"{name}_adjusted"] = holm(table.loc[own, name].to_numpy(float))
    table["verdict"] = [
        verdict(hypothesis, row, study.level)
        for hypothesis, (_, row) in zip(study.hypotheses.values(), table.iterrows(), strict=True)
    ]
    return table[list(COLUMNS)]


def paired(
    study: Study, hypothesis: Hypothesis, runs: pd.DataFrame, curves: pd.DataFrame
) -> np.ndarray:
    """The claimed optimizer's value less its reference's, seed by seed."""

    metric, target = hypothesis.metric, hypothesis.target

    def values(workload: str, optimizer: str, censored: bool = False) -> pd.Series:
        return measure(study, metric, runs, curves, workload, optimizer, target, censored)

    def difference(workload: str, elsewhere: str) -> pd.Series:
        own = values(workload, hypothesis.optimizer)
        if hypothesis.reference is None:
            return own - hypothesis.value
        other = values(elsewhere, hypothesis.reference)
        seeds = own.index.intersection(other.index)
        if metric in CLOCKS:
            both = ((workload, hypothesis.optimizer), (elsewhere, hypothesis.reference))
            if all(np.isinf(values(*place, censored=True)).all() for place in both):
                return own[seeds] * math.nan  # equal budgets are no equal times
        return own[seeds] - other[seeds]

    found = difference(hypothesis.workload, hypothesis.reference_workload or hypothesis.workload)
    if hypothesis.contrast is not None:
        contrast = difference(hypothesis.contrast, hypothesis.contrast)
        seeds = found.index.intersection(contrast.index)
        found = found[seeds] - contrast[seeds]
    return found.to_numpy(float)


def randomisation_p(differences: np.ndarray) -> float:
    """p of no difference; not defined (NaN) for one pair or a value that is not."""
    if len(differences) < 2 or np.isnan(differences).any():
        return math.nan
    return two_sided_p(differences)


def equivalence_test(differences: np.ndarray, margin: float, one_sided: bool = False) -> float:
    """p of two one-sided t tests that the mean difference lies within ± `margin`; or of one, that
    it lies below."""
    if len(differences) < 2 or not margin or np.isnan(differences).any():
        return math.nan
    if np.ptp(differences) == 0:
        value = differences[0] if one_sided else abs(differences[0])
        return 0.0 if value < margin else 1.0
    below = stats.ttest_1samp(differences, margin, alternative="less").pvalue
    if one_sided:
        return float(below)
    above = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    return float(max(above, below))


def within_a_margin(hypothesis: Hypothesis) -> bool:
    """Whether it claims that a difference is small, and not that there is one."""
    return hypothesis.direction in ("equivalent", "at_most")


def verdict(hypothesis: Hypothesis, row: pd.Series, level: float) -> str:
    """Supported, refuted or inconclusive; what is not defined shows nothing."""
    shown, countered = row["p_adjusted"] <= level, row["counter_p_adjusted"] <= level
    if within_a_margin(hypothesis):
        above, below = row["low"] > hypothesis.margin, row["high"] < -hypothesis.margin
        outside = above or (hypothesis.direction == "equivalent" and below)
        claimed, countered = True, countered and outside
    else:
        claimed = row["effect"] > 0 if hypothesis.direction == "greater" else row["effect"] < 0
    if shown:
        return "supported" if claimed else "refuted"
    return "refuted" if countered else "inconclusive"
