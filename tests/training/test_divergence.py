"""The divergence rule on both sides of its boundaries."""

import numpy as np
import pytest

from nagbench.study import Divergence
from nagbench.training.divergence import first_diverged_step

RULE = Divergence(factor=5.0, steps=3)


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
    assert first_diverged_step(np.array(losses), RULE) == step


@pytest.mark.parametrize("length", range(1, 12))
def test_a_longer_look_never_moves_the_step(length: int) -> None:
    """Epoch by epoch, the rule sees ever more losses; what it found once must stay."""
    losses = np.array([1.0, 6, 6, 1, 6, 6, 6, 6, 1, np.nan, 1])
    expected = 6 if length > 6 else None
    assert first_diverged_step(losses[:length], RULE) == expected
