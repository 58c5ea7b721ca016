"""Differences in time below the targets, on records whose times are known."""

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nagbench.statistics.course import course, horizon
from nagbench.statistics.speed import hits, time_to_target
from nagbench.statistics.speed_comparison import (
    courses,
    profiles,
    ratio_interval,
    speed_comparisons,
    times_below,
)
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import Records, records_of

# At the target of 0.2 after 1 1/3 epochs and 1 1/2; after 1/2 and 2/3.
SGD = [[0.1, 0.15, 0.3], [0.1, 0.12, 0.28]]
NAG = [[0.1, 0.3, 0.4], [0.1, 0.25, 0.4]]
TIMES = np.array([[4 / 3, 1.5], [0.5, 2 / 3]])


def frames_of(study: Study) -> Records:
    return records_of(study, {"sgd": SGD, "nag_sutskever": NAG})


def compared(study: Study, records: Records, clock: str = "epochs") -> pd.Series:
    table = speed_comparisons(study, courses(study, *records))
    return table[table["clock"] == clock].iloc[0]


@pytest.mark.parametrize(("clock", "steps"), [("epochs", 1), ("gradients", 10)])
def test_the_difference_is_that_of_times_below_by_seed(
    small_study: Study, clock: str, steps: int
) -> None:
    row = compared(small_study, frames_of(small_study), clock)
    assert (row["optimizer"], row["reference"], row["pairs"]) == ("nag_sutskever", "sgd", 2)
    assert row["difference"] == pytest.approx(steps * (TIMES[1] - TIMES[0]).mean(), abs=1e-6)
    assert row["ratio"] == pytest.approx(TIMES[1].mean() / TIMES[0].mean(), abs=1e-6)
    assert row["better"] == 1  # less time is better
    assert row["horizon"] == 2 * steps


def test_rows_in_any_order_give_the_same_table(small_study: Study) -> None:
    runs, curves = frames_of(small_study)
    shuffled = runs.sample(frac=1, random_state=1), curves.sample(frac=1, random_state=2)
    for table in (speed_comparisons, times_below):
        one, other = (
            table(small_study, courses(small_study, *r)) for r in ((runs, curves), shuffled)
        )
        pd.testing.assert_frame_equal(one, other)


def test_only_common_seeds_are_paired(small_study: Study) -> None:
    runs, curves = frames_of(small_study)
    row = compared(small_study, (runs.iloc[1:], curves))
    assert row["pairs"] == 1
    assert row["difference"] == pytest.approx(TIMES[1, 1] - TIMES[0, 1], abs=1e-6)
    assert math.isnan(row["p"])


def test_the_horizon_is_the_cheaper_arms(small_study: Study) -> None:
    """An arm whose steps take two gradients has a budget of twice as many: neither is counted
    beyond the other's, and an arm that arrives only there fails."""
    runs, curves = frames_of(small_study)
    dear = curves["run"].isin(runs.loc[runs["optimizer"] == "nag_sutskever", "run"])
    curves["gradient_evaluations"] *= np.where(dear, 2.0, 1.0)
    found = courses(small_study, runs, curves)["tiny", "gradients"]
    assert {name: one.planned for name, one in found.items()} == {"sgd": 20, "nag_sutskever": 40}
    assert horizon(found.values()) == 20
    row = compared(small_study, (runs, curves), "gradients")
    assert row["difference"] == pytest.approx((20 * TIMES[1] - 10 * TIMES[0]).mean(), abs=1e-5)
    late = [[0.1, 0.1, 0.3]] * 2
    runs, curves = records_of(small_study, {"sgd": SGD, "nag_sutskever": late})
    curves["gradient_evaluations"] *= np.where(dear, 2.0, 1.0)
    row = compared(small_study, (runs, curves), "gradients")
    assert (row["fails"], row["reference_fails"]) == (2, 0)
    assert compared(small_study, (runs, curves), "epochs")["fails"] == 0


