"""The divergence rule on both sides of its boundaries."""

import numpy as np
import pytest

from nagbench.study import Divergence
from nagbench.training.divergence import Watch

RULE = Divergence(factor=5.0, steps=3)


def first_diverged_step(losses: list[float]) -> int | None:
    watch = Watch(RULE)
    return next((step for step, loss in enumerate(losses) if watch.holds_at(loss)), None)


@pytest.mark.parametrize(
    ("losses", "step"),
    [
        ([1.0, 2.0, 0.5], None),
        ([1.0, np.nan, 0.5], 1),
        ([np.inf, 1.0], 0),
        ([1.0, -np.inf], 1),
        ([1.0, 6, 6, 1, 6, 6], None),
        ([1.0, 6, 6, 6], 3),
        ([1.0, 5, 5, 5, 5], None),
        ([1.0, 6, 6, 6, np.nan], 3),
        ([1.0, 6, 6, np.nan], 3),
        ([2.0, 1, 9, 9, 9, 9], None),
        ([1.0], None),
    ],
)
def test_the_first_step_at_which_the_rule_holds(losses: list[float], step: int | None) -> None:
    assert first_diverged_step(losses) == step


@pytest.mark.parametrize("seen", range(10))
def test_begun_anew_it_remembers_what_it_has_seen(seen: int) -> None:
    """A run that goes on from a checkpoint is watched as one that was never stopped."""
    losses = [1.0, 6, 6, 1, 6, 6, 1, 6, 6, 6, 1, np.nan]
    watch = Watch(RULE, losses[:seen])
    held = [step for step, loss in enumerate(losses[seen:], seen) if watch.holds_at(loss)]
    assert held[0] == 9
