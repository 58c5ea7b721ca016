"""The paired comparison: exact, calibrated, and plain about what it cannot show."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from nagbench.statistics.comparison import comparisons, sign_flip_test, smallest_p
from nagbench.study.model import Study
from records_of import records_of

differences = st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=2, max_size=8)


@given(differences)
@example([-0.722, -0.336, 0.595, 0.995, -0.4, -0.132])  # adds up to zero, but for rounding
def test_it_agrees_with_exhaustive_enumeration(values: list[float]) -> None:
    if not any(values):
        assert sign_flip_test(np.array(values)) == 1
        return
    observed = abs(sum(values))
    count = sum(
        abs(sum(s * v for s, v in zip(signs, values, strict=True))) >= observed - 1e-9
        for signs in itertools.product((1, -1), repeat=len(values))
    )
    assert sign_flip_test(np.array(values)) == pytest.approx(count / 2 ** len(values))


def test_it_agrees_with_scipys_permutation_test() -> None:
    values = np.random.default_rng(3).normal(0.4, 1, 9)
    theirs = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_test(values) == pytest.approx(theirs.pvalue)


@given(differences)
def test_it_takes_no_side(values: list[float]) -> None:
    assert sign_flip_test(np.array(values)) == sign_flip_test(-np.array(values))


@pytest.mark.parametrize("pairs", [2, 5, 10, 16])
def test_its_smallest_p_is_reached_and_no_more(pairs: int) -> None:
    assert sign_flip_test(np.linspace(1, 2, pairs)) == smallest_p(pairs) == 2 / 2**pairs


def test_without_a_difference_it_rejects_at_its_level() -> None:
    noise = np.random.default_rng(5)
    rejected = np.mean([sign_flip_test(noise.standard_t(3, 8)) <= 0.05 for _ in range(2000)])
    exact = math.floor(0.05 * 2**7) / 2**7  # the level that 256 patterns can attain
    assert abs(rejected - exact) < 4 * math.sqrt(exact * (1 - exact) / 2000)


def test_many_pairs_are_sampled_the_same_each_time() -> None:
    values = np.random.default_rng(7).normal(0.3, 1, 20)
    assert sign_flip_test(values) == sign_flip_test(values)
    assert sign_flip_test(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.03)


def test_pairs_go_by_seed_and_a_missing_seed_drops_its_pair(small_study: Study) -> None:
    runs, curves = records_of(
        small_study,
        {
            "sgd": [[0.1, 0.2, 0.3], [0.1, 0.2, 0.5]],
            "nag_sutskever": [[0.1, 0.2, 0.4], [0.1, 0.2, 0.8]],
        },
    )
    row = comparisons(small_study, runs, curves).iloc[0]
    assert (row["optimizer"], row["reference"]) == ("nag_sutskever", "sgd")
    assert row["difference"] == pytest.approx(0.2)
    assert row["pairs"] == 2
    assert not row["can_reject"]
    fewer = comparisons(small_study, runs.iloc[1:], curves).iloc[0]
    assert fewer["pairs"] == 1
    assert fewer["difference"] == pytest.approx(0.3)
    assert math.isnan(fewer["p"])
    assert not fewer["differs"]


def test_a_diverged_run_counts_as_chance(small_study: Study) -> None:
    frames = records_of(
        small_study,
        {"sgd": [[0.1, 0.9], [0.1, 0.9]], "nag_sutskever": [[0.1, 0.2, 0.4], [0.1, 0.2, 0.4]]},
    )
    assert comparisons(small_study, *frames).iloc[0]["difference"] == pytest.approx(0.3)
