"""Interquartile means and probabilities of improvement, against their definitions."""

import math
from typing import Any

import numpy as np
import pandas as pd
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
from nagbench.statistics.intervals import holm
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import ending, records_of
from small_study import on_two_workloads

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
    two = np.array([0.0, 1.0]), np.array([2.0, 3.0])
    assert brunner_munzel(*two) == brunner_munzel(*two[::-1]) == pytest.approx(1 / 3)


def test_groups_that_touch_are_no_groups_apart() -> None:
    """There the variance of the statistic is that of its formula, from either side."""
    low, high = np.array([1.0, 2.0, 3.0, 3.0]), np.array([3.0, 4.0, 5.0, 6.0])
    for pair in ((low, high), (high, low)):
        assert brunner_munzel(*pair) == pytest.approx(stats.brunnermunzel(*pair).pvalue)
        assert brunner_munzel(*pair) != pytest.approx(
            stats.mannwhitneyu(*pair, method="exact").pvalue, rel=1e-3
        )


def test_intervals_of_improvement_are_bootstraps_of_both_groups_ties_counting_half() -> None:
    """Resampled again, run by run, with another generator."""
    noise = np.random.default_rng(7)
    own, other = (noise.integers(low, low + 4, 9).astype(float) for low in (1, 0))
    draws = [
        improvement(noise.choice(own, 9, replace=True), noise.choice(other, 9, replace=True))
        for _ in range(20_000)
    ]
    wanted = np.quantile(draws, [0.025, 0.975])
    np.testing.assert_allclose(improvement_interval([own], [other]), wanted, atol=0.015)


def test_groups_are_resampled_apart() -> None:
    """If both had the same draws, a group against itself would always come out even."""
    same = [np.arange(9.0)]
    low, high = improvement_interval(same, same)
    assert low < 0.35
    assert high > 0.65


def test_intervals_need_two_runs_in_each_group() -> None:
    one, two = [np.array([0.3])], [np.array([0.3, 0.4])]
    for pair in ((one, two), (two, one)):
        assert all(map(math.isnan, improvement_interval(*pair)))
    assert improvement_interval(two, two) == (0.0, 1.0)
    assert all(map(math.isnan, interquartile_interval(one)))
    assert interquartile_interval(two) == (0.3, 0.4)


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


ARMS = {  # ends by workload and optimizer: adam trains on the first alone
    ("tiny", "sgd"): [0.30, 0.31, 0.32, 0.33, 0.34, 0.35],
    ("tiny", "nag_sutskever"): [0.33, 0.34, 0.35, 0.36, 0.37, 0.38],
    ("tiny", "adam"): [0.34, 0.30, 0.31, 0.36, 0.29, 0.38],
    ("second", "sgd"): [0.50, 0.51, 0.52, 0.53, 0.54, 0.55],
    ("second", "nag_sutskever"): [0.49, 0.54, 0.51, 0.56, 0.58, 0.56],
}


def table_of(small: dict[str, Any], without: Any = None) -> pd.DataFrame:
    study = study_of("small", on_two_workloads(small), "a test")
    ends = ending({arm: values for arm, values in ARMS.items() if arm != without})
    return effects(study, *records_of(study, ends)).set_index(["workload", "optimizer"])


def test_the_table_has_each_workload_and_all_of_them(small: dict[str, Any]) -> None:
    found = table_of(small)
    assert {(*arm,) for arm in found.index} == {
        *ARMS, ("all", "sgd"), ("all", "nag_sutskever")
    }  # fmt: skip
    ends = {arm: np.array(values) for arm, values in ARMS.items()}
    for (workload, optimizer), own in ends.items():
        row, baseline = found.loc[workload, optimizer], ends[workload, "sgd"]
        assert row["interquartile_mean"] == pytest.approx(stats.trim_mean(own, 0.25))
        if optimizer == "sgd":
            assert row[["improvement", "cliffs_delta", "p"]].isna().all()
            continue
        assert row["improvement"] == pytest.approx(improvement(own, baseline))
        assert row["cliffs_delta"] == pytest.approx(2 * improvement(own, baseline) - 1)
        assert row["p"] == pytest.approx(stats.brunnermunzel(own, baseline).pvalue)
        assert row["improvement_low"] <= row["improvement"] <= row["improvement_high"]
    tiny = found.loc["tiny"]
    np.testing.assert_allclose(tiny["p_adjusted"], holm(tiny["p"].to_numpy(float)))


def test_over_all_workloads_improvements_are_averaged_and_nothing_is_tested(
    small: dict[str, Any],
) -> None:
    found = table_of(small)
    over = found.loc["all", "nag_sutskever"]
    each = [found.loc[name, "nag_sutskever"]["improvement"] for name in ("tiny", "second")]
    assert over["improvement"] == pytest.approx(np.mean(each))
    assert math.isnan(over["p"])
    whole = np.concatenate([ARMS[name, "nag_sutskever"] for name in ("tiny", "second")])
    assert over["interquartile_mean"] == pytest.approx(stats.trim_mean(whole, 0.25))


@pytest.mark.parametrize(
    ("without", "scopes"),
    [
        (("tiny", "sgd"), {"second"}),
        (("second", "sgd"), {"tiny"}),
        (("second", "nag_sutskever"), {"tiny", "second", "all"}),
    ],
)
def test_where_the_baseline_has_no_runs_there_are_no_rows(
    small: dict[str, Any], without: tuple[str, str], scopes: set[str]
) -> None:
    found = table_of(small, without)
    assert set(found.index.get_level_values(0)) == scopes
    if "all" in scopes:
        assert list(found.loc["all"].index) == ["sgd"]
