"""The divergence rule on both sides of its boundaries."""

import numpy as np
import pytest

from nagbench.engine.divergence import DivergenceDetector

FACTOR, STEPS = 5.0, 3


def first_diverged_step(losses: list[float]) -> int | None:
    detector = DivergenceDetector(FACTOR, STEPS)
    held = [detector.diverges(loss) for loss in losses]
    step = held.index(True) if True in held else None
    assert detector.diverged_at == step
    assert step is None or all(held[step:])
    return step


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
    detector = DivergenceDetector(FACTOR, STEPS, losses[:seen])
    for loss in losses[seen:]:
        detector.diverges(loss)
    assert detector.diverged_at == 9


def test_a_step_that_cannot_be_taken_is_the_one_at_which_it_diverged() -> None:
    detector = DivergenceDetector(FACTOR, STEPS, [1.0, 1.0])
    detector.breaks()
    assert detector.diverged_at == 2
