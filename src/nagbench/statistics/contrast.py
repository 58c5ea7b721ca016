"""Paired differences between arms, and what the exact tests say of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nagbench.statistics.measures import Measured
from nagbench.statistics.pair_wins import Wins, pair_wins

GREATER, LESS = 1, -1


@dataclass(frozen=True)
class Contrast:
    """Differences by seed, of seeds that all sides have.

    Attributes:
        differences: Of each pair, in the metric's unit and sign.
        failures: Runs that fail on the side whose measure counts positively, by pair.
        other_failures: Those on the other side.
        bounds: Measures of the side that counts positively that are lower bounds, by pair.
        other_bounds: Those on the other side.
        better: 1 if a greater measure is better, −1 if a lesser one is.
    """

    differences: np.ndarray
    failures: np.ndarray
    other_failures: np.ndarray
    bounds: np.ndarray
    other_bounds: np.ndarray
    better: int = GREATER

    @property
    def pairs(self) -> int:
        return len(self.differences)

    @property
    def failing(self) -> np.ndarray:
        """Pairs in which a run fails."""
        return (self.failures > 0) | (self.other_failures > 0)

    @property
    def fails(self) -> bool:
        """Whether any run fails, so that no mean may decide."""
        return bool(self.failing.any())

    @property
    def bounded(self) -> np.ndarray:
        """Pairs in which a measure is only a lower bound."""
        return (self.bounds > 0) | (self.other_bounds > 0)

    @property
    def has_mean(self) -> bool:
        """Whether a mean may decide: no run fails, and every measure is known."""
        return not (self.fails or self.bounded.any())

    def wins(self, value: float = 0.0) -> Wins:
        """Pairs above `value` and below; a failure counts as worse than any measure."""
        least, most = self.bounds > 0, self.other_bounds > 0
        found = pair_wins(
            self.better * self.differences,
            self.failures,
            self.other_failures,
            self.better * value,
            *((least, most) if self.better == GREATER else (most, least)),
        )
        return found if self.better == GREATER else Wins(found.below, found.above, found.ties)


def contrast(
    positive: Sequence[Measured],
    negative: Sequence[Measured],
    value: float = 0.0,
    better: int = GREATER,
) -> Contrast:
    """The sum of the `positive` measures less that of the `negative` ones and `value`, by seed."""
    sides = [*positive, *negative]
    seeds = sides[0].measures.index
    for side in sides[1:]:
        seeds = seeds.intersection(side.measures.index)
    seeds = seeds.sort_values()

    def total(part: Sequence[Measured], name: str) -> np.ndarray:
        columns: list[pd.Series[float] | None] = [getattr(side, name) for side in part]
        known = [one for one in columns if one is not None]
        picked = [one.to_numpy(float)[one.index.get_indexer(seeds)] for one in known]
        return np.sum(picked, axis=0) + np.zeros(len(seeds))

    return Contrast(
        differences=total(positive, "measures") - total(negative, "measures") - value,
        failures=total(positive, "fails"),
        other_failures=total(negative, "fails"),
        bounds=total(positive, "bounds"),
        other_bounds=total(negative, "bounds"),
        better=better,
    )