def test_where_a_run_fails_pairs_are_counted_and_no_mean_is_formed(small_study: Study) -> None:
    broken = records_of(small_study, {"sgd": [SGD[0], [0.1, 0.3]], "nag_sutskever": NAG})
    row = compared(small_study, broken)
    assert (row["wins"], row["losses"], row["better"]) == (2, 0, 1)
    assert row["p"] == 0.5
    names = ("difference", "low", "high", "ratio", "ratio_low", "ratio_high")
    assert np.isnan([row[name] for name in names]).all()
    table = times_below(small_study, courses(small_study, *broken)).set_index("optimizer")
    assert list(table.loc["sgd", "fails"]) == [1, 1]
    assert table.loc["sgd", "mean"].isna().all()
    assert list(table.loc["sgd", "median"]) == [math.inf] * 2


def test_a_broken_runs_budget_is_told_by_the_epochs_that_it_had(small_study: Study) -> None:
    runs, curves = records_of(small_study, {"sgd": [[0.1, 0.1]] * 2, "nag_sutskever": [[0.1]] * 2})
    for name, planned in (("sgd", 20), ("nag_sutskever", math.inf)):
        own = runs[runs["optimizer"] == name]
        assert course(own, curves, "gradients").planned == planned
        assert course(own, curves, "epochs").planned == 2
    row = compared(small_study, (runs, curves), "gradients")
    assert math.isnan(row["p"])  # both failed throughout: nothing is known


POSITIVE = st.floats(0.5, 9.5).map(lambda x: round(x, 1))


@given(pairs=st.lists(st.tuples(POSITIVE, POSITIVE), min_size=2, max_size=8))
def test_a_ratios_interval_turns_over_with_it(pairs: list[tuple[float, float]]) -> None:
    one, other = np.array(pairs).T
    low, high = ratio_interval(one, other)
    assert low <= one.mean() / other.mean() * (1 + 1e-12)
    assert ratio_interval(other, one) == pytest.approx((1 / high, 1 / low))
    assert ratio_interval(3 * one, other) == pytest.approx((3 * low, 3 * high))


def test_a_ratios_interval_is_students_of_its_logarithm() -> None:
    one, other = np.array([3.0, 5.0, 4.0, 6.0]), np.array([2.0, 2.5, 3.5, 2.0])
    spread = one / one.mean() - other / other.mean()
    half = stats.t.ppf(0.975, 3) * spread.std(ddof=1) / 2
    ratio = one.mean() / other.mean()
    wanted = ratio * math.exp(-half), ratio * math.exp(half)
    assert ratio_interval(one, other) == pytest.approx(wanted)
    two = one[:2], other[:2]
    assert all(map(math.isfinite, ratio_interval(*two)))
    for pair in ((one[:1], other[:1]), (0 * one, other), (one, 0 * other), (-one, -other)):
        assert all(map(math.isnan, ratio_interval(*pair)))


def test_the_ratios_interval_covers() -> None:
    noise = np.random.default_rng(2)
    covered = 0
    for _ in range(1000):
        low, high = ratio_interval(2 * noise.gamma(9, 1, 6), noise.gamma(9, 1, 6))
        covered += low <= 2 <= high
    assert abs(covered / 1000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 1000)


def test_a_ratio_to_nothing_is_not_defined(small_study: Study) -> None:
    """Targets may be reached before training begins."""
    records = records_of(small_study, {"sgd": [[0.3] * 3] * 2, "nag_sutskever": NAG})
    row = compared(small_study, records)
    assert row["difference"] > 0
    assert math.isnan(row["ratio"])


