"""The rate is multiplied by ρ after each epoch, which textbooks call exponential decay."""

from collections.abc import Sequence

import numpy as np

from nagbench.engine.recipe import Training


def factors(training: Training, epoch: int, steps: int, losses: Sequence[float]) -> np.ndarray:  # noqa: ARG001
    """ρ^t in epoch t, counted from 0, for each of its steps."""
    return np.full(steps, training.decay ** (epoch - 1))
