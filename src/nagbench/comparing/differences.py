"""Differences of means: which do not matter, and how they are printed."""

import math
from typing import Any

from nagbench.rendering.table import interval
from nagbench.study.model import Study


def margins(study: Study, workload: str) -> dict[str, float]:
    """By metric, differences that do not matter: in accuracy the study's tolerance, in gradients
    half an epoch, for early evaluations lie so far apart."""
    half = study.steps(workload) / study.workloads[workload].epochs / 2
    return {"accuracy": study.tolerance, "gradients": half}


def difference(row: Any, scale: float, digits: int) -> str:
    """`+0.52 [+0.10, +0.94]`, of a row with the columns `difference`, `low` and `high`, which are
    multiplied by `scale`; a negative one turns the difference round."""
    if math.isnan(row.difference):
        return "runs fail"
    low, high = sorted((scale * row.low, scale * row.high))
    return f"{scale * row.difference:+.{digits}f} {interval(low, high, f'+.{digits}f')}"
