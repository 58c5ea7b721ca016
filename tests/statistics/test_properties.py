"""What holds of the statistics whatever the data, and what they say of little data."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nagbench.statistics.comparison import comparisons
from nagbench.statistics.hypotheses import equivalence_test, randomisation_p, verdicts
from nagbench.statistics.intervals import holm, mean_interval, share_interval
from nagbench.statistics.sign_flips import two_sided_p
from nagbench.statistics.speed import Hits, median_time, restricted_mean_interval
from nagbench.statistics.speed_comparison import difference, log_rank, ratio_interval
from nagbench.statistics.stability import brown_forsythe, divergence_test, stability
from nagbench.study.file import load_study
from nagbench.study.model import Study
from records_of import records_of

BUDGET = 10.0
VALUES = st.lists(st.integers(-50, 50), min_size=3, max_size=8).map(lambda x: np.array(x) / 10)
TIMES = st.one_of(st.integers(1, 99).map(lambda x: x / 10), st.just(math.nan))
PAIRS = st.lists(st.tuples(TIMES, TIMES), min_size=3, max_size=7)


def hits(times: Any, budget: float = BUDGET) -> Hits:
    """NaN: never arrived."""
    found = np.asarray(times, float)
    reached = ~np.isnan(found)
    return Hits(np.where(reached, found, budget), reached, budget)


def same(found: Any, expected: Any) -> bool:
    return bool(np.allclose(found, expected, rtol=1e-9, atol=1e-12, equal_nan=True))


ONE_SAMPLE: dict[str, Callable[[np.ndarray], Any]] = {
    "sign flips": two_sided_p,
    "mean": mean_interval,
    "equivalence": lambda values: equivalence_test(values, 1.0),
    "restricted mean": lambda values: restricted_mean_interval(hits(np.abs(values))),
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
    one, other = hits(np.abs(first)), hits(np.abs(second))
    assert log_rank(hits(np.abs(first[places])), other) == log_rank(one, other)


@given(pairs=PAIRS, order=st.randoms(use_true_random=False))
def test_differences_in_time_go_by_seed_not_by_row(
    pairs: list[tuple[float, float]], order: Any
) -> None:
    one, other = np.array(pairs).T
    seeds, places = np.arange(len(pairs)), list(range(len(pairs)))
    plain = difference(hits(one), seeds, hits(other), seeds, 0.05)
    order.shuffle(places)
    shuffled = difference(hits(one[places]), seeds[places], hits(other), seeds, 0.05)
    assert same(list(shuffled.values()), list(plain.values()))


@given(pairs=PAIRS)
def test_exchanging_the_groups_turns_the_difference_over(pairs: list[tuple[float, float]]) -> None:
    one, other = np.array(pairs).T
    seeds = np.arange(len(pairs))
    ahead = difference(hits(one), seeds, hits(other), seeds, 0.05)
    back = difference(hits(other), seeds, hits(one), seeds, 0.05)
    for name in ("p", "smallest_p", "logrank_p", "pairs"):
        assert same(back[name], ahead[name]), name
    for name, turned in (("difference", "difference"), ("low", "high"), ("high", "low")):
        assert same(-back[name], ahead[turned]), name
    for name, turned in (("ratio", "ratio"), ("ratio_low", "ratio_high")):
        assert same(1 / back[name], ahead[turned]), name


@given(first=VALUES, second=VALUES)
def test_tests_of_spread_and_divergence_take_no_side(first: np.ndarray, second: np.ndarray) -> None:
    assert same(brown_forsythe(first, second), brown_forsythe(second, first))
    statuses = [
        pd.DataFrame({"status": np.where(values > 0, "diverged", "finished")})
        for values in (first, second)
    ]
    assert same(divergence_test(*statuses), divergence_test(*reversed(statuses)))


@given(values=VALUES)
def test_equivalence_takes_no_side(values: np.ndarray) -> None:
    assert same(equivalence_test(values, 1.0), equivalence_test(-values, 1.0))


@given(values=VALUES, shift=st.integers(-5, 5), scale=st.integers(1, 50))
def test_units_decide_nothing(values: np.ndarray, shift: int, scale: int) -> None:
    assert same(two_sided_p(scale * values), two_sided_p(values))
    other = values[::-1] ** 2
    assert same(
        brown_forsythe(shift + scale * values, scale * other), brown_forsythe(values, other)
    )
    low, high = mean_interval(values)
    assert same(mean_interval(shift + scale * values), (shift + scale * low, shift + scale * high))
    assert same(equivalence_test(scale * values, scale * 1.0), equivalence_test(values, 1.0))


@given(times=st.lists(TIMES, min_size=1, max_size=8))
def test_the_median_time_follows_a_monotone_clock(times: list[float]) -> None:
    stretched = median_time(hits(np.array(times) ** 3, BUDGET**3))
    assert stretched == pytest.approx(median_time(hits(times)) ** 3)


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=8), order=st.randoms(use_true_random=False))
def test_holm_goes_with_its_tests(p: list[float], order: Any) -> None:
    places = list(range(len(p)))
    order.shuffle(places)
    assert same(holm(np.array(p)[places]), holm(np.array(p))[places])


@given(count=st.integers(0, 20), others=st.integers(1, 20))
def test_shares_and_their_complements_mirror(count: int, others: int) -> None:
    low, high = share_interval(count, count + others)
    assert same(share_interval(others, count + others), (1 - high, 1 - low))


# Little to say.


@pytest.mark.parametrize("values", [[0.5, math.nan, 0.2], [math.nan, math.nan]])
def test_what_is_not_a_number_shows_nothing(values: list[float]) -> None:
    array = np.array(values)
    assert math.isnan(two_sided_p(array))
    assert math.isnan(randomisation_p(array))
    assert math.isnan(equivalence_test(array, 1.0))
    assert math.isnan(brown_forsythe(array, np.arange(3.0)))
    assert np.isnan(mean_interval(array)).all()
    assert np.isnan(ratio_interval(array, np.ones(len(array)))).all()
    assert np.isnan(ratio_interval(np.ones(len(array)), array)).all()


@pytest.mark.parametrize("one_arrives", [False, True])
def test_groups_that_never_arrive(one_arrives: bool) -> None:
    never, other = hits([math.nan] * 6), hits([2, 3, 4, 5, 6, 7] if one_arrives else [math.nan] * 6)
    seeds = np.arange(6)
    row = difference(never, seeds, other, seeds, 0.05)
    assert median_time(never) == math.inf
    assert np.isnan(restricted_mean_interval(never)).all()
    if one_arrives:
        assert row["difference"] == pytest.approx(5.5)
        assert row["p"] == row["smallest_p"]
        assert row["logrank_p"] < 0.05
    else:
        assert row["difference"] == row["low"] == row["high"] == 0
        assert row["ratio"] == row["ratio_low"] == row["ratio_high"] == 1
        assert math.isnan(row["p"])
        assert math.isnan(row["logrank_p"])


def test_one_run_each() -> None:
    one, seed = np.array([0.5]), np.array([1])
    row = difference(hits([2.0]), seed, hits([3.0]), seed, 0.05)
    assert (row["pairs"], row["difference"], row["logrank_p"]) == (1, -1, 1)
    for name in ("low", "high", "ratio_low", "ratio_high", "p"):
        assert math.isnan(row[name]), name
    assert math.isnan(brown_forsythe(one, one))
    assert math.isnan(equivalence_test(one, 1.0))
    group = pd.DataFrame({"status": ["diverged"]})
    assert divergence_test(group, group.replace("diverged", "finished")) == 1
    low, high = share_interval(1, 1)
    assert 0.2 < low < high == 1


def test_identical_values() -> None:
    equal = np.full(6, 0.5)
    assert two_sided_p(equal - equal) == 1
    assert mean_interval(equal) == (0.5, 0.5)
    assert math.isnan(brown_forsythe(equal, equal + 1))
    assert equivalence_test(equal, 1.0) == 0
    assert ratio_interval(2 * equal, equal) == (2, 2)
    assert log_rank(hits(equal), hits(equal)) == 1


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


def test_a_metric_that_is_not_defined_is_inconclusive(
    small: dict[str, Any], tmp_path: Path
) -> None:
    small["hypotheses"] = {
        "h": {
            "claim": "NAG's gradients are more even",
            "workload": "tiny",
            "optimizer": "nag_sutskever",
            "reference": "sgd",
            "direction": "less",
            "metric": "gradient_ratio",
            "margin": 0.1,
        }
    }
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    study = load_study(str(path))
    runs, curves = records_of(
        study, {"sgd": [[0.1, 0.2, 0.3]] * 2, "nag_sutskever": [[0.1, 0.2, 0.4]] * 2}
    )
    (row,) = verdicts(study, runs, curves.assign(gradient_ratio=math.nan)).to_dict("records")
    assert row["verdict"] == "inconclusive"
    for name in ("effect", "low", "high", "p", "p_adjusted", "counter_p", "power"):
        assert math.isnan(row[name]), name
