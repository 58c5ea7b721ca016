"""The fifth article's "square" decay, taken literally: ρ^t on the rate of the epoch before."""

from collections.abc import Sequence

import numpy as np

from nagbench.engine.recipe import Training


def factors(training: Training, epoch: int, steps: int, losses: Sequence[float]) -> np.ndarray:  # noqa: ARG001
    """ρ^(t(t+1)/2) in epoch t, counted from 0, for each of its steps."""
    t = epoch - 1
    return np.full(steps, training.decay ** (t * (t + 1) / 2))
