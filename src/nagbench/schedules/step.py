"""The rate is divided by ten after half and after three quarters of the epochs."""

from collections.abc import Sequence

import numpy as np

from nagbench.engine.recipe import Training

MILESTONES = (0.5, 0.75)


def factors(training: Training, epoch: int, steps: int, losses: Sequence[float]) -> np.ndarray:  # noqa: ARG001
    """0.1 to the number of milestones passed, for each step of the epoch."""
    passed = sum(epoch - 1 >= share * training.epochs for share in MILESTONES)
    return np.full(steps, 0.1**passed)
