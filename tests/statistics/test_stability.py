"""Stability's measures by hand, and its tests on data whose truth is known."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import binomtest

from nagbench.metrics import largest_fall, spikes, unrest
from nagbench.statistics.stability import BAD, brown_forsythe, stability
from nagbench.study.model import Study
from records_of import records_of


def test_spreads_are_tested_by_distances_from_the_median() -> None:
    noise = np.random.default_rng(0)
    first, second = noise.normal(0, 1, 9), noise.normal(0, 3, 11)
    distances = [np.abs(group - np.median(group)) for group in (first, second)]
    assert brown_forsythe(first, second) == pytest.approx(stats.f_oneway(*distances).pvalue)


@pytest.mark.parametrize(
    ("first", "second"),
    [([1, 1], [2, 2]), ([1], [1, 2]), ([0.1, 0.3], [0.1, 0.9]), ([0, 0, 0.1, 0.1], [0, 3])],
)
def test_where_distances_do_not_vary_nothing_is_tested(
    first: list[float], second: list[float]
) -> None:
    assert math.isnan(brown_forsythe(np.array(first), np.array(second)))


def test_equal_spreads_are_rejected_at_the_level_at_most() -> None:
    """Unequal means, equal spreads, heavy tails: Brown and Forsythe's case."""
    noise = np.random.default_rng(1)
    rejected = np.mean(
        [
            brown_forsythe(noise.standard_t(5, 12), 3 + noise.standard_t(5, 12)) <= 0.05
            for _ in range(1500)
        ]
    )
    assert rejected <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 1500)


def curve(run: str, accuracy: list[float], norms: list[float], spikes: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": run,
            "epoch": range(len(accuracy)),
            "validation_accuracy": accuracy,
            "gradient_norm": norms,
            "spikes": spikes,
        }
    )


def test_the_unrest_of_runs_is_measured_by_run() -> None:
    curves = pd.concat(
        [
            curve("a", [0.1, 0.5, 0.3, 0.6], [math.nan, 1, 2, 9], [0, 1, 2, 0]),
            curve("b", [0.1, 0.2, 0.3, 0.4], [math.nan, 1, 1, 1], [0, 0, 0, 1]),
        ]
    )
    runs = pd.DataFrame({"run": ["b", "a"]})
    np.testing.assert_allclose(largest_fall(runs, curves), [0, 0.2])
    np.testing.assert_allclose(spikes(runs, curves), [1, 3])
    expected = [np.std(one, ddof=1) for one in ([0.1, 0.2, 0.3, 0.4], [0.1, 0.5, 0.3, 0.6])]
    np.testing.assert_allclose(unrest(runs, curves), expected)


def test_tables_for_a_study(small_study: Study) -> None:
    runs, curves = records_of(
        small_study,
        {"sgd": [[0.1, 0.2, 0.3], [0.1]], "nag_sutskever": [[0.1, 0.5, 0.4], [0.1, 0.5, 0.6]]},
    )
    table = stability(small_study, runs, curves).set_index("optimizer")
    assert list(table["diverged"]) == [1, 0]
    assert (table["diverged_low"] <= table["diverged"] / 2).all()
    assert (table["diverged"] / 2 <= table["diverged_high"]).all()
    assert math.isnan(table.at["sgd", "spread_p"])  # the baseline, against itself
    assert math.isnan(table.at["nag_sutskever", "spread_p"])  # two runs are too few
    assert table.at["nag_sutskever", "diverged_p"] == 1
    assert table.at["nag_sutskever", "largest_fall"] == pytest.approx(0.05)
    assert table.at["nag_sutskever", "gradient_tail"] == 1


@pytest.mark.parametrize("shift", [0.0499, 0.0501])
def test_spikes_are_a_detector_of_bad_optima(small_study: Study, shift: float) -> None:
    """Of 10 runs two end under the median, one of them after a spike; one more spikes in vain."""
    ends = [0.4] * 8 + [0.4 - shift] * 2
    small_study = replace(
        small_study, testing=replace(small_study.testing, seeds=tuple(range(11, 21)))
    )
    runs, curves = records_of(small_study, {"sgd": [[0.1, 0.3, end] for end in ends]})
    own = runs[runs["optimizer"] == "sgd"].sort_values("seed")["run"].to_list()
    curves.loc[curves["run"].isin([own[0], own[8]]) & (curves["epoch"] == 2), "spikes"] = 3.0
    row = stability(small_study, runs, curves).set_index("optimizer").loc["sgd"]
    if shift < BAD:
        assert (row["bad"], row["caught"], row["good"], row["alarms"]) == (0, 0, 10, 2)
        assert math.isnan(row["caught_low"])
    else:
        assert (row["bad"], row["caught"], row["good"], row["alarms"]) == (2, 1, 8, 1)
        exact = binomtest(1, 8).proportion_ci(0.95, "exact")
        found = row["alarms_low"], row["alarms_high"]
        assert found == pytest.approx((exact.low, exact.high))
