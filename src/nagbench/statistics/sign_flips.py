"""The exact test of paired differences, and its interval: one piece.

Under a centre θ each difference less θ is as likely to have either sign. So among all subsets of
the differences, the number whose mean lies at or below θ is uniform on 1, …, 2ⁿ (the empty one
counts; Hartigan, 1969): that number over 2ⁿ is the p of a centre above θ, and the interval of all θ
that are not rejected runs between two order statistics of the subset means.

Differences that are not finite have no mean: what they would decide is NaN. Subset means count as
equal to θ within `ROUNDING` of the largest difference, since equal sums may differ in their last
bits; every end of an interval is moved outwards by as much.
"""

import math

import numpy as np

MOST_PAIRS = 40  # the work grows as 2 to the half of them
ROUNDING = 1e-12
_ENUMERATED = 16  # pairs up to which all subset means are sorted
_NUMBERS = 2**21  # sums that are held at a time


def depth(pairs: int, level: float, sides: int = 2) -> int:
    """How many subset means from its end the interval at `level` begins; 0: it has no end.

    Args:
        pairs: Number of differences.
        level: Chance of an error, of both sides together.
        sides: 2 for an interval at 1 − level, 1 for one whose sides each have the level.
    """
    return math.floor(2**pairs * level / sides * (1 + ROUNDING))


def smallest_p(pairs: int) -> float:
    """The least two-sided p that so many pairs can give."""
    return min(1.0, 2 / 2**pairs)


def above_p(differences: np.ndarray, value: float = 0.0) -> float:
    """p of a centre at `value` or below, against one above."""
    return float(above_ps(np.asarray(differences, float)[np.newaxis], value)[0])


def below_p(differences: np.ndarray, value: float = 0.0) -> float:
    """p of a centre at `value` or above, against one below."""
    return above_p(-np.asarray(differences, float), -value)


def two_sided_p(differences: np.ndarray, value: float = 0.0) -> float:
    """p of a centre at `value`, against any other."""
    return float(two_sided_ps(np.asarray(differences, float)[np.newaxis], value)[0])


def equivalence_p(differences: np.ndarray, margin: float) -> float:
    """p of a centre outside ± `margin`, against one within: the larger of the two one-sided."""
    return max(above_p(differences, -margin), below_p(differences, margin))


def two_sided_ps(differences: np.ndarray, value: float = 0.0) -> np.ndarray:
    """The two-sided p of each row of `differences` (rows × pairs)."""
    above, below = above_ps(differences, value), above_ps(-differences, -value)
    return np.minimum(2 * np.minimum(above, below), 1.0)


def above_ps(differences: np.ndarray, value: float = 0.0) -> np.ndarray:
    """The one-sided p of each row of `differences` (rows × pairs); NaN where one is not finite."""
    rows, pairs = differences.shape
    found = np.full(rows, math.nan)
    defined = np.flatnonzero(np.isfinite(differences).all(axis=1) & (pairs > 0))
    together = max(1, _NUMBERS >> (pairs + 1) // 2)
    for part in np.array_split(defined, math.ceil(len(defined) / together) or 1):
        own = differences[part]
        slack = ROUNDING * np.abs(own).max(axis=1, initial=0.0)
        found[part] = _counts(own - value - slack[:, np.newaxis]) / 2**pairs
    return found


def interval(differences: np.ndarray, level: float, sides: int = 2) -> tuple[float, float]:
    """All centres that the test does not reject.

    Args:
        differences: One for each pair.
        level, sides: As in `depth`.

    Returns:
        [m₍c₎, m₍2ⁿ₋c₎] of the sorted subset means, c being the `depth`; NaN where c is 0 or a
        difference is not finite.
    """
    differences = np.asarray(differences, float)
    rank = depth(len(differences), level, sides)
    if rank == 0 or not len(differences) or not np.isfinite(differences).all():
        return math.nan, math.nan
    slack = _slack(differences)
    return _ranked(differences, rank) - slack, -_ranked(-differences, rank) + slack


def _ranked(differences: np.ndarray, rank: int) -> float:
    """The subset mean of that rank, 1 the least: among all of them where they are few, and else by
    halving the distance between bounds."""
    if len(differences) <= _ENUMERATED:
        sums, counts = _sums(np.stack([differences, np.ones(len(differences))]))[:, 1:]
        means = sums / counts
        return float(np.partition(means, rank - 1)[rank - 1])
    low, high = float(differences.min()), float(differences.max())
    if _at_most(differences, low) > rank:
        return low
    near = max(abs(low), abs(high)) * 1e-15
    while high - low > near:
        middle = low + (high - low) / 2
        if not low < middle < high:
            break
        if _at_most(differences, middle) > rank:
            high = middle
        else:
            low = middle
    return low


def _at_most(differences: np.ndarray, value: float) -> int:
    """Subsets whose mean is at most `value`, the empty one among them."""
    return int(_counts(differences[np.newaxis] - value)[0])


def _counts(values: np.ndarray) -> np.ndarray:
    """Subsets of each row (rows × pairs) whose sum is at most nought, the empty one among them.

    Each is a subset of the first half of the pairs with one of the second. Sorted together with the
    sums of the one, the negative sums of the other have before them those that they go with.
    """
    first, second = (_sums(part) for part in np.split(values, [values.shape[1] // 2], axis=1))
    order = np.argsort(np.concatenate([second, -first], axis=1), axis=1, kind="stable")
    of_second = order < second.shape[1]
    return np.where(of_second, 0, np.cumsum(of_second, axis=1)).sum(axis=1)


def _sums(values: np.ndarray) -> np.ndarray:
    """Of every subset of each row (rows × pairs)."""
    sums = np.zeros((len(values), 1))
    for column in values.T:
        sums = np.concatenate([sums, sums + column[:, np.newaxis]], axis=1)
    return sums


def _slack(differences: np.ndarray) -> float:
    return ROUNDING * float(np.abs(differences).max(initial=0.0))
