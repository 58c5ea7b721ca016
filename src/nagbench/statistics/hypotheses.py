"""The study's claims, stated before the runs, and what the runs say of them.

The k claims of a family share the study's level: α/k decides each one's test and interval alike.
"""

from collections import Counter

import pandas as pd

from nagbench.statistics.devices import devices_compared
from nagbench.statistics.evidence import finding
from nagbench.statistics.roles import Selection
from nagbench.statistics.tuning_doubt import doubt
from nagbench.study.model import Study


def verdicts(study: Study, selection: Selection, tuning: pd.DataFrame) -> pd.DataFrame:
    """One row a claim, in the study's order; `tuning` is the result table of that name."""
    sizes = Counter(claim.family for claim in study.hypotheses.values())
    rows = []
    for name, claim in study.hypotheses.items():
        level = study.level / sizes[claim.family]
        found = finding(study, claim, selection, level)
        rows.append(
            {
                "hypothesis": name,
                "claim": claim.claim,
                "source": claim.source,
                "family": claim.family,
                "workload": claim.workload,
                "optimizer": claim.optimizer,
                "reference": claim.reference or "",
                "contrast": claim.contrast or claim.reference_workload or "",
                "metric": claim.metric,
                "unit": claim.measured.unit,
                "scale": claim.measured.scale,
                "statement": claim.statement,
                "direction": claim.direction or "",
                "margin": claim.margin,
                "conditions": claim.conditions,
                "conditions_note": claim.conditions_note,
                "level": level,
                "statistic": found.statistic,
                "pairs": found.pairs,
                "effect": found.effect,
                "low": found.low,
                "high": found.high,
                "confidence": found.confidence,
                "inner_low": found.inner_low,
                "inner_high": found.inner_high,
                "p": found.p,
                "power": found.evidence.power,
                "calibration": found.calibration,
                "verdict": found.verdict.word,
                "remark": found.verdict.remark,
                "waits": found.waits,
                "devices": devices_compared(claim, selection),
                **doubt(study, claim, selection, found, tuning),
            }
        )
    return pd.DataFrame(rows)
