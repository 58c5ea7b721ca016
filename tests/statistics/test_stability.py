"""Stability's measures by hand, and its tests on data whose truth is known."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nagbench.statistics.stability import (
    band,
    brown_forsythe,
    divergence_test,
    learning_rate_bands,
    stability,
    within_runs,
)
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


def group(diverged: int, total: int) -> pd.DataFrame:
    return pd.DataFrame({"status": ["diverged"] * diverged + ["finished"] * (total - diverged)})


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        (group(0, 10), group(0, 10), 1.0),
        (group(5, 5), group(0, 5), 2 / math.comb(10, 5)),
        (group(1, 10), group(0, 10), 1.0),
    ],
)
def test_divergence_is_tested_exactly(first: pd.DataFrame, second: pd.DataFrame, p: float) -> None:
    assert divergence_test(first, second) == pytest.approx(p)


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


def test_the_unrest_of_runs_is_averaged_over_them() -> None:
    curves = pd.concat(
        [
            curve("a", [0.1, 0.5, 0.3, 0.6], [math.nan, 1, 2, 9], [0, 1, 2, 0]),
            curve("b", [0.1, 0.2, 0.3, 0.4], [math.nan, 1, 1, 1], [0, 0, 0, 1]),
        ]
    )
    found = within_runs(curves)
    assert found["largest_fall"] == pytest.approx((0.2 + 0) / 2)
    assert found["spikes"] == 2
    assert found["gradient_tail"] == pytest.approx((4.5 + 1) / 2)
    spread = np.std([0.1, 0.5, 0.3, 0.6], ddof=1) + np.std([0.1, 0.2, 0.3, 0.4], ddof=1)
    assert found["last_spread"] == pytest.approx(spread / 2)


def test_a_band_is_cut_where_accuracy_crosses_the_margin() -> None:
    rates = np.array([1e-3, 1e-2, 1e-1, 1.0])
    # Falls by 0.04 in the decade above the best, half of which lies within 0.02; below, steeply.
    assert band(rates, np.array([0.5, 0.9, 0.86, 0.1]), 0.02) == pytest.approx(0.5 + 0.02 / 0.4)
    assert band(rates, np.array([0.9, 0.9, 0.9, 0.9]), 0.02) == pytest.approx(3)
    assert band(rates, np.array([0.9, 0.1, 0.1, 0.9]), 0.02) == pytest.approx(0.02 / 0.8)


@given(
    st.lists(st.floats(0, 1).map(lambda x: round(x, 3)), min_size=2, max_size=8),
    st.floats(0.001, 0.5),
)
def test_a_wider_margin_never_narrows_a_band(accuracy: list[float], margin: float) -> None:
    rates = np.geomspace(1e-4, 1, len(accuracy))
    values = np.array(accuracy)
    assert 0 <= band(rates, values, margin) <= band(rates, values, 2 * margin) + 1e-12 <= 4 + 1e-9


def test_tables_for_a_study(small_study: Study) -> None:
    runs, curves = records_of(
        small_study,
        {"sgd": [[0.1, 0.2, 0.3], [0.1]], "nag_sutskever": [[0.1, 0.5, 0.4], [0.1, 0.5, 0.6]]},
    )
    table = stability(small_study, runs, curves).set_index("optimizer")
    assert list(table["diverged"]) == [1, 0]
    assert math.isnan(table.at["sgd", "spread_p"])  # the baseline, against itself
    assert math.isnan(table.at["nag_sutskever", "spread_p"])  # two runs are too few
    assert table.at["nag_sutskever", "diverged_p"] == 1
    assert table.at["nag_sutskever", "largest_fall"] == pytest.approx(0.05)
    tuned = pd.concat(
        runs.assign(run=runs["run"] + str(n), learning_rate=10.0**-n, stage="tune")
        for n in range(3)
    )
    tuned_curves = pd.concat(curves.assign(run=curves["run"] + str(n)) for n in range(3))
    bands = learning_rate_bands(small_study, tuned, tuned_curves).set_index("optimizer")
    assert bands.at["nag_sutskever", "decades"] == pytest.approx(2)  # the same at every rate
    assert bands.at["nag_sutskever", "searched"] == pytest.approx(2)
    assert bands.at["sgd", "diverged"] == 0.5
