"""Rates of events: coverage by enumerating every outcome, and published values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nagbench.statistics.event_rates import (
    rate_bound,
    rate_difference_interval,
    rate_difference_p,
    rate_interval,
)

RATES = (0.0, 0.02, 0.1, 0.3, 0.5, 0.77, 1.0)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.3085), (1, 10, 0.0025, 0.4450), (10, 10, 0.6915, 1.0), (0, 0, 0.0, 1.0)],
)
def test_clopper_and_pearsons_interval(count: int, total: int, low: float, high: float) -> None:
    assert rate_interval(count, total, 0.05) == pytest.approx((low, high), abs=1e-4)
    if total:
        theirs = stats.binomtest(count, total).proportion_ci(0.99, method="exact")
        assert rate_interval(count, total, 0.01) == pytest.approx((theirs.low, theirs.high))


def test_none_of_fourteen_leaves_a_rate_of_a_fifth_possible() -> None:
    assert rate_bound(14, 0.05) == pytest.approx(0.1926, abs=1e-4)
    assert (1 - rate_bound(14, 0.05)) ** 14 == pytest.approx(0.05)
    assert rate_bound(0, 0.05) == 1.0


def test_none_of_one_or_two_leaves_nearly_all_possible() -> None:
    assert rate_bound(1, 0.05) == pytest.approx(0.95)
    assert rate_bound(2, 0.05) == pytest.approx(1 - 0.05**0.5)


def test_all_of_a_thousand_leave_one_possible() -> None:
    low, high = rate_interval(int("1000"), int("1000"), 0.05)
    assert (low, high) == (pytest.approx(0.025 ** (1 / 1000)), 1.0)


@pytest.mark.parametrize("total", [1, 6, 14])
@pytest.mark.parametrize("rate", RATES)
def test_a_rates_interval_covers(total: int, rate: float) -> None:
    chances = stats.binom.pmf(np.arange(total + 1), total, rate)
    ends = [rate_interval(count, total, 0.05) for count in range(total + 1)]
    covered = sum(
        chance for chance, (low, high) in zip(chances, ends, strict=True) if low <= rate <= high
    )
    assert covered >= 0.95 - 1e-12


@pytest.mark.parametrize("first", RATES)
@pytest.mark.parametrize("second", RATES)
@pytest.mark.parametrize("dependence", ["none", "most", "least"])
def test_a_differences_interval_covers_whatever_the_pairing(
    first: float, second: float, dependence: str
) -> None:
    """Over every outcome of the pairs; seeds may make both diverge, or one in the other's place."""
    total = 7
    both = {
        "none": first * second,
        "most": min(first, second),
        "least": max(0.0, first + second - 1),
    }[dependence]
    cells = [both, first - both, second - both, 1 - first - second + both]
    counts = [
        (a, b, c, total - a - b - c)
        for a in range(total + 1)
        for b in range(total + 1 - a)
        for c in range(total + 1 - a - b)
    ]
    chances = stats.multinomial.pmf(counts, total, np.clip(cells, 0, 1))
    table: dict[tuple[int, int], float] = {}
    for (a, b, c, _), chance in zip(counts, chances, strict=True):
        table[a + b, a + c] = table.get((a + b, a + c), 0.0) + chance
    assert sum(table.values()) == pytest.approx(1)
    covered = 0.0
    for (one, other), chance in table.items():
        low, high = rate_difference_interval(one, total, other, total, 0.1)
        covered += chance * (low <= first - second + 1e-12 and first - second <= high + 1e-12)
    assert covered >= 0.9 - 1e-9


@given(st.integers(0, 12), st.integers(0, 12), st.sampled_from([0.01, 0.05, 0.2]))
def test_p_and_interval_say_the_same(one: int, other: int, level: float) -> None:
    low, high = rate_difference_interval(one, 12, other, 12, level)
    assert (rate_difference_p(one, 12, other, 12) <= level) == (low > 0 or high < 0)


def test_equal_counts_show_nothing_and_opposite_ones_all_they_can() -> None:
    assert rate_difference_p(3, 9, 3, 9) == 1
    assert rate_difference_p(0, 0, 3, 9) == 1
    # Both intervals end at a half: 4·2⁻⁹.
    assert rate_difference_p(9, 9, 0, 9) == pytest.approx(4 / 2**9, rel=1e-6)


@given(st.integers(0, 9), st.integers(0, 9))
def test_turned_round_the_difference_has_the_other_sign(one: int, other: int) -> None:
    low, high = rate_difference_interval(one, 9, other, 9, 0.05)
    assert rate_difference_interval(other, 9, one, 9, 0.05) == pytest.approx((-high, -low))
    assert not math.isnan(low)
