"""The rate rises linearly, then falls linearly to zero."""

from collections.abc import Sequence

import numpy as np

from nagbench.engine.recipe import Training
from nagbench.schedules.warm_up import warmed_up


def factors(training: Training, epoch: int, steps: int, losses: Sequence[float]) -> np.ndarray:  # noqa: ARG001
    """For each step of the epoch."""
    return warmed_up(training, epoch, steps, lambda share: 1 - share)
