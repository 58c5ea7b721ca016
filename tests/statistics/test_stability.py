"""Stability's measures by hand, and its tests on data whose truth is known."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import binomtest

from nagbench.metrics import largest_fall, spikes, unrest
from nagbench.statistics.event_rates import rate_difference_p
from nagbench.statistics.intervals import holm
from nagbench.statistics.stability import brown_forsythe, stability
from nagbench.study.file import study_of
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
    if shift < 0.05:
        assert (row["bad"], row["caught"], row["good"], row["alarms"]) == (0, 0, 10, 2)
        assert math.isnan(row["caught_low"])
    else:
        assert (row["bad"], row["caught"], row["good"], row["alarms"]) == (2, 1, 8, 1)
        exact = binomtest(1, 8).proportion_ci(0.95, "exact")
        found = row["alarms_low"], row["alarms_high"]
        assert found == pytest.approx((exact.low, exact.high))


BREAKS = {  # of eight runs of each these diverge, and these fail
    "sgd": ({1, 2}, {5}),
    "nag_sutskever": ({0}, set()),
    "adam": ({0, 1, 2, 3, 4}, {6, 7}),
}


def broken(small: dict[str, Any], baseline: str, seeds: int = 8) -> tuple[pd.DataFrame, ...]:
    """The table, and the records that it is of; a workload before theirs has none."""
    small["testing"]["seeds"] = list(range(11, 11 + seeds))
    small["optimizers"]["adam"] = None
    small["baseline"] = baseline
    small["workloads"] = {"bare": small["workloads"]["tiny"], **small["workloads"]}
    study = study_of("small", small, "a test")
    noise = np.random.default_rng(2)
    curves: dict[Any, list[list[float]]] = {
        ("tiny", name): [[0.1, 0.2, noise.normal(0.4, 0.02)] for _ in range(seeds)]
        for name in study.optimizers
    }
    runs, rows = records_of(study, curves)
    for name, kinds in BREAKS.items():
        for status, lost in zip(("diverged", "failed"), kinds, strict=True):
            place = (runs["optimizer"] == name) & (runs["seed"] - 11).isin(lost)
            runs.loc[place, "status"] = status
    rows["gradient_norm"] = np.where(rows["epoch"] == 0, np.nan, noise.uniform(1, 9, len(rows)))
    return stability(study, runs, rows).set_index("optimizer"), runs, rows


@pytest.mark.parametrize("baseline", list(BREAKS))
def test_each_is_held_against_the_baseline(small: dict[str, Any], baseline: str) -> None:
    table, runs, rows = broken(small, baseline)
    ends = rows[rows["epoch"] == 2].set_index("run")["test_accuracy"]
    accuracy = {}
    for name, (diverged, failed) in BREAKS.items():
        own = runs[runs["optimizer"] == name]
        accuracy[name] = np.where(own["status"] == "finished", own["run"].map(ends), 0.1)
        row = table.loc[name]
        assert (row["workload"], row["runs"]) == ("tiny", 8)
        assert (row["diverged"], row["failed"]) == (len(diverged), len(failed))
        exact = binomtest(len(diverged), 8).proportion_ci(0.95, "exact")
        found = row["diverged_low"], row["diverged_high"]
        assert found == pytest.approx((exact.low, exact.high))
        assert row["sd"] == pytest.approx(pd.Series(accuracy[name]).std())
        assert row["interquartile"] == pytest.approx(stats.iqr(accuracy[name]))
        norms = rows[rows["run"].isin(own["run"])].groupby("run")["gradient_norm"]
        assert row["gradient_tail"] == pytest.approx((norms.max() / norms.median()).mean())
    for name, (diverged, _) in BREAKS.items():
        found = table.loc[name, ["spread_p", "diverged_p"]]
        if name == baseline:
            assert found.isna().all()
            continue
        levene = stats.levene(accuracy[name], accuracy[baseline], center="median").pvalue
        counts = len(diverged), 8, len(BREAKS[baseline][0]), 8
        assert list(found) == pytest.approx([levene, rate_difference_p(*counts)])
    for test in ("spread", "diverged"):
        wanted = holm(table[f"{test}_p"].to_numpy(float))
        np.testing.assert_allclose(table[f"{test}_p_adjusted"], wanted)


def test_without_runs_of_the_baseline_nothing_is_tested(small_study: Study) -> None:
    table = stability(small_study, *records_of(small_study, {"nag_sutskever": [[0.1, 0.2, 0.4]]}))
    assert list(table["optimizer"]) == ["nag_sutskever"]
    assert table[["spread_p", "diverged_p", "sd"]].isna().all(axis=None)  # nor has one run a spread
    ends = [[0.1, 0.2, 0.4], [0.1, 0.2, 0.6]]
    two = stability(small_study, *records_of(small_study, {"nag_sutskever": ends}))
    assert list(two["sd"]) == pytest.approx([0.2 / math.sqrt(2)])


def test_spreads_of_two_runs_and_of_many_are_tested() -> None:
    two, many = np.array([0.1, 0.9]), np.array([0.1, 0.3, 0.35, 0.9])
    wanted = stats.levene(two, many, center="median").pvalue
    assert brown_forsythe(two, many) == brown_forsythe(many, two) == pytest.approx(wanted)


def test_a_single_spike_is_seen(small_study: Study) -> None:
    runs, curves = records_of(small_study, {"sgd": [[0.1, 0.3, 0.4]] * 2})
    curves.loc[(curves["run"] == runs["run"].iloc[0]) & (curves["epoch"] == 2), "spikes"] = 1.0
    assert stability(small_study, runs, curves)["alarms"].tolist() == [1]
