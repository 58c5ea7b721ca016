"""The exact test of paired differences against enumeration, closed forms and scipy."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from nagbench.statistics.sign_flips import (
    above_p,
    above_ps,
    below_p,
    depth,
    equivalence_p,
    interval,
    smallest_p,
    two_sided_p,
    two_sided_ps,
)

differences = st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=2, max_size=8)


def subset_means(values: np.ndarray) -> np.ndarray:
    """Of every subset but the empty one, ascending."""
    sums, sizes = np.zeros(1), np.zeros(1)
    for value in values:
        sums, sizes = np.append(sums, sums + value), np.append(sizes, sizes + 1)
    return np.sort(sums[1:] / sizes[1:])


@given(differences)
@example([-0.722, -0.336, 0.595, 0.995, -0.4, -0.132])  # adds up to zero, but for rounding
@example([0.1, 0.2, -0.3])
def test_it_agrees_with_all_patterns_of_signs(values: list[float]) -> None:
    observed = abs(sum(values))
    count = sum(
        abs(sum(s * v for s, v in zip(signs, values, strict=True))) >= observed - 1e-9
        for signs in itertools.product((1, -1), repeat=len(values))
    )
    assert two_sided_p(np.array(values)) == count / 2 ** len(values)


@given(differences, st.floats(-1, 1).map(lambda x: round(x, 2)))
def test_one_sided_it_counts_subset_means(values: list[float], value: float) -> None:
    array = np.array(values)
    means = subset_means(array)
    assert above_p(array, value) == (1 + (means <= value + 1e-9).sum()) / 2 ** len(array)
    assert below_p(array, value) == (1 + (means >= value - 1e-9).sum()) / 2 ** len(array)


@given(differences, st.sampled_from([0.05, 0.1, 0.3, 0.5]), st.sampled_from([1, 2]))
def test_the_interval_lies_between_two_subset_means(
    values: list[float], level: float, sides: int
) -> None:
    array = np.array(values)
    rank = math.floor(2 ** len(values) * level / sides)
    assert depth(len(values), level, sides) == rank
    found = interval(array, level, sides)
    if rank == 0:
        assert np.isnan(found).all()
        return
    means = subset_means(array)
    assert found == pytest.approx((means[rank - 1], means[-rank]), abs=1e-11)


@given(differences, st.sampled_from([-0.5, 0.0, 0.125]))
def test_the_interval_holds_what_the_test_does_not_reject(
    values: list[float], value: float
) -> None:
    """Test and interval are one: an end lies beyond a value just where the p says so."""
    array, level = np.array(values), 0.25
    low, high = interval(array, level)
    rejected = math.floor(2 ** len(values) * level / 2) / 2 ** len(values)
    if rejected:
        assert (low > value) == (above_p(array, value) <= rejected)
        assert (high < value) == (below_p(array, value) <= rejected)
        assert (two_sided_p(array, value) <= level) == (low > value or high < value)


@pytest.mark.parametrize(("pairs", "largest"), [(6, 1), (8, 6), (9, 12), (12, 102)])
def test_the_largest_family_in_which_so_many_seeds_can_reject(pairs: int, largest: int) -> None:
    values = np.linspace(1, 2, pairs)
    assert depth(pairs, 0.05 / largest) > 0
    assert two_sided_p(values) <= 0.05 / largest
    assert interval(values, 0.05 / largest)[0] > 0
    assert depth(pairs, 0.05 / (largest + 1)) == 0
    assert two_sided_p(values) > 0.05 / (largest + 1)
    assert np.isnan(interval(values, 0.05 / (largest + 1))).all()


def test_five_seeds_cannot_reject_but_show_equivalence() -> None:
    assert depth(5, 0.05) == 0
    assert depth(5, 0.05, sides=1) == 1
    assert depth(4, 0.05, sides=1) == 0
    assert equivalence_p(np.linspace(-0.9, 0.9, 5), 1.0) == 1 / 32


def test_it_agrees_with_scipys_permutation_test() -> None:
    values = np.random.default_rng(3).normal(0.4, 1, 9)
    for alternative, ours in (
        ("two-sided", two_sided_p),
        ("greater", above_p),
        ("less", below_p),
    ):
        theirs = stats.permutation_test(
            (values,),
            np.mean,
            permutation_type="samples",
            n_resamples=np.inf,
            alternative=alternative,
        )
        assert ours(values) == pytest.approx(theirs.pvalue)


@pytest.mark.parametrize("pairs", [2, 5, 10, 20, 30])
def test_its_smallest_p_is_reached_and_no_more(pairs: int) -> None:
    values = np.linspace(1, 2, pairs)
    assert two_sided_p(values) == smallest_p(pairs) == 2 / 2**pairs
    assert two_sided_p(values - 1.01) > smallest_p(pairs)


def test_twenty_pairs_are_as_all_million_subsets_say() -> None:
    values = np.random.default_rng(7).normal(0.3, 1, 20)
    means = subset_means(values)
    assert above_p(values) == (1 + (means <= 0).sum()) / 2**20
    rank = math.floor(2**20 * 0.05 / 2)
    assert interval(values, 0.05) == pytest.approx((means[rank - 1], means[-rank]), abs=1e-11)
    assert two_sided_p(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.01)


@pytest.mark.parametrize("pairs", [16, 17])
@pytest.mark.parametrize("rank", [1, 2, 3, 700])
def test_an_end_is_the_subset_mean_of_its_rank(pairs: int, rank: int) -> None:
    values = np.random.default_rng(pairs).normal(0.3, 1, pairs)
    means = subset_means(values)
    found = interval(values, rank / 2**pairs, sides=1)
    assert found == pytest.approx((means[rank - 1], means[-rank]), abs=1e-11)


def test_a_level_that_rounding_made_a_little_less_is_that_level() -> None:
    level = 6 / 2**8
    assert depth(8, level) == depth(8, math.nextafter(level, 0)) == 3
    assert depth(8, level * (1 - 1e-9)) == 2


def test_one_difference_is_its_own_mean() -> None:
    one = np.array([3.0])
    assert (above_p(one), below_p(one), two_sided_p(one)) == (0.5, 1.0, 1.0)
    assert smallest_p(1) == smallest_p(0) == 1.0
    assert interval(one, 0.5, sides=1) == pytest.approx((3.0, 3.0))


@given(differences)
def test_it_takes_no_side(values: list[float]) -> None:
    array = np.array(values)
    assert two_sided_p(array) == two_sided_p(-array)
    low, high = interval(array, 0.5)
    assert interval(-array, 0.5) == pytest.approx((-high, -low), nan_ok=True)


@given(differences, st.sampled_from([1e-15, 1e-6, 3.0, 1e9]))
def test_the_unit_decides_nothing(values: list[float], scale: float) -> None:
    array = np.array(values)
    assert above_p(scale * array, scale * 0.25) == above_p(array, 0.25)


@pytest.mark.parametrize("pairs", [2, 8, 12])
def test_without_any_difference_there_is_no_evidence(pairs: int) -> None:
    nothing = np.zeros(pairs)
    assert two_sided_p(nothing) == 1
    assert interval(nothing, 0.5) == (0.0, 0.0)
    assert equivalence_p(nothing, 0.1) == 1 / 2**pairs


def test_constant_differences_are_no_certainty() -> None:
    """The t tests of equivalence gave p = 0 for them, for two pairs too."""
    assert equivalence_p(np.array([0.01, 0.01]), 0.05) == 0.25
    assert equivalence_p(np.array([0.06, 0.06]), 0.05) == 1.0
    assert equivalence_p(np.array([0.05, 0.05]), 0.05) == 1.0  # on the margin is not within


def test_a_zero_difference_counts_for_neither_side() -> None:
    with_zero, without = np.array([0.0, 1, 2, 3]), np.array([1.0, 2, 3])
    assert two_sided_p(with_zero) == two_sided_p(without) == 0.25


@pytest.mark.parametrize(
    "values", [[math.inf, 1.0], [math.inf, -math.inf], [math.nan, 1.0], [math.nan], []]
)
def test_what_is_not_finite_has_no_mean_and_shows_nothing(values: list[float]) -> None:
    """[inf, 1] had p = 0: it compared with what is not a number."""
    array = np.array(values)
    for p in (above_p(array), below_p(array), two_sided_p(array), equivalence_p(array, 1.0)):
        assert math.isnan(p)
    assert np.isnan(interval(array, 0.5)).all()


def test_rows_are_tested_as_each_alone() -> None:
    rows = np.random.default_rng(2).normal(size=(5, 7))
    rows[3, 2] = math.nan
    np.testing.assert_array_equal(two_sided_ps(rows), [two_sided_p(row) for row in rows])
    np.testing.assert_array_equal(above_ps(rows, 0.3), [above_p(row, 0.3) for row in rows])


def test_under_symmetry_it_rejects_as_often_as_it_can() -> None:
    rows = np.random.default_rng(5).standard_t(3, (4000, 8))
    exact = depth(8, 0.05) / 2**8
    allowed = 4 * math.sqrt(exact * (1 - exact) / 4000)
    assert abs((above_ps(rows) <= exact).mean() - exact) < allowed
    covered = np.mean([low <= 0 <= high for low, high in (interval(row, 0.05) for row in rows)])
    assert abs(covered - (1 - 2 * exact)) < 2 * allowed