def test_profiles_are_stairs_whose_area_is_exact(small_study: Study) -> None:
    cases = [("a", 1.0, 2.0), ("b", 6.0, 3.0), ("c", math.inf, 4.0), ("d", math.inf, math.inf)]
    times = pd.DataFrame(
        {
            "workload": workload,
            "target": 0.5,
            "clock": "gradients",
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
    keys = {"target": 0.5, "clock": "gradients", "kind": "sustained"}
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
    table = profiles(small_study, time_to_target(hits(small_study, *frames_of(small_study))))
    assert set(table["optimizer"]) == {"sgd", "nag_sutskever"}
    assert table["area"].isna().all()  # two epochs hold no three in a row
    assert list(itertools.chain(*table["share"])) == pytest.approx([math.nan] * 4, nan_ok=True)


def test_times_below_have_students_interval(small_study: Study) -> None:
    table = times_below(small_study, courses(small_study, *frames_of(small_study)))
    own = table[table["clock"] == "epochs"].set_index("optimizer")
    for name, times in zip(("sgd", "nag_sutskever"), TIMES, strict=True):
        row = own.loc[name]
        interval = stats.ttest_1samp(times, 0).confidence_interval(0.95)
        assert list(row[["mean", "low", "high"]]) == pytest.approx(
            [times.mean(), interval.low, interval.high], abs=1e-5
        )
        assert (row["runs"], row["fails"]) == (2, 0)
        assert row["median"] == pytest.approx(times.mean(), abs=1e-6)


def test_three_pairs_of_a_workload_and_clock_are_a_family(small: dict[str, Any]) -> None:
    """Of eight seeds; one workload has one optimizer's runs alone, and of the third optimizer no
    run ever arrives."""
    small["testing"]["seeds"] = list(range(11, 19))
    small["optimizers"]["adam"] = None
    small["workloads"] = {"bare": small["workloads"]["tiny"], **small["workloads"]}
    study = study_of("small", small, "a test")
    noise = np.random.default_rng(3)
    curves: dict[Any, list[list[float]]] = {
        ("tiny", "sgd"): [[0.1, noise.uniform(0.12, 0.19), 0.3] for _ in range(8)],
        ("tiny", "nag_sutskever"): [[0.1, noise.uniform(0.22, 0.29), 0.3] for _ in range(8)],
        ("tiny", "adam"): [[0.1, 0.1, 0.1]] * 8,
    }
    curves["bare", "sgd"] = curves["tiny", "sgd"]
    table = speed_comparisons(study, courses(study, *records_of(study, curves)))
    assert list(table.columns[:2]) == ["workload", "clock"]
    assert set(table["workload"]) == {"tiny"}
    assert dict(table["clock"].value_counts()) == {"gradients": 3, "epochs": 3}
    for _, rows in table.groupby("clock"):
        assert list(rows["p"]) == [2 / 2**8] * 3
        assert list(rows["p_adjusted"]) == [2 * 2 / 2**8] * 3
        assert list(rows["differs"]) == [True] * 3
        assert list(rows["better"]) == [1, -1, -1]
    # Two of which neither arrives are not told apart, nor are equal ones.
    curves["tiny", "nag_sutskever"] = curves["tiny", "adam"]
    table = speed_comparisons(study, courses(study, *records_of(study, curves)))
    pairs = table[table["clock"] == "epochs"].set_index(["optimizer", "reference"])
    assert math.isnan(pairs.at[("adam", "nag_sutskever"), "p"])
    assert list(pairs["differs"]) == [True, True, False]


def test_profiles_are_of_one_clock_and_of_sustained_times(small_study: Study) -> None:
    """Rows of other clocks and kinds, whose names come before and after, change nothing."""
    rows = [("a", "sgd", 1.0), ("a", "nag_sutskever", 4.0)]
    wanted = {"workload": "a", "target": 0.5, "clock": "gradients", "kind": "sustained"}
    others = [{"clock": "epochs"}, {"clock": "seconds"}, {"kind": "first"}, {"kind": "the last"}]
    times = pd.DataFrame(
        [{**wanted, "optimizer": name, "median": value} for _, name, value in rows]
        + [
            {**wanted, **other, "workload": "b", "optimizer": name, "median": 5.0 - value}
            for other in others
            for _, name, value in rows
        ]
    )
    table = profiles(small_study, times).set_index("optimizer")
    assert list(table["cases"]) == [1, 1]
    # One is best, the other takes four times as long: solved at the limit, which has no width.
    assert table["area"].to_dict() == {"sgd": 1.0, "nag_sutskever": 0.0}
    assert table["within"].to_dict() == {"sgd": [1.0, 1.0, 4.0], "nag_sutskever": [1.0, 4.0, 4.0]}
    assert table["share"].to_dict() == {"sgd": [1.0, 1.0, 1.0], "nag_sutskever": [0.0, 1.0, 1.0]}
