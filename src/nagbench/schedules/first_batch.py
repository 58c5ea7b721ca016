"""The third article's stop rule as it is printed: each epoch ends after its first batch.

Its test, rate < highest rate, is the wrong way round: it holds wherever a rate is not at its
highest, and `break` leaves the loop over batches, not the one over epochs. The batches that follow
are evaluated here, at a rate of zero, and change nothing.
"""

from collections.abc import Sequence

import numpy as np

from nagbench.engine.recipe import Training


def factors(training: Training, epoch: int, steps: int, losses: Sequence[float]) -> np.ndarray:  # noqa: ARG001
    """1 in the first step of the epoch, then 0."""
    return (np.arange(steps) == 0).astype(float)
