"""What chance decides in a run, decided beforehand on the CPU from (seed, purpose, epoch).

The tables are the same on every device, for every optimizer and beside any neighbour: runs of one
seed share them, which is what makes comparisons paired.
"""

from dataclasses import dataclass

import numpy as np

from nagbench.engine.recipe import Training

# A purpose's number is part of every result: append, never renumber. 0 is the initial weights'.
PURPOSES = {
    "split": 1,
    "order": 2,
    "crop": 3,
    "flip": 4,
    "dropout": 5,
    "cutout": 6,
    "optimizer": 7,
}
SPLIT_SEED = 20_260_101  # one split for all runs of all studies


def generator(seed: int, purpose: str, epoch: int = 0) -> np.random.Generator:
    """The stream of random numbers for one purpose."""
    return np.random.Generator(np.random.Philox(_key(seed, purpose, epoch)))


def word(seed: int, purpose: str, epoch: int = 0) -> int:
    """A number below 2^63 for one purpose, to seed a generator that is not ours."""
    return int(_key(seed, purpose, epoch).generate_state(1, np.uint64)[0] >> 1)


def _key(seed: int, purpose: str, epoch: int) -> np.random.SeedSequence:
    return np.random.SeedSequence([seed, PURPOSES[purpose], epoch])


def split(count: int, validation_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Indexes of the training and of the held-out images, the same for every run."""
    order = generator(SPLIT_SEED, "split").permutation(count)
    return order[validation_size:], order[:validation_size]


@dataclass(frozen=True)
class EpochPlan:
    """One entry a training example, in the order of their visit.

    `holes` are the centres of the blanked squares, a row and a column each; `dropout` has a byte
    for each unit that may be dropped, by layer.
    """

    order: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    flips: np.ndarray
    holes: np.ndarray | None
    dropout: list[np.ndarray]

    def tables(self) -> list[np.ndarray]:
        """All of it, in a fixed order."""
        holes = [] if self.holes is None else [self.holes]
        return [self.order, self.rows, self.columns, self.flips, *holes, *self.dropout]


def epoch_plan(
    seed: int,
    epoch: int,
    count: int,
    side: tuple[int, int],
    training: Training,
    dropout_features: list[int],
) -> EpochPlan:
    """What chance decides in one epoch.

    Args:
        seed: The run's.
        epoch: Counted from 1.
        count: Training images.
        side: Height and width of an image, in pixels.
        training: Says which augmentation is wanted.
        dropout_features: Units that may be dropped, by layer.
    """
    corners = generator(seed, "crop", epoch).integers(0, 2 * training.padding + 1, (2, count))
    flips = generator(seed, "flip", epoch).integers(0, 2, count).astype(bool)
    masks = generator(seed, "dropout", epoch)
    return EpochPlan(
        order=generator(seed, "order", epoch).permutation(count),
        rows=corners[0],
        columns=corners[1],
        flips=flips & training.flip,
        holes=generator(seed, "cutout", epoch).integers(0, side, (count, 2))
        if training.cutout
        else None,
        dropout=[masks.integers(0, 256, (count, n), np.uint8) for n in dropout_features],
    )
