"""How much of a finding rests on which settings tuning happened to choose: description, no test."""

import math
from typing import Any

import numpy as np
import pandas as pd

from nagbench.statistics.evidence import Finding, differences
from nagbench.statistics.measures import measured
from nagbench.statistics.roles import Selection
from nagbench.study.model import Arm, Hypothesis, Study


def doubt(
    study: Study,
    claim: Hypothesis,
    selection: Selection,
    found: Finding,
    tuning: pd.DataFrame,
) -> dict[str, Any]:
    """Beside a claim of the test stage.

    `another_wins`: how often another finalist would have been chosen, of the arm in which that is
    likeliest. `runner_up_effect` and `runner_up_pairs`: the effect with the other finalist in place
    of an arm's own, of the arms the one in which least is left of the finding; NaN where no mean
    was found, and where a run of it fails infinite, with the sign of the pairs won, or 0 if as many
    are lost. `depends_on_tuning`: its sign turns, or the effect exceeds the margin and this one is
    below half of it; of a claim to be within a margin: one of the two is within and the other is
    not. `edge`: arms whose choice lies near a border of what was searched. `untuned`: optimizers
    for which nothing was searched, where something was for the others.
    """
    arms = claim.pairs()
    role = claim.measured.role
    sources = [(study.workloads[name].tuned_on or name, optimizer) for name, optimizer in arms]
    named = [arm in sources for arm in zip(tuning["workload"], tuning["optimizer"], strict=True)]
    known = tuning[named]
    # Where speed chose no setting of its own, accuracy's is compared.
    by_role = known["role"] == (role if (known["role"] == role).any() else "accuracy")
    effect, pairs = math.nan, 0
    if claim.measured.stage == "test" and not claim.measured.elsewhere and not claim.measured.event:
        effect, pairs = _with_runner_up(study, claim, selection, found.effect)
    return {
        "another_wins": float(known.loc[by_role, "another_wins"].max()),
        "runner_up_effect": effect,
        "runner_up_pairs": pairs,
        "depends_on_tuning": _depends(claim, found.effect, effect),
        "edge": "; ".join(
            f"{study.optimizers[optimizer].label} on {study.workloads[workload].label}: "
            f"{', '.join(borders)}"
            for workload, optimizer in dict.fromkeys(arms)
            if (borders := selection.chosen.get((workload, optimizer), {}).get("edge"))
        ),
        "untuned": _untuned(study, claim, arms),
    }


def _untuned(study: Study, claim: Hypothesis, arms: list[Arm]) -> str:
    """The arms for which nothing was searched, where something was for others."""
    names = list(dict.fromkeys(optimizer for _, optimizer in arms))
    printed = [name for name in names if not study.optimizers[name].space]
    if claim.measured.elsewhere or len(printed) in (0, len(names)):
        return ""
    return " and ".join(study.optimizers[name].label for name in printed)


def _depends(claim: Hypothesis, effect: float, other: float) -> bool:
    if math.isnan(effect) or math.isnan(other):
        return False
    if claim.statement in ("equivalence", "at_most"):
        inside = [
            (abs(one) if claim.statement == "equivalence" else one) < claim.margin
            for one in (effect, other)
        ]
        return inside[0] != inside[1]
    if effect * other < 0:
        return True
    return abs(effect) > claim.margin > 0 and abs(other) < claim.margin / 2


def _with_runner_up(
    study: Study, claim: Hypothesis, selection: Selection, effect: float
) -> tuple[float, int]:
    """The effect that leaves least of the one found, `effect`, and its number of pairs."""
    if math.isnan(effect) or claim.statement == "ranking" or claim.contrast is not None:
        return math.nan, 0
    arms, found = claim.pairs(), []
    for place, arm in enumerate(arms):
        second = selection.second(claim.measured, arm)
        if not len(selection.of(claim.measured, arm, second)):
            continue
        roles = [second if n == place else None for n in range(len(arms))]
        pairs = differences(claim, measured(study, selection, claim.metric, arms, roles))
        if pairs.fails:
            wins = pairs.wins()
            ahead = wins.above - wins.below
            found.append((math.copysign(math.inf, ahead) if ahead else 0.0, pairs.pairs))
        elif pairs.pairs and np.isfinite(pairs.differences).all():
            found.append((float(pairs.differences.mean()), pairs.pairs))
    if not found:
        return math.nan, 0
    return min(found, key=lambda one: _left(claim, effect, one[0]))


def _left(claim: Hypothesis, effect: float, other: float) -> float:
    """How far `other` lies on the side on which `effect` was found: of nought, or of the margin."""
    if claim.statement == "equivalence":
        effect, other = abs(effect), abs(other)
    if claim.statement in ("equivalence", "at_most"):
        return claim.margin - other if effect < claim.margin else other - claim.margin
    return other if effect > 0 else -other
