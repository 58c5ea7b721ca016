"""Who wins more pairs: the test where a run of a contrast fails, and no mean may decide.

A pair goes to the side with fewer failures, then to the one with the better measure. Where as many
runs fail on both sides it is a tie, and so are equal measures, and a pair whose order is not known
because a measure is only a bound; ties are dropped. The test is the exact binomial one of Dixon and
Mood (1946).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from nagbench.statistics.sign_flips import ROUNDING


@dataclass(frozen=True)
class Wins:
    """Pairs that went to either side, and were dropped."""

    above: int
    below: int
    ties: int

    @property
    def decided(self) -> int:
        """Pairs that are no ties."""
        return self.above + self.below

    @property
    def p(self) -> float:
        """Two-sided; 1 where all pairs are ties."""
        return float(stats.binomtest(self.above, self.decided).pvalue) if self.decided else 1.0

    @property
    def above_p(self) -> float:
        """One-sided, that more pairs lie above."""
        return _one_sided(self.above, self.decided)

    @property
    def below_p(self) -> float:
        """One-sided, that more pairs lie below."""
        return _one_sided(self.below, self.decided)


def _one_sided(count: int, total: int) -> float:
    return float(stats.binomtest(count, total, alternative="greater").pvalue) if total else 1.0


def pair_wins(
    differences: np.ndarray,
    failures: np.ndarray,
    other_failures: np.ndarray,
    value: float = 0.0,
    at_least: np.ndarray | bool = False,
    at_most: np.ndarray | bool = False,
) -> Wins:
    """How many pairs lie above `value`, and below.

    Args:
        differences: One for each pair, in the direction in which more is better; not read where
            a run of the pair fails.
        failures: Runs that fail on the side whose measure counts positively, by pair.
        other_failures: Those on the other side.
        value: What differences are held against.
        at_least, at_most: Whether a difference is only a lower or an upper bound, by pair.
    """
    none = (failures == 0) & (other_failures == 0)
    away = np.where(none, differences - value, 0.0)
    equal = np.abs(away) <= ROUNDING * np.abs(np.where(none, differences, 0.0)).max(initial=0.0)
    signs = np.where(none, np.where(equal, 0.0, np.sign(away)), np.sign(other_failures - failures))
    unknown = (at_least & (signs < 0)) | (at_most & (signs > 0))
    signs = np.where(none & unknown, 0.0, signs)
    above, below = int((signs > 0).sum()), int((signs < 0).sum())
    return Wins(above, below, len(signs) - above - below)
