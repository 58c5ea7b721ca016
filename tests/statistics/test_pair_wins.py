"""Pair wins against the binomial distribution, and what decides a pair."""

import math
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.statistics.pair_wins import Wins, pair_wins
from nagbench.statistics.sign_flips import two_sided_p


def none(count: int) -> np.ndarray:
    return np.zeros(count, int)


def test_fewer_failures_come_before_the_measure() -> None:
    #                         measure    failures beat it      both fail  tie
    differences = np.array([0.5, -0.5, 0.5, math.nan, 9.0, 0.0])
    own, other = np.array([0, 0, 1, 0, 1, 0]), np.array([0, 0, 0, 1, 1, 0])
    assert pair_wins(differences, own, other) == Wins(above=2, below=2, ties=2)


@given(st.integers(0, 14), st.integers(0, 14))
def test_p_is_the_binomial_tail_doubled(above: int, below: int) -> None:
    total, most = above + below, max(above, below)
    tail = sum(comb(total, k) for k in range(most, total + 1)) / 2**total
    assert Wins(above, below, 3).p == pytest.approx(min(1, 2 * tail))


@given(st.integers(0, 14), st.integers(0, 14))
def test_one_sided_it_is_the_binomial_tail(above: int, below: int) -> None:
    """1 where nothing is decided."""
    total = above + below
    for count, p in (
        (above, Wins(above, below, 3).above_p),
        (below, Wins(above, below, 3).below_p),
    ):
        tail = sum(comb(total, k) for k in range(count, total + 1)) / 2**total
        assert p == pytest.approx(tail)


@pytest.mark.parametrize(("pairs", "largest"), [(6, 1), (8, 6), (9, 12), (12, 102)])
def test_it_can_reject_in_the_families_in_which_sign_flips_can(pairs: int, largest: int) -> None:
    p = Wins(pairs, 0, 0).p
    assert 0.05 / (largest + 1) < p <= 0.05 / largest


def test_ties_are_dropped_and_all_ties_show_nothing() -> None:
    assert Wins(6, 0, 0).p == Wins(6, 0, 5).p == 2 / 64
    assert pair_wins(np.zeros(8), none(8), none(8)).p == 1


def test_the_size_of_a_difference_does_not_count() -> None:
    """One run at chance in fourteen makes a mean of anything; the order of pairs stands."""
    differences = np.append(np.full(13, 0.01), -0.5)
    wins = pair_wins(differences, np.append(none(13), 1), none(14))
    assert two_sided_p(differences) > 0.05
    assert (wins.above, wins.below, wins.p <= 0.05) == (13, 1, True)


def test_differences_may_be_held_against_a_margin() -> None:
    differences = np.array([0.1 + 0.2, 0.4, 0.2, -1.0])  # the first is 0.3 but for rounding
    assert pair_wins(differences, none(4), none(4), 0.3) == Wins(above=1, below=2, ties=1)


def test_what_counts_as_rounding_is_measured_by_differences_alone() -> None:
    """However small they are, and whatever stands where a run fails."""
    differences = np.array([2e-14, -1e-14, math.nan])
    failures = np.array([0, 0, 1])
    assert pair_wins(differences, failures, none(3)) == Wins(above=1, below=2, ties=0)
    assert pair_wins(differences[:2], none(2), none(2)) == Wins(above=1, below=1, ties=0)


# The difference, whether it is only a lower and an upper bound, and who has the pair.
BOUNDS = [
    (0.3, False, False, Wins(1, 0, 0)),
    (-0.3, False, False, Wins(0, 1, 0)),
    (0.3, True, False, Wins(1, 0, 0)),
    (-0.3, True, False, Wins(0, 0, 1)),
    (0.3, False, True, Wins(0, 0, 1)),
    (-0.3, False, True, Wins(0, 1, 0)),
    (0.3, True, True, Wins(0, 0, 1)),
    (-0.3, True, True, Wins(0, 0, 1)),
    (0.0, True, False, Wins(0, 0, 1)),
    (0.0, False, True, Wins(0, 0, 1)),
]


@pytest.mark.parametrize(("difference", "at_least", "at_most", "expected"), BOUNDS)
def test_a_bound_decides_where_it_leaves_one_order(
    difference: float, at_least: bool, at_most: bool, expected: Wins
) -> None:
    bounds = np.array([at_least]), np.array([at_most])
    assert pair_wins(np.array([difference]), none(1), none(1), 0.0, *bounds) == expected
    # Failures come before it.
    failing = pair_wins(np.array([difference]), none(1) + 1, none(1), 0.0, *bounds)
    assert failing == Wins(0, 1, 0)


def test_each_pair_has_bounds_of_its_own() -> None:
    differences, at_least, at_most, each = zip(*BOUNDS, strict=True)
    count = len(BOUNDS)
    arrays = np.array(at_least), np.array(at_most)
    found = pair_wins(np.array(differences), none(count), none(count), 0.0, *arrays)
    expected = [sum(getattr(one, name) for one in each) for name in ("above", "below", "ties")]
    assert [found.above, found.below, found.ties] == expected
    assert found.decided == found.above + found.below == 4


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2), st.integers(0, 2)), max_size=9))
def test_turned_round_it_says_the_reverse(pairs: list[tuple[int, int, int]]) -> None:
    differences, own, other = np.array(pairs, float).reshape(-1, 3).T
    wins = pair_wins(differences, own, other)
    turned = pair_wins(-differences, other, own)
    assert (turned.above, turned.below, turned.ties) == (wins.below, wins.above, wins.ties)
    assert wins.above + wins.below + wins.ties == len(pairs)
