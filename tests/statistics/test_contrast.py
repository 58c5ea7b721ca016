"""Paired differences of arms: which seeds, which sign, which failures, which wins."""

import math

import numpy as np
import pandas as pd
import pytest

from nagbench.statistics.contrast import GREATER, LESS, Contrast, contrast
from nagbench.statistics.measures import Measured
from nagbench.statistics.pair_wins import Wins


def arm(measures: dict[int, float], failing: tuple[int, ...] = ()) -> Measured:
    """By seed; the seeds of `failing` fail."""
    fails = {seed: seed in failing for seed in measures}
    return Measured(pd.Series(measures, dtype=float), pd.Series(fails), len(measures))


def test_seeds_that_all_sides_have_are_paired_in_their_order() -> None:
    found = contrast([arm({3: 30, 1: 10, 2: 20})], [arm({1: 1, 4: 4, 3: 3})])
    np.testing.assert_array_equal(found.differences, [9, 27])
    assert (found.pairs, found.fails, found.better) == (2, False, GREATER)


def test_a_difference_of_differences_counts_every_side_and_the_value_once() -> None:
    sides = [arm({1: value}) for value in (0.7, 0.4, 0.2, 0.1)]
    found = contrast(sides[:2], sides[2:], value=0.05, better=LESS)
    np.testing.assert_allclose(found.differences, [0.7 + 0.4 - 0.2 - 0.1 - 0.05])
    assert found.better == LESS


def test_one_arm_may_be_held_against_a_value_alone() -> None:
    found = contrast([arm({1: 0.9, 2: 0.8}, failing=(2,))], [], value=0.85)
    np.testing.assert_allclose(found.differences, [0.05, -0.05])
    np.testing.assert_array_equal([found.failures, found.other_failures], [[0, 1], [0, 0]])


def test_no_seed_in_common_is_no_pair() -> None:
    found = contrast([arm({1: 1})], [arm({2: 2})])
    assert (found.pairs, found.fails, found.wins()) == (0, False, Wins(0, 0, 0))


def test_failures_are_counted_for_each_side_by_seed() -> None:
    positive = [arm({1: 1, 2: 2, 3: 3}, failing=(1, 3)), arm({1: 1, 2: 2, 3: 3}, failing=(3,))]
    negative = [arm({2: 2, 3: 3, 1: 1}, failing=(2,)), arm({1: 1, 2: 2, 3: 3})]
    found = contrast(positive, negative)
    np.testing.assert_array_equal([found.failures, found.other_failures], [[1, 0, 2], [0, 1, 0]])


@pytest.mark.parametrize(
    ("own", "other", "fails"), [((), (), False), ((2,), (), True), ((), (1,), True)]
)
def test_a_failure_on_either_side_forbids_the_mean(
    own: tuple[int, ...], other: tuple[int, ...], fails: bool
) -> None:
    both = {1: 0.5, 2: 0.5}
    assert contrast([arm(both, own)], [arm(both, other)]).fails is fails


@pytest.mark.parametrize("better", [GREATER, LESS])
def test_wins_are_counted_above_and_below_the_value(better: int) -> None:
    """Of measures: which is better matters where a run fails alone."""
    none = np.zeros(6, int)
    found = Contrast(np.array([3.0, 2, 1, 1, 0, -2]), none, none, none, none, better)
    assert found.wins(1) == Wins(above=2, below=2, ties=2)
    assert found.wins() == Wins(above=4, below=1, ties=1)


@pytest.mark.parametrize(("better", "wins"), [(GREATER, Wins(1, 2, 0)), (LESS, Wins(2, 1, 0))])
def test_a_failure_counts_as_worse_than_any_measure(better: int, wins: Wins) -> None:
    """The positive side fails twice: as if it were less where more is better, else as if more."""
    failures, others = np.array([1, 1, 0]), np.array([0, 0, 1])
    none = np.zeros(3, int)
    found = Contrast(np.array([math.nan, 5, -5]), failures, others, none, none, better)
    assert found.wins() == wins


@pytest.mark.parametrize("better", [GREATER, LESS])
def test_what_a_lower_bound_leaves_open_is_a_tie(better: int) -> None:
    """Of measures that may be more, only what is above is known to be so; of two nothing is."""
    none, bounds, others = np.zeros(5, int), np.array([1, 1, 0, 0, 1]), np.array([0, 0, 1, 1, 1])
    found = Contrast(np.array([1.0, -1, 1, -1, 1]), none, none, bounds, others, better)
    assert (found.fails, found.has_mean) == (False, False)
    assert found.wins() == Wins(above=1, below=1, ties=3)
    assert found.wins(2) == Wins(above=0, below=2, ties=3)


@pytest.mark.parametrize("better", [GREATER, LESS])
def test_a_lower_bound_of_either_side_leaves_open_what_it_may_turn(better: int) -> None:
    """More of its own measure lies above, more of the other's below, whichever is better."""
    differences, none, bounds = np.array([1.0, -1, 1]), np.zeros(3, int), np.array([1, 1, 0])
    own = Contrast(differences, none, none, bounds, none, better)
    others = Contrast(differences, none, none, none, bounds, better)
    assert own.wins() == Wins(above=2, below=0, ties=1)
    assert others.wins() == Wins(above=1, below=1, ties=1)


def test_who_fails_and_who_is_bounded_is_told_by_pair() -> None:
    none, once, both = np.zeros(4, int), np.array([0, 1, 0, 2]), np.array([0, 0, 1, 1])
    found = Contrast(np.zeros(4), once, both, none, none)
    for one in (found, Contrast(np.zeros(4), none, none, once, both)):
        told, other = (one.failing, one.bounded) if one is found else (one.bounded, one.failing)
        assert told.dtype == other.dtype == bool
        assert told.tolist() == [False, True, True, True]
        assert not other.any()
        assert not one.has_mean
    assert not Contrast(np.zeros(4), none, none, none, once).has_mean
    assert Contrast(np.zeros(4), none, none, none, none).has_mean


def test_bounds_are_counted_as_failures_are() -> None:
    def bounded(*seeds: int) -> Measured:
        measures = pd.Series(dict.fromkeys((1, 2, 3), 0.5))
        bounds = pd.Series({seed: seed in seeds for seed in (3, 2, 1)})
        return Measured(measures, measures.isna(), 3, bounds)

    found = contrast([bounded(1, 3), bounded(3)], [bounded(2), arm({3: 1, 2: 1, 1: 1})])
    np.testing.assert_array_equal([found.bounds, found.other_bounds], [[1, 0, 2], [0, 1, 0]])
