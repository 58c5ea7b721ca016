"""Differences in time to a target: against closed forms, and on data without a difference."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.statistics.speed import Hits, time_to_target
from nagbench.statistics.speed_comparison import (
    difference,
    log_rank,
    profiles,
    ratio_interval,
    speed_comparisons,
)
from nagbench.study.model import Study
from records_of import records_of


def hits(times: list[float], budget: float = 10.0) -> Hits:
    """NaN: never arrived."""
    found = np.array(times, float)
    reached = ~np.isnan(found)
    return Hits(np.where(reached, found, budget), reached, budget)


def seeds(group: Hits) -> np.ndarray:
    return np.arange(len(group.times))


def test_the_difference_is_that_of_restricted_times_by_seed() -> None:
    one, other = hits([2, 4, math.nan]), hits([1, 1, 1])
    row = difference(one, seeds(one), other, seeds(other), 0.05)
    assert row["difference"] == pytest.approx((1 + 3 + 9) / 3)
    assert row["ratio"] == pytest.approx(16 / 3)
    assert row["pairs"] == 3
    assert row["smallest_p"] == 0.25
    assert row["p"] == 0.25  # all three of one sign


def test_where_nobody_arrives_nothing_can_be_said() -> None:
    one = hits([math.nan] * 4)
    row = difference(one, seeds(one), one, seeds(one), 0.05)
    assert row["difference"] == 0
    assert math.isnan(row["p"])
    assert math.isnan(row["logrank_p"])


def test_only_common_seeds_are_paired() -> None:
    one, other = hits([2, 4]), hits([1, 3])
    row = difference(one, np.array([1, 2]), other, np.array([2, 9]), 0.05)
    assert row["pairs"] == 1
    assert row["difference"] == 3
    assert math.isnan(row["p"])
    assert math.isnan(row["low"])


def textbook_excess(first: list[float], second: list[float]) -> tuple[float, float]:
    """Observed less expected arrivals, and its hypergeometric variance, added up by hand."""
    excess = variance = 0.0
    for time in sorted({t for t in [*first, *second] if not math.isnan(t)}):
        at_risk = [sum(math.isnan(t) or t >= time for t in group) for group in (first, second)]
        arrived = [sum(t == time for t in group) for group in (first, second)]
        n, d = sum(at_risk), sum(arrived)
        excess += arrived[0] - d * at_risk[0] / n
        if n > 1:
            variance += d * at_risk[0] * at_risk[1] * (n - d) / (n * n * (n - 1))
    return excess, variance


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([3.0, 5, 7, math.nan], [1.0, 2, 5, 6]),
        ([3.0, math.nan], [1.0, 1, 3, 8, math.nan]),
        ([4.0, 4, 4], [4.0, 4]),
    ],
)
def test_log_rank_holds_the_textbooks_excess_against_all_divisions(
    first: list[float], second: list[float]
) -> None:
    observed, _ = textbook_excess(first, second)
    pooled = [*first, *second]
    found = []
    for members in itertools.combinations(range(len(pooled)), len(first)):
        one = [t for n, t in enumerate(pooled) if n in members]
        other = [t for n, t in enumerate(pooled) if n not in members]
        found.append(abs(textbook_excess(one, other)[0]) >= abs(observed) - 1e-9)
    assert log_rank(hits(first), hits(second)) == pytest.approx(np.mean(found))


def test_in_large_groups_log_rank_is_the_normal_approximations() -> None:
    noise = np.random.default_rng(4)
    first, second = (
        [t if t <= 9 else math.nan for t in noise.exponential(mean, 60)] for mean in (4, 6)
    )
    excess, variance = textbook_excess(first, second)
    expected = math.erfc(abs(excess) / math.sqrt(2 * variance))
    assert 0.01 < expected < 0.5
    assert log_rank(hits(first), hits(second)) == pytest.approx(expected, abs=0.01)


def test_after_the_smaller_budget_log_rank_sees_nothing() -> None:
    first = hits([2, 3, math.nan], 4.0)
    early, late = hits([1, 4, 6], 9.0), hits([1, 4, math.nan], 4.0)
    assert log_rank(first, early) == log_rank(first, late)
    assert log_rank(hits([math.nan] * 3, 4.0), hits([5, 6, 7], 9.0)) == 1


POSITIVE = st.floats(0.5, 9.5).map(lambda x: round(x, 1))
TIMES = st.lists(
    st.one_of(POSITIVE, st.just(math.nan)),
    min_size=3,
    max_size=7,
)


@given(first=TIMES, second=TIMES)
def test_log_rank_sees_the_order_alone_and_takes_no_side(
    first: list[float], second: list[float]
) -> None:
    plain = log_rank(hits(first), hits(second))
    assert log_rank(hits(second), hits(first)) == pytest.approx(plain, nan_ok=True)

    def stretched(times: list[float]) -> Hits:
        return hits([t**3 for t in times], 1000.0)

    assert log_rank(stretched(first), stretched(second)) == pytest.approx(plain, nan_ok=True)
    order = sorted(first, key=lambda t: (math.isnan(t), t))
    assert log_rank(hits(order), hits(second)) == pytest.approx(plain, nan_ok=True)


@pytest.mark.parametrize("count", [6, 12])
def test_without_a_difference_both_tests_reject_at_their_level(count: int) -> None:
    """Times on evaluation epochs, so with ties, and a third of the runs censored."""
    noise = np.random.default_rng(count)
    rejected = {"p": 0, "logrank_p": 0}
    trials = 600
    for _ in range(trials):
        drawn = np.ceil(noise.exponential(6, (2, count)))
        one, other = (hits([t if t <= 7 else math.nan for t in row], 7.0) for row in drawn)
        row = difference(one, seeds(one), other, seeds(other), 0.05)
        for name in rejected:
            rejected[name] += row[name] <= 0.05
    error = 4 * math.sqrt(0.05 * 0.95 / trials)
    assert rejected["p"] / trials <= 0.05 + error
    assert abs(rejected["logrank_p"] / trials - 0.05) <= error + 0.02


def test_a_large_difference_is_found() -> None:
    noise = np.random.default_rng(1)
    one, other = (hits(list(mean + noise.normal(0, 0.5, 10))) for mean in (5, 3))
    row = difference(one, seeds(one), other, seeds(other), 0.05)
    assert row["p"] == row["smallest_p"] == 2 / 2**10
    assert row["logrank_p"] < 0.001
    assert row["low"] > 1
    assert 1.3 < row["ratio_low"] < row["ratio"] < row["ratio_high"] < 2.2


def test_a_ratio_to_nothing_is_not_defined() -> None:
    """Targets may be reached before training begins."""
    one, other = hits([1, 2, 3]), hits([0, 0, 0])
    row = difference(one, seeds(one), other, seeds(other), 0.05)
    assert row["difference"] == 2
    assert math.isnan(row["ratio"])
    assert math.isnan(row["ratio_low"])


def test_the_ratios_interval_covers() -> None:
    noise = np.random.default_rng(2)
    covered = 0
    for _ in range(1000):
        low, high = ratio_interval(2 * noise.gamma(9, 1, 6), noise.gamma(9, 1, 6))
        covered += low <= 2 <= high
    assert abs(covered / 1000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 1000)


@given(pairs=st.lists(st.tuples(POSITIVE, POSITIVE), min_size=2, max_size=8))
def test_a_ratios_interval_turns_over_with_it(pairs: list[tuple[float, float]]) -> None:
    one, other = np.array(pairs).T
    low, high = ratio_interval(one, other)
    assert low <= one.mean() / other.mean() * (1 + 1e-12)
    assert ratio_interval(other, one) == pytest.approx((1 / high, 1 / low))
    assert ratio_interval(3 * one, other) == pytest.approx((3 * low, 3 * high))


def frames_of(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    return records_of(
        study,
        {
            "sgd": [[0.1, 0.15, 0.3], [0.1, 0.12, 0.28]],
            "nag_sutskever": [[0.1, 0.3, 0.4], [0.1, 0.25, 0.4]],
        },
    )


def test_a_table_for_every_target_clock_and_kind(small_study: Study) -> None:
    runs, curves = frames_of(small_study)
    table = speed_comparisons(small_study, runs, curves)
    assert len(table) == 1 * 3 * 2  # targets, clocks, kinds
    row = table[(table["clock"] == "epochs") & (table["kind"] == "first")].iloc[0]
    # 0.2 is reached at 1 + 1/3 and 1 + 1/2 by one, 1/2 and 2/3 by the other.
    assert row["difference"] == pytest.approx((0.5 + 2 / 3 - 4 / 3 - 1.5) / 2)
    shuffled = speed_comparisons(
        small_study, runs.sample(frac=1, random_state=1), curves.sample(frac=1, random_state=1)
        .sort_values(["run", "epoch"])
    )  # fmt: skip
    pd.testing.assert_frame_equal(table, shuffled)


def test_profiles_are_stairs_whose_area_is_exact(small_study: Study) -> None:
    cases = [("a", 1.0, 2.0), ("b", 6.0, 3.0), ("c", math.inf, 4.0), ("d", math.inf, math.inf)]
    times = pd.DataFrame(
        {
            "workload": workload,
            "target": 0.5,
            "clock": "epochs",
            "kind": "sustained",
            "optimizer": name,
            "median": value,
        }
        for workload, *values in cases
        for name, value in zip(("sgd", "nag_sutskever"), values, strict=True)
    )
    table = profiles(small_study, times).set_index("optimizer")
    # Ratios: 1, 2, ∞ and 2, 1, 1; the case that nobody solves counts for nobody.
    assert list(table["cases"]) == [3, 3]
    for name, ratios in (("sgd", [1, 2, math.inf]), ("nag_sutskever", [2, 1, 1])):
        grid = np.linspace(1, 4, 300_001)
        shares = np.mean([np.array(ratio) <= grid for ratio in ratios], axis=0)
        assert table.at[name, "area"] == pytest.approx(shares.mean(), abs=1e-4)
        assert table.at[name, "share"][-1] == pytest.approx(np.mean(np.array(ratios) <= 4))


def test_a_workload_counts_only_for_those_that_train_there(small_study: Study) -> None:
    keys = {"target": 0.5, "clock": "epochs", "kind": "sustained"}
    times = pd.DataFrame(
        {"workload": workload, "optimizer": name, "median": median, **keys}
        for workload, name, median in (
            ("a", "sgd", 1.0),
            ("a", "nag_sutskever", 2.0),
            ("b", "sgd", 3.0),
        )
    )
    table = profiles(small_study, times).set_index("optimizer")
    assert table["cases"].to_dict() == {"sgd": 2, "nag_sutskever": 1}
    assert table["area"].to_dict() == pytest.approx({"sgd": 1, "nag_sutskever": 2 / 3})


def test_profiles_of_real_times(small_study: Study) -> None:
    runs, curves = frames_of(small_study)
    table = profiles(small_study, time_to_target(small_study, runs, curves))
    assert set(table["optimizer"]) == {"sgd", "nag_sutskever"}
    assert table["area"].isna().all()  # two epochs hold no three in a row
    assert list(itertools.chain(*table["share"])) == pytest.approx([math.nan] * 4, nan_ok=True)
