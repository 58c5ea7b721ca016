"""What holds of the statistics whatever the data, and what they say of little data."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.statistics.comparison import compared, comparisons
from nagbench.statistics.contrast import LESS, contrast
from nagbench.statistics.intervals import holm, mean_interval
from nagbench.statistics.measures import Measured
from nagbench.statistics.result_tables import result_tables
from nagbench.statistics.sign_flips import equivalence_p, interval, two_sided_p
from nagbench.statistics.speed import log_rank, median_interval, median_time
from nagbench.statistics.speed_comparison import ratio_interval
from nagbench.statistics.stability import brown_forsythe, stability
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import records_of, whole_records_of

BUDGET = 10.0
VALUES = st.lists(st.integers(-50, 50), min_size=3, max_size=8).map(lambda x: np.array(x) / 10)
TIMES = st.one_of(st.integers(1, 99).map(lambda x: x / 10), st.just(math.nan))
PAIRS = st.lists(st.tuples(TIMES, TIMES), min_size=3, max_size=7)


def same(found: Any, expected: Any) -> bool:
    return bool(np.allclose(found, expected, rtol=1e-9, atol=1e-12, equal_nan=True))


ONE_SAMPLE: dict[str, Callable[[np.ndarray], Any]] = {
    "sign flips": two_sided_p,
    "mean": mean_interval,
    "sign flips' interval": lambda values: interval(values, 0.3),
    "equivalence": lambda values: equivalence_p(values, 1.0),
    "median": lambda values: median_interval(values, 0.5),
}


@pytest.mark.parametrize("name", ONE_SAMPLE)
@given(values=VALUES, order=st.randoms(use_true_random=False))
def test_the_order_of_runs_decides_nothing(name: str, values: np.ndarray, order: Any) -> None:
    places = list(range(len(values)))
    order.shuffle(places)
    assert same(ONE_SAMPLE[name](values[places]), ONE_SAMPLE[name](values))


@given(first=VALUES, second=VALUES, order=st.randoms(use_true_random=False))
def test_nor_in_two_groups(first: np.ndarray, second: np.ndarray, order: Any) -> None:
    places = list(range(len(first)))
    order.shuffle(places)
    assert same(brown_forsythe(first[places], second), brown_forsythe(first, second))
    times, labels = (
        np.abs(np.append(first, second)),
        np.repeat(["a", "b"], [len(first), len(second)]),
    )
    shuffled = np.abs(np.append(first[places], second))
    ends = np.full(len(times), BUDGET)
    assert same(log_rank(shuffled, ends, labels), log_rank(times, ends, labels))


def measured(pairs: list[tuple[float, float]]) -> list[Measured]:
    """Times of two arms, of which NaN ones fail."""
    found = []
    for times in np.array(pairs).T:
        fails = np.isnan(times)
        found.append(
            Measured(pd.Series(np.where(fails, BUDGET, times)), pd.Series(fails), len(pairs))
        )
    return found


@given(pairs=PAIRS)
def test_exchanging_the_arms_turns_a_comparison_over(pairs: list[tuple[float, float]]) -> None:
    one, other = measured(pairs)
    ahead = compared(contrast([one], [other], better=LESS), 0.3)
    back = compared(contrast([other], [one], better=LESS), 0.3)
    for name in ("p", "pairs"):
        assert same(back[name], ahead[name]), name
    for name, turned in (("difference", "difference"), ("low", "high"), ("high", "low")):
        assert same(-back[name], ahead[turned]), name
    for name, turned in (("wins", "losses"), ("fails", "reference_fails")):
        assert back[name] == ahead[turned]
    assert back["better"] == -ahead["better"]


@given(first=VALUES, second=VALUES)
def test_the_test_of_spread_takes_no_side(first: np.ndarray, second: np.ndarray) -> None:
    assert same(brown_forsythe(first, second), brown_forsythe(second, first))


@given(values=VALUES)
def test_equivalence_takes_no_side(values: np.ndarray) -> None:
    assert same(equivalence_p(values, 1.0), equivalence_p(-values, 1.0))


@given(values=VALUES, shift=st.integers(-5, 5), scale=st.integers(1, 50))
def test_units_decide_nothing(values: np.ndarray, shift: int, scale: int) -> None:
    assert same(two_sided_p(scale * values), two_sided_p(values))
    other = values[::-1] ** 2
    assert same(
        brown_forsythe(shift + scale * values, scale * other), brown_forsythe(values, other)
    )
    low, high = mean_interval(values)
    assert same(mean_interval(shift + scale * values), (shift + scale * low, shift + scale * high))
    assert same(equivalence_p(scale * values, scale * 1.0), equivalence_p(values, 1.0))


@given(times=st.lists(TIMES, min_size=1, max_size=8))
def test_the_median_time_follows_a_monotone_clock(times: list[float]) -> None:
    stretched = median_time(np.array(times) ** 3)
    assert stretched == pytest.approx(median_time(np.array(times)) ** 3)


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=8), order=st.randoms(use_true_random=False))
def test_holm_goes_with_its_tests(p: list[float], order: Any) -> None:
    places = list(range(len(p)))
    order.shuffle(places)
    assert same(holm(np.array(p)[places]), holm(np.array(p))[places])


# Little to say.


@pytest.mark.parametrize("values", [[0.5, math.nan, 0.2], [math.nan, math.nan]])
def test_what_is_not_a_number_shows_nothing(values: list[float]) -> None:
    array = np.array(values)
    assert math.isnan(two_sided_p(array))
    assert math.isnan(equivalence_p(array, 1.0))
    assert np.isnan(interval(array, 0.5)).all()
    assert math.isnan(brown_forsythe(array, np.arange(3.0)))
    assert np.isnan(mean_interval(array)).all()
    assert np.isnan(ratio_interval(array, np.ones(len(array)))).all()
    assert np.isnan(ratio_interval(np.ones(len(array)), array)).all()


@pytest.mark.parametrize("values", [[math.inf, 1.0], [-math.inf, 1.0, 2.0]])
def test_what_is_infinite_has_no_mean_to_test(values: list[float]) -> None:
    """`sign_flip_test([inf, 1])` gave 0."""
    assert math.isnan(two_sided_p(np.array(values)))
    assert np.isnan(interval(np.array(values), 0.9)).all()


def test_one_run_each() -> None:
    one = np.array([0.5])
    row = compared(contrast(*([side] for side in measured([(2.0, 3.0)])), better=LESS), 0.05)
    assert (row["pairs"], row["difference"]) == (1, -1)
    for name in ("low", "high", "p"):
        assert math.isnan(row[name]), name
    assert math.isnan(brown_forsythe(one, one))
    assert np.isnan(interval(one, 0.05)).all()


def test_identical_values() -> None:
    equal = np.full(6, 0.5)
    assert two_sided_p(equal - equal) == 1
    assert mean_interval(equal) == (0.5, 0.5)
    assert math.isnan(brown_forsythe(equal, equal + 1))
    assert equivalence_p(equal, 1.0) == 1 / 2**6  # as small as six pairs can give, and not 0
    assert ratio_interval(2 * equal, equal) == (2, 2)


def test_a_seed_that_is_missing_leaves_pairs_and_not_groups(small_study: Study) -> None:
    runs, curves = records_of(
        small_study,
        {"sgd": [[0.1, 0.2, 0.3]] * 2, "nag_sutskever": [[0.1, 0.2, 0.4], [0.1, 0.2, 0.6]]},
    )
    missing = runs.iloc[1:]  # a seed of SGD's
    paired = comparisons(small_study, missing, curves).iloc[0]
    assert paired["pairs"] == 1
    assert paired["difference"] == pytest.approx(0.3)
    grouped = stability(small_study, missing, curves).set_index("optimizer")
    assert list(grouped["runs"]) == [1, 2]
    assert math.isnan(grouped.at["nag_sutskever", "spread_p"])
    disjoint = comparisons(small_study, runs.iloc[[0, 3]], curves).iloc[0]
    assert disjoint["pairs"] == 0
    assert math.isnan(disjoint["difference"])
    assert not disjoint["differs"]


def test_a_metric_that_is_not_defined_decides_nothing(small: dict[str, Any]) -> None:
    small["hypotheses"] = {
        "h": {
            "claim": "NAG's gradients are more even",
            "workload": "tiny",
            "optimizer": "nag_sutskever",
            "reference": "sgd",
            "statement": "difference",
            "direction": "less",
            "metric": "gradient_ratio",
            "margin": 0.1,
        }
    }
    study = study_of("small", small, "small")
    runs, curves = whole_records_of(
        study, {"sgd": [[0.1, 0.2, 0.3]] * 2, "nag_sutskever": [[0.1, 0.2, 0.4]] * 2}
    )
    tables = result_tables(study, runs, curves.assign(gradient_ratio=math.nan))
    (row,) = tables["hypotheses"].to_dict("records")
    assert row["verdict"] == "not testable here"
    assert row["remark"] == "the measure is not defined in 2 of 2 pairs"
    for name in ("effect", "low", "high", "p", "power"):
        assert math.isnan(row[name]), name
