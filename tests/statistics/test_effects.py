"""Interquartile means and probabilities of improvement, against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nagbench.statistics.effects import (
    brunner_munzel,
    effects,
    improvement,
    improvement_interval,
    interquartile_interval,
    interquartile_mean,
)
from nagbench.study.model import Study
from records_of import records_of

values = st.lists(st.integers(0, 6), min_size=2, max_size=12).map(
    lambda found: np.array(found, dtype=float)
)


@given(strata=st.lists(values, min_size=1, max_size=3))
def test_the_interquartile_mean_drops_a_quarter_at_each_end_of_all(
    strata: list[np.ndarray],
) -> None:
    whole = sorted(value for stratum in strata for value in stratum)
    cut = len(whole) // 4
    assert interquartile_mean(strata) == pytest.approx(np.mean(whole[cut : len(whole) - cut]))


@given(own=values, other=values)
def test_improvement_is_the_share_of_pairs_won(own: np.ndarray, other: np.ndarray) -> None:
    statistic = stats.mannwhitneyu(own, other).statistic
    assert improvement(own, other) == pytest.approx(statistic / (len(own) * len(other)))
    assert improvement(own, other) + improvement(other, own) == pytest.approx(1)


def test_resampling_stays_within_a_workload() -> None:
    """Between two workloads far apart, mixed resamples would spread over the gap."""
    apart = [np.array([0.1, 0.1, 0.1, 0.1]), np.array([0.9, 0.9, 0.9, 0.9])]
    assert interquartile_interval(apart) == pytest.approx((0.5, 0.5))
    low, high = improvement_interval(apart, [np.full(4, 0.2), np.full(4, 0.2)])
    assert low == high == 0.5


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    noise = np.random.default_rng(1)
    trials, hits = 300, 0
    for seed in range(trials):
        low, high = improvement_interval([noise.normal(0.5, 1, 15)], [noise.normal(0, 1, 15)], seed)
        hits += low <= stats.norm.cdf(0.5 / math.sqrt(2)) <= high
    assert abs(hits / trials - 0.95) < 0.05


def test_groups_apart_have_the_exact_rank_tests_p() -> None:
    low, high = np.arange(6.0), np.arange(6.0) + 10
    assert brunner_munzel(low, high) == pytest.approx(2 / math.comb(12, 6))
    assert math.isnan(brunner_munzel(np.ones(4), np.ones(4)))
    assert math.isnan(brunner_munzel(np.ones(1), np.zeros(4)))


def test_the_baseline_is_compared_with_no_one(small_study: Study) -> None:
    accuracy = {
        "sgd": [[0.1, 0.2, 0.3 + n / 100] for n in range(3)],
        "nag_sutskever": [[0.1, 0.2, 0.5 + n / 100] for n in range(3)],
    }
    table = effects(small_study, *records_of(small_study, accuracy)).set_index("optimizer")
    assert table["workload"].unique().tolist() == ["tiny"]
    assert math.isnan(table.loc["sgd", "p"])
    assert table.loc["nag_sutskever", "improvement"] == 1
    assert table.loc["nag_sutskever", "cliffs_delta"] == 1
    assert (table["low"] <= table["interquartile_mean"]).all()
    assert (table["interquartile_mean"] <= table["high"]).all()
