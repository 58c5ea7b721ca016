"""What chance decides in a run, decided beforehand on the CPU from (seed, purpose, epoch).

The tables are the same on every device, for every optimizer and beside any neighbour: runs of one
seed share them, which is what makes comparisons paired.
"""

from dataclasses import dataclass

import numpy as np

# A purpose's number is part of every result: append, never renumber. 0 is the initial weights'.
PURPOSES = {"split": 1, "order": 2, "crop": 3, "flip": 4, "dropout": 5}
SPLIT_SEED = 20_260_101  # one split for all runs of all studies


def generator(seed: int, purpose: str, epoch: int = 0) -> np.random.Generator:
    """The stream of random numbers for one purpose."""
    key = np.random.SeedSequence([seed, PURPOSES[purpose], epoch])
    return np.random.Generator(np.random.Philox(key))


def split(count: int, validation_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Indexes of the training and of the held-out images, the same for every run."""
    order = generator(SPLIT_SEED, "split").permutation(count)
    return order[validation_size:], order[:validation_size]


@dataclass(frozen=True)
class EpochPlan:
    """One entry a training example, in the order of their visit."""

    order: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    flips: np.ndarray
    dropout: list[np.ndarray]


def epoch_plan(
    seed: int, epoch: int, count: int, padding: int, flip: bool, dropout_features: list[int]
) -> EpochPlan:
    """Order, crops, flips and dropout uniforms of one epoch over `count` examples."""
    corners = generator(seed, "crop", epoch).integers(0, 2 * padding + 1, (2, count))
    flips = generator(seed, "flip", epoch).integers(0, 2, count).astype(bool)
    uniforms = generator(seed, "dropout", epoch)
    return EpochPlan(
        order=generator(seed, "order", epoch).permutation(count),
        rows=corners[0],
        columns=corners[1],
        flips=flips & flip,
        dropout=[uniforms.random((count, n), dtype=np.float32) for n in dropout_features],
    )
