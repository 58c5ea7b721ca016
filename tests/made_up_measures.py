"""Claims on arms whose measures are made up, as `statistics.evidence` sees them."""

from collections.abc import Iterable, Sequence
from typing import Any
from unittest.mock import patch

import pandas as pd

from nagbench.statistics import evidence
from nagbench.statistics.evidence import Finding, finding
from nagbench.statistics.measures import Measured
from nagbench.statistics.roles import Selection
from nagbench.step_costs import StepCost, StepCosts
from nagbench.study.file import study_of
from nagbench.study.model import Arm, Hypothesis, Study
from small_study import SMALL

LEVEL = 0.025
DIRECTED = ("difference", "threshold", "ranking")


def four_optimizers() -> Study:
    """Of one workload, on which their runs count as slow below 20 %."""
    more = dict.fromkeys(("adam", "heavy_ball"))
    return study_of(
        "small", {**SMALL, "optimizers": {**SMALL["optimizers"], **more}, "level": 0.05}, "small"
    )


def claim(**words: Any) -> Hypothesis:
    """On the accuracy of NAG against SGD, where nothing else is said."""
    blank = {"claim": "", "metric": "accuracy", "statement": "difference", "margin": 0.5}
    arms = {"workload": "tiny", "optimizer": "nag_sutskever", "reference": "sgd"}
    found = {**blank, **arms, **words}
    if found["statement"] in DIRECTED or found["statement"] == "events":
        found.setdefault("direction", "greater")
    return Hypothesis(**found)


def side(values: Iterable[float], fails: Iterable[bool] = (), missing: int = 0) -> Measured:
    """An arm with a run for each value, from seed 11 on."""
    found, broken = list(values), list(fails)
    seeds = range(11, 11 + len(found))
    failing = pd.Series(broken or [False] * len(found), seeds, bool)
    return Measured(pd.Series(found, seeds, float), failing, len(found) + missing)


def cost(optimizer: str, seconds: Iterable[float]) -> StepCost:
    return StepCost("tiny", optimizer, "eager", 1, 16, tuple(seconds))


def given(costs: StepCosts | None) -> Selection:
    """A selection of no runs."""
    nothing = pd.DataFrame()
    return Selection(nothing, nothing, nothing, nothing, nothing, nothing, {}, costs)


def found_of(
    study: Study, stated: Hypothesis, sides: Sequence[Measured], level: float = LEVEL
) -> Finding:
    """What is found where those are the measures of the claim's arms."""
    left = list(sides)

    def measured(_: Any, __: Any, metric: str, arms: Sequence[Arm]) -> list[Measured]:
        assert metric == stated.metric
        return [left.pop(0) for _ in arms]

    with patch.object(evidence, "measured", measured):
        return finding(study, stated, given(None), level)


def ranking(*names: str, **words: Any) -> Hypothesis:
    return claim(statement="ranking", optimizers=names, optimizer="", reference=None, **words)
