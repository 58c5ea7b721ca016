"""The rate falls along half a cosine, from its value to zero."""

import math
from collections.abc import Sequence

import numpy as np

from nagbench.engine.recipe import Training


def factors(training: Training, epoch: int, steps: int, losses: Sequence[float]) -> np.ndarray:  # noqa: ARG001
    """(1 + cos(πs/T))/2 at step s of all T steps, for each step of the epoch."""
    step = (epoch - 1) * steps + np.arange(steps)
    return (1 + np.cos(math.pi * step / (training.epochs * steps))) / 2
