"""The rate is multiplied by ρ whenever the validation loss has not fallen for a while."""

import math
from collections.abc import Sequence

import numpy as np

from nagbench.engine.recipe import Training

PATIENCE = 2  # epochs without a lower validation loss before the rate falls
THRESHOLD = 1e-4  # share by which a loss must be lower


def factors(training: Training, epoch: int, steps: int, losses: Sequence[float]) -> np.ndarray:  # noqa: ARG001
    """ρ to the number of plateaus so far, for each step of the epoch."""
    return np.full(steps, training.decay ** plateaus(losses))


def plateaus(losses: Sequence[float]) -> int:
    """How often the validation loss went without a new minimum for longer than the patience."""
    best, since, count = math.inf, 0, 0
    for loss in losses:
        if loss < best * (1 - THRESHOLD):
            best, since = loss, 0
        else:
            since += 1
        if since > PATIENCE:
            count, since = count + 1, 0
    return count
