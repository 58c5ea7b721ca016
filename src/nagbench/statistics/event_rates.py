"""Rates of events, as of divergence: exact intervals for a rate and for the difference of two.

Runs of one seed share their chance, so the counts of two optimizers are not independent. The
interval for the difference is therefore that of the rectangle of two Clopper–Pearson intervals,
each with half the chance of an error: it covers whatever the dependence.
"""

import math

from scipy import special


def rate_interval(count: int, total: int, level: float) -> tuple[float, float]:
    """Clopper and Pearson's interval for a rate, each of whose sides errs with level/2."""
    low = special.betaincinv(count, total - count + 1, level / 2) if count else 0.0
    high = special.betaincinv(count + 1, total - count, 1 - level / 2) if count < total else 1.0
    return float(low), float(high)


def rate_bound(total: int, level: float) -> float:
    """The rate that none of `total` leaves possible: the one-sided bound."""
    return 1 - level ** (1 / total) if total else 1.0


def rate_difference_interval(
    count: int, total: int, other_count: int, other_total: int, level: float
) -> tuple[float, float]:
    """Interval for the first rate less the second."""
    low, high = rate_interval(count, total, level / 2)
    other_low, other_high = rate_interval(other_count, other_total, level / 2)
    return low - other_high, high - other_low


def rate_difference_p(count: int, total: int, other_count: int, other_total: int) -> float:
    """The least level at which the interval for the difference leaves out nought."""

    def excludes(level: float) -> bool:
        low, high = rate_difference_interval(count, total, other_count, other_total, level)
        return low > 0 or high < 0

    lowest, highest = -40.0, 0.0  # powers of ten
    if not excludes(10**highest * (1 - 1e-12)):
        return 1.0
    while highest - lowest > 1e-10:
        middle = (lowest + highest) / 2
        lowest, highest = (lowest, middle) if excludes(10**middle) else (middle, highest)
    return math.pow(10, highest)
