"""When runs reach targets: hits, medians that count those who never came, and log-rank tests."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nagbench.statistics.speed import (
    described,
    hit_time,
    hits,
    log_rank,
    log_rank_tests,
    median_interval,
    median_time,
    survival,
    time_to_target,
)
from nagbench.study.model import Study
from nagbench.time_below import Targets
from records_of import records_of

CLOCK = np.arange(6.0)
NEVER = math.nan


@pytest.mark.parametrize(
    ("accuracy", "in_a_row", "time"),
    [
        ([0.1, 0.3, 0.5, 0.6, 0.7, 0.8], 1, 2.0),
        ([0.1, 0.3, 0.7, 0.6, 0.7, 0.8], 1, 1.5),
        ([0.1, 0.3, 0.7, 0.6, 0.7, 0.8], 3, 1.5),
        ([0.1, 0.6, 0.4, 0.6, 0.7, 0.8], 1, 0.8),
        ([0.1, 0.6, 0.4, 0.6, 0.7, 0.8], 3, 2.5),
        ([0.1, 0.6, 0.4, 0.6, 0.4, 0.8], 3, NEVER),
        ([0.1, 0.2, 0.3, 0.4, 0.6, 0.7], 3, NEVER),
        ([0.1, 0.2, 0.3, 0.4, 0.49, 0.4999], 1, NEVER),
        ([0.1, 0.2, 0.3, 0.4, 0.49, 0.5], 1, 5.0),
        ([0.9, 0.9, 0.9, 0.9, 0.9, 0.9], 3, 0.0),
        ([0.1, 0.6], 3, NEVER),
        ([0.9, 0.1, 0.2, 0.6, 0.7, 0.8], 1, 0.0),
        ([0.9, 0.1, 0.2, 0.6, 0.7, 0.8], 3, 2.75),
        ([0.1, 0.5, 0.4, 0.5, 0.5, 0.5], 3, 3.0),
    ],
)
def test_hits_on_both_sides_of_the_target(
    accuracy: list[float], in_a_row: int, time: float
) -> None:
    found = hit_time(CLOCK[: len(accuracy)], np.array(accuracy), 0.5, in_a_row)
    assert found == pytest.approx(time, nan_ok=True)


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("in_a_row", [1, 3])
def test_where_no_evaluation_was_made_the_others_decide(place: int, in_a_row: int) -> None:
    """A NaN inside a curve moved a hit to the evaluation before it, or broke a row of three."""
    accuracy = np.array([0.1, 0.2, 0.4, 0.6, 0.7, 0.8])
    gap = np.where(np.arange(6) == place, NEVER, accuracy)
    made = np.arange(6) != place
    found = hit_time(CLOCK, gap, 0.5, in_a_row)
    assert found == pytest.approx(hit_time(CLOCK[made], accuracy[made], 0.5, in_a_row), nan_ok=True)


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


def test_hits_are_told_at_the_grids_ends_and_middle() -> None:
    assert described(Targets(0.5, 0.75)) == (0.5, 0.625, 0.75)
    assert described(Targets(0.4, 0.4)) == (0.4,)
    assert described(Targets(0.1, 0.2)) == (0.1, 0.15, 0.2)  # no 0.15000000000000002


@pytest.mark.parametrize(
    ("times", "median"),
    [
        ([1.0, 2, 3, 4, 5], 3.0),
        ([1.0, 2, 3, NEVER, NEVER], 3.0),
        ([1.0, 2, NEVER, NEVER, NEVER], math.inf),
        ([NEVER] * 3, math.inf),
        ([4.0], 4.0),
    ],
)
def test_the_median_counts_those_who_never_came(times: list[float], median: float) -> None:
    assert median_time(np.array(times)) == median


@given(st.integers(1, 60), st.data())
def test_the_median_is_the_arrival_with_which_half_are_there(
    runs: int, data: st.DataObject
) -> None:
    """Not a float's error later: of 24 runs with 12 arriving it is the twelfth's, and was never."""
    arrived = data.draw(st.integers(0, runs))
    times = np.append(np.arange(1.0, arrived + 1), np.full(runs - arrived, NEVER))
    assert median_time(times) == ((runs + 1) // 2 if 2 * arrived >= runs else math.inf)


@pytest.mark.parametrize("runs", [24, 38, 44, 46, 54])
def test_where_just_half_arrive_the_median_is_the_last_of_them(runs: int) -> None:
    times = np.append(np.arange(1.0, runs // 2 + 1), np.full(runs // 2, NEVER))
    assert median_time(times) == runs // 2
    assert median_time(np.append(times[1:], NEVER)) == math.inf


def test_the_medians_interval_is_the_sign_tests() -> None:
    """Of ten runs from the second to the ninth, which errs with 2·11/1024."""
    times = np.array([3.0, 1, 2, 4, 5, 6, 7, 8, NEVER, NEVER])
    assert median_interval(times) == (2.0, math.inf)
    assert median_interval(np.arange(1.0, 11)) == (2.0, 9.0)
    assert np.isnan(median_interval(np.arange(1.0, 6))).all()  # five are too few
    assert median_interval(np.arange(1.0, 7)) == (1.0, 6.0)  # 2 / 2⁶


@given(runs=st.integers(6, 60), confidence=st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_the_medians_interval_is_the_narrowest_that_errs_as_seldom_as_it_says(
    runs: int, confidence: float
) -> None:
    low, high = median_interval(np.arange(1.0, runs + 1), confidence)
    if math.isnan(low):
        assert 2 * 0.5**runs > 1 - confidence
        return
    assert low + high == runs + 1
    errs = 2 * stats.binom.cdf([low - 1, low], runs, 0.5)
    assert errs[0] <= 1 - confidence + 1e-12
    assert errs[1] > 1 - confidence - 1e-12


def frames_of(study: Study, sgd: list[list[float]], nag: list[list[float]]) -> pd.DataFrame:
    return hits(study, *records_of(study, {"sgd": sgd, "nag_sutskever": nag}))


def test_no_number_stands_in_for_a_time_that_never_came(small_study: Study) -> None:
    found = frames_of(small_study, [[0.1, 0.3, 0.3], [0.1, 0.1, 0.1]], [[0.1, 0.5]] * 2)
    first = found[(found["kind"] == "first") & (found["clock"] == "gradients")]
    assert list(first["time"]) == pytest.approx([5.0, NEVER, NEVER, NEVER], nan_ok=True)
    table = time_to_target(found)
    row = table[(table["optimizer"] == "sgd") & (table["kind"] == "first")].set_index("clock")
    assert list(row["reached"]) == [1, 1]
    assert row.at["epochs", "median"] == pytest.approx(0.5)
    # What it reached before it diverged is no success.
    other = table[table["optimizer"] == "nag_sutskever"]
    assert set(other["reached"]) == {0}
    assert set(other["median"]) == {math.inf}


def test_arrivals_only_ever_grow_and_end_at_the_share_that_arrived(small_study: Study) -> None:
    found = frames_of(small_study, [[0.1, 0.3, 0.3], [0.1, 0.1, 0.1]], [[0.1] * 3] * 2)
    curve = survival(found)
    first = curve[(curve["kind"] == "first") & (curve["optimizer"] == "sgd")]
    assert list(first["time"]) == pytest.approx([0.0, 0.5, 2.0])
    assert list(first["arrived"]) == [0.0, 0.5, 0.5]
    assert set(curve.loc[curve["optimizer"] == "nag_sutskever", "arrived"]) == {0.0}
    assert (curve["low"] <= curve["arrived"]).all()
    assert (curve["arrived"] <= curve["high"]).all()
    exact = [stats.binomtest(count, 2).proportion_ci(0.95, "exact") for count in (0, 1, 1)]
    np.testing.assert_allclose(first["low"], [one.low for one in exact], atol=1e-12)
    np.testing.assert_allclose(first["high"], [one.high for one in exact])


def of_two(one: list[float], other: list[float], end: float = 8.0) -> float:
    times = np.array([*one, *other], float)
    labels = np.array(["a"] * len(one) + ["b"] * len(other))
    return log_rank(times, np.full(len(times), end), labels)


def test_of_two_groups_the_test_of_all_is_the_log_rank_test() -> None:
    one, two = [1.0, 2, 3, NEVER, NEVER], [2.0, 4, 5, 6, NEVER]

    def censored(times: list[float]) -> stats.CensoredData:
        reached = [time for time in times if not math.isnan(time)]
        return stats.CensoredData(uncensored=reached, right=[8.0] * (len(times) - len(reached)))

    expected = stats.logrank(censored(one), censored(two)).pvalue
    assert of_two(one, two) == pytest.approx(expected)


def test_where_nobody_arrives_log_rank_says_nothing() -> None:
    assert math.isnan(of_two([NEVER] * 3, [NEVER] * 3))
    assert of_two([2.0] * 3, [2.0] * 3) == 1
    assert of_two([1.0, 2, 3], [4.0, 5, 6]) < 0.05
    assert of_two([2.0] * 3, [2.0, 2, NEVER], end=2.0) < 1  # of the same end, but not all arrive
    times, labels = np.array([1.0, 2, 3, NEVER, NEVER]), np.array(["a"] * 3 + ["b"] * 2)
    # Who was watched no longer when the first arrived takes no part.
    assert math.isnan(log_rank(times, np.array([8.0, 8, 8, 0.5, 0.5]), labels))


def test_the_log_rank_test_of_three_groups_is_that_of_its_formula() -> None:
    """Observed less expected arrivals, without the last group, in their hypergeometric metric."""
    noise = np.random.default_rng(5)
    times, labels = noise.permutation(18) + 1.0, np.repeat(["a", "b", "c"], 6)
    times[:6] /= 3.1  # no two are equal
    times[noise.permutation(18)[:4]] = NEVER
    reached, ends = ~np.isnan(times), np.where(np.isnan(times), 20.0, times)
    surplus, metric = np.zeros(3), np.zeros((3, 3))
    for time in times[reached]:
        risk = np.array([(ends[labels == name] >= time).sum() for name in "abc"]) / (
            (ends >= time).sum()
        )
        surplus += (labels[ends == time][0] == np.array(["a", "b", "c"])) - risk
        metric += np.diag(risk) - np.outer(risk, risk)
    squared = surplus[:2] @ np.linalg.solve(metric[:2, :2], surplus[:2])
    found = log_rank(times, np.full(18, 20.0), labels)
    assert found == pytest.approx(stats.chi2.sf(squared, 2))


def test_an_evaluation_suffices_for_a_first_hit_and_three_sustain_it(small_study: Study) -> None:
    study = replace(
        small_study,
        workloads={"tiny": replace(small_study.workloads["tiny"], epochs=4)},
    )
    ends = [[0.1, 0.1, 0.3, 0.1, 0.3], [0.1, 0.1, 0.3, 0.3, 0.3]]
    found = hits(study, *records_of(study, {"sgd": ends}))
    times = found[found["clock"] == "epochs"].groupby("kind")["time"].apply(list)
    assert times["first"] == pytest.approx([1.5, 1.5])
    assert times["sustained"] == pytest.approx([NEVER, 1.5], nan_ok=True)


def test_log_rank_has_a_row_a_target_clock_and_kind(small_study: Study) -> None:
    found = frames_of(small_study, [[0.1, 0.3, 0.3]] * 2, [[0.1, 0.2, 0.4]] * 2)
    table = log_rank_tests(found)
    assert len(table) == 1 * 2 * 2
    assert set(table["groups"]) == {2}
