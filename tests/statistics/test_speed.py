"""Times to target: hits, censoring, and Kaplan and Meier's estimate."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nagbench.statistics.intervals import mean_interval
from nagbench.statistics.speed import (
    Hits,
    censored,
    hit_time,
    log_rank_of_all,
    median_time,
    restricted_mean,
    restricted_mean_interval,
    survival,
    time_to_target,
)
from nagbench.study.model import Study
from records_of import records_of

CLOCK = np.arange(6.0)


@pytest.mark.parametrize(
    ("accuracy", "in_a_row", "time"),
    [
        ([0.1, 0.3, 0.5, 0.6, 0.7, 0.8], 1, 2.0),
        ([0.1, 0.3, 0.7, 0.6, 0.7, 0.8], 1, 1.5),
        ([0.1, 0.3, 0.7, 0.6, 0.7, 0.8], 3, 1.5),
        ([0.1, 0.6, 0.4, 0.6, 0.7, 0.8], 1, 0.8),
        ([0.1, 0.6, 0.4, 0.6, 0.7, 0.8], 3, 2.5),
        ([0.1, 0.6, 0.4, 0.6, 0.4, 0.8], 3, math.nan),
        ([0.1, 0.2, 0.3, 0.4, 0.6, 0.7], 3, math.nan),
        ([0.1, 0.2, 0.3, 0.4, 0.49, 0.4999], 1, math.nan),
        ([0.1, 0.2, 0.3, 0.4, 0.49, 0.5], 1, 5.0),
        ([0.9, 0.9, 0.9, 0.9, 0.9, 0.9], 3, 0.0),
    ],
)
def test_hits_on_both_sides_of_the_target(
    accuracy: list[float], in_a_row: int, time: float
) -> None:
    found = hit_time(CLOCK, np.array(accuracy), 0.5, in_a_row)
    assert found == pytest.approx(time, nan_ok=True)


curves = st.lists(st.floats(0, 1), min_size=6, max_size=6).map(np.array)


@given(accuracy=curves, target=st.floats(0.01, 0.99))
def test_a_sustained_hit_is_never_before_the_first(accuracy: np.ndarray, target: float) -> None:
    first = hit_time(CLOCK, accuracy, target, 1)
    sustained = hit_time(CLOCK, accuracy, target, 3)
    assert math.isnan(sustained) or first <= sustained


@given(accuracy=curves, target=st.floats(0.01, 0.99), scale=st.floats(0.1, 100))
def test_a_clock_that_runs_faster_scales_the_hit(
    accuracy: np.ndarray, target: float, scale: float
) -> None:
    plain = hit_time(CLOCK, accuracy, target, 1)
    scaled = hit_time(scale * CLOCK, accuracy, target, 1)
    assert scaled == pytest.approx(scale * plain, nan_ok=True)


def group(times: list[float], reached: list[bool]) -> Hits:
    return Hits(np.array(times), np.array(reached), 10.0)


@pytest.mark.parametrize(
    ("times", "reached", "median"),
    [
        ([1.0, 2, 3, 4, 5], [True] * 5, 3.0),
        ([1.0, 2, 3, 10, 10], [True, True, True, False, False], 3.0),
        ([1.0, 2, 10, 10, 10], [True, True, False, False, False], math.inf),
        ([10.0, 10, 10], [False] * 3, math.inf),
        ([4.0], [True], 4.0),
    ],
)
def test_the_median_counts_those_who_never_came(
    times: list[float], reached: list[bool], median: float
) -> None:
    assert median_time(group(times, reached)) == median


@given(st.integers(1, 60), st.data())
def test_the_median_is_the_arrival_with_which_half_are_there(
    runs: int, data: st.DataObject
) -> None:
    """Not a float's error later: of 24 runs with 12 arriving it is the twelfth's, and was never."""
    arrived = data.draw(st.integers(0, runs))
    times = np.append(np.arange(1.0, arrived + 1), np.full(runs - arrived, 100.0))
    found = median_time(Hits(times, times < 100, 100.0))
    assert found == ((runs + 1) // 2 if 2 * arrived >= runs else math.inf)


@pytest.mark.parametrize("runs", [24, 38, 44, 46, 54])
def test_where_just_half_arrive_the_median_is_the_last_of_them(runs: int) -> None:
    times = np.append(np.arange(1.0, runs // 2 + 1), np.full(runs // 2, 100.0))
    assert median_time(Hits(times, times < 100, 100.0)) == runs // 2
    assert median_time(Hits(times, times < runs // 2, 100.0)) == math.inf


@given(st.lists(st.floats(0, 10), min_size=1, max_size=20))
def test_the_restricted_mean_is_the_area_under_the_survival_curve(times: list[float]) -> None:
    """With one common budget the area is the plain mean; here it is added up step by step."""
    ordered = sorted(times)
    area, before = 0.0, 0.0
    for n, time in enumerate(ordered):
        area += (time - before) * (len(ordered) - n) / len(ordered)
        before = time
    assert restricted_mean(np.array(times)) == pytest.approx(area)


def test_its_interval_is_students_within_the_budget_in_any_order() -> None:
    times = [1.0, 2, 5, 10, 10]
    reached = [True, True, True, False, False]
    first = restricted_mean_interval(group(times, reached))
    assert first == pytest.approx(restricted_mean_interval(group(times[::-1], reached[::-1])))
    low, high = mean_interval(np.array(times))
    assert first == (max(low, 0), min(high, 10))


def test_degenerate_groups_have_defined_intervals() -> None:
    assert np.isnan(restricted_mean_interval(group([3.0], [True]))).all()
    assert np.isnan(restricted_mean_interval(group([10.0, 10], [False, False]))).all()
    assert restricted_mean_interval(group([9.0, 10], [True, False])) == (
        pytest.approx(9.5 - 12.7062 / 2),
        10.0,
    )


def test_a_diverged_run_is_censored_whatever_it_had_reached(small_study: Study) -> None:
    frames = records_of(
        small_study, {"sgd": [[0.1, 0.3, 0.3], [0.1, 0.9]], "nag_sutskever": [[0.1, 0.1, 0.1]] * 2}
    )
    table = time_to_target(small_study, *frames)
    row = table[(table["optimizer"] == "sgd") & (table["kind"] == "first")].set_index("clock")
    assert row.loc["epochs", "reached"] == 1
    assert row.loc["epochs", "runs"] == 2
    assert row.loc["epochs", "restricted_mean"] == pytest.approx((0.5 + 2) / 2)
    assert row.loc["gradients", "restricted_mean"] == pytest.approx((5 + 20) / 2)
    assert row.loc["seconds", "budget"] == pytest.approx(4.0)


def test_rows_in_any_order_give_the_same_table(small_study: Study) -> None:
    runs, curves = records_of(
        small_study,
        {"sgd": [[0.1, 0.3, 0.4], [0.1, 0.1, 0.3]], "nag_sutskever": [[0.1, 0.2, 0.4]] * 2},
    )
    from nagbench.statistics.result_tables import result_tables

    shuffled = (runs.sample(frac=1, random_state=1), curves.sample(frac=1, random_state=2))
    tune = runs.assign(stage="tune", run="t" + runs["run"])
    tune_curves = curves.assign(run="t" + curves["run"])
    both = [
        result_tables(
            small_study,
            type(runs)([*r.to_dict("records"), *tune.to_dict("records")]),
            type(curves)([*c.to_dict("records"), *tune_curves.to_dict("records")]),
        )
        for r, c in ((runs, curves), shuffled)
    ]
    for name, table in both[0].items():
        assert table.equals(both[1][name]), name


def test_arrivals_only_ever_grow_and_end_at_the_share_that_arrived(small_study: Study) -> None:
    frames = records_of(
        small_study,
        {"sgd": [[0.1, 0.3, 0.3], [0.1, 0.1, 0.1]], "nag_sutskever": [[0.1, 0.1, 0.1]] * 2},
    )
    curve = survival(small_study, *frames)
    first = curve[(curve["kind"] == "first") & (curve["optimizer"] == "sgd")]
    assert list(first["time"]) == pytest.approx([0.0, 0.5, 2.0])
    assert list(first["arrived"]) == [0.0, 0.5, 0.5]
    never = curve[curve["optimizer"] == "nag_sutskever"]
    assert set(never["arrived"]) == {0.0}


def test_of_two_groups_the_test_of_all_is_the_log_rank_test() -> None:
    one = Hits(np.array([1.0, 2, 3, 8, 8]), np.array([True, True, True, False, False]), 8)
    two = Hits(np.array([2.0, 4, 5, 6, 8]), np.array([True, True, True, True, False]), 8)
    expected = stats.logrank(censored(one), censored(two)).pvalue
    assert log_rank_of_all([one, two]) == pytest.approx(expected)
    never = Hits(np.full(3, 8.0), np.zeros(3, dtype=bool), 8)
    assert math.isnan(log_rank_of_all([never, never, never]))
    at_once = Hits(np.full(3, 2.0), np.ones(3, dtype=bool), 8)
    assert log_rank_of_all([at_once, at_once]) == 1
    assert log_rank_of_all([at_once, at_once, never]) < 0.1


def test_the_band_holds_the_curve(small_study: Study) -> None:
    accuracy = {"sgd": [[0.1, 0.3, 0.3], [0.1, 0.1, 0.3]], "nag_sutskever": [[0.1] * 3] * 2}
    table = survival(small_study, *records_of(small_study, accuracy))
    inside = table[table["low"].notna()]
    assert len(inside)
    assert (inside["low"] <= inside["arrived"]).all()
    assert (inside["arrived"] <= inside["high"]).all()


def test_runs_that_never_finished_an_epoch_took_the_whole_budget(small_study: Study) -> None:
    accuracy = {"sgd": [[0.1]] * 2, "nag_sutskever": [[0.1, 0.3, 0.3], [0.1, 0.3, 0.3]]}
    table = time_to_target(small_study, *records_of(small_study, accuracy))
    sgd = table[(table["optimizer"] == "sgd") & (table["kind"] == "first")].set_index("clock")
    assert sgd.loc["epochs", "restricted_mean"] == 2
    # How many gradients or seconds that would have been, nobody knows.
    assert sgd.loc[["gradients", "seconds"], "restricted_mean"].isna().all()
    assert (sgd["median"] == math.inf).all()


def test_a_group_without_a_known_budget_takes_no_part() -> None:
    unknown = Hits(np.full(3, math.nan), np.zeros(3, dtype=bool), math.nan)
    one = Hits(np.array([1.0, 2, 3]), np.ones(3, dtype=bool), 8)
    two = Hits(np.array([5.0, 6, 8]), np.array([True, True, False]), 8)
    assert log_rank_of_all([one, unknown, two]) == log_rank_of_all([one, two])
    early = Hits(np.full(3, 0.5), np.zeros(3, dtype=bool), 0.5)
    assert log_rank_of_all([one, early, two]) == log_rank_of_all([one, two])
    assert math.isnan(log_rank_of_all([one, unknown]))
