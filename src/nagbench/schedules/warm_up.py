"""The linear rise at a run's beginning, shared by the schedules that have one."""

from collections.abc import Callable

import numpy as np

from nagbench.engine.recipe import Training

SHARE = 0.05  # of all steps


def warmed_up(
    training: Training, epoch: int, steps: int, falling: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Factors of an epoch's steps: (s + 1)/w in the first w steps of the run, then `falling`.

    Args:
        training: Says how many epochs there are.
        epoch: Counted from 1.
        steps: In an epoch.
        falling: Factors at shares from 0 to 1 of the steps after the rise.
    """
    step, total = (epoch - 1) * steps + np.arange(steps), training.epochs * steps
    warm = max(1, round(SHARE * total))
    share = np.clip((step - warm) / max(total - warm, 1), 0, 1)
    return np.where(step < warm, (step + 1) / warm, falling(share))
