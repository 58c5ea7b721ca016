"""The paired comparison of optimizers, by seed."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from made_up_measures import side
from nagbench.statistics.comparison import compared, comparisons, correlation
from nagbench.statistics.contrast import GREATER, LESS, contrast
from nagbench.statistics.intervals import bonferroni
from nagbench.statistics.sign_flips import interval, two_sided_p
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import records_of


def test_pairs_go_by_seed_and_a_missing_seed_drops_its_pair(small_study: Study) -> None:
    runs, curves = records_of(
        small_study,
        {
            "sgd": [[0.1, 0.2, 0.3], [0.1, 0.2, 0.5]],
            "nag_sutskever": [[0.1, 0.2, 0.4], [0.1, 0.2, 0.8]],
        },
    )
    row = comparisons(small_study, runs, curves).iloc[0]
    assert (row["optimizer"], row["reference"]) == ("nag_sutskever", "sgd")
    assert row["difference"] == pytest.approx(0.2)
    assert row["pairs"] == 2
    assert not row["can_reject"]
    fewer = comparisons(small_study, runs.iloc[1:], curves).iloc[0]
    assert fewer["pairs"] == 1
    assert fewer["difference"] == pytest.approx(0.3)
    assert math.isnan(fewer["p"])
    assert not fewer["differs"]


def test_the_interval_is_the_tests_own(small_study: Study) -> None:
    """By Student's an interval left out nought where the exact test did not reject."""
    seeds = tuple(range(11, 21))
    study = replace(small_study, testing=replace(small_study.testing, seeds=seeds))
    noise = np.random.default_rng(0).normal(0.02, 0.03, len(seeds))
    accuracy = {
        "sgd": [[0.1, 0.2, 0.4]] * len(seeds),
        "nag_sutskever": [[0.1, 0.2, 0.4 + one] for one in noise],
    }
    row = comparisons(study, *records_of(study, accuracy)).iloc[0]
    assert (row["low"], row["high"]) == pytest.approx(interval(noise, 0.05))
    assert row["p"] == pytest.approx(two_sided_p(noise))


def test_where_a_run_broke_off_pairs_are_counted_and_no_mean_is_formed(small_study: Study) -> None:
    frames = records_of(
        small_study,
        {"sgd": [[0.1, 0.9], [0.1, 0.9]], "nag_sutskever": [[0.1, 0.2, 0.4], [0.1, 0.2, 0.4]]},
    )
    row = comparisons(small_study, *frames).iloc[0]
    assert (row["wins"], row["losses"], row["reference_fails"], row["better"]) == (2, 0, 2, 1)
    assert row["p"] == 0.5
    assert np.isnan([row["difference"], row["low"], row["high"]]).all()


@pytest.mark.parametrize(("better", "ahead"), [(GREATER, 1), (LESS, -1)])
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("swapped", [False, True])
def test_who_is_better_has_the_measures_sign(
    better: int, ahead: int, broken: bool, swapped: bool
) -> None:
    """Three runs of four measure more; a broken run loses whichever is better."""
    sides = [side([3, 4, 5, 1], [False, False, False, broken])], [side([2, 2, 2, 2])]
    found = compared(contrast(*(sides[::-1] if swapped else sides), better=better), 0.05)
    assert found["better"] == (-ahead if swapped else ahead)
    won = 3 if better == GREATER else 1 - broken
    counts = [(won, 4 - won), (int(broken), 0)]
    wanted = [pair[::-1] if swapped else pair for pair in counts]
    assert [
        (found["wins"], found["losses"]), (found["fails"], found["reference_fails"])
    ] == wanted  # fmt: skip


def test_neither_is_better_where_all_are_equal_or_nothing_is_compared() -> None:
    same = contrast([side([2, 2, 2])], [side([2, 2, 2])])
    assert compared(same, 0.05)["better"] == 0
    tied = contrast([side([3, 1])], [side([1, 3])])
    assert compared(tied, 0.05)["better"] == 0
    won = contrast([side([3, 4, 5])], [side([1, 1, 1])])
    nothing = compared(won, 0.05, nothing=True)
    assert nothing["better"] == 0
    assert math.isnan(nothing["p"])
    none = compared(contrast([side([])], [side([1, 2])]), 0.05)
    assert (none["pairs"], none["better"]) == (0, 0)
    assert np.isnan([none["difference"], none["low"], none["high"], none["p"]]).all()


def test_correlation_is_pearsons_of_common_seeds_where_three_vary() -> None:
    first, second = [0.1, 0.25, 0.2, 0.4], [0.2, 0.3, 0.35]
    wanted = stats.pearsonr(first[:3], second).statistic
    assert correlation(side(first), side(second)) == pytest.approx(wanted)
    for one, other in (
        (first, second[:2]),
        (first, [0.3, 0.3, 0.3]),
        ([0.3, 0.3, 0.3, 0.4], second),
    ):
        assert math.isnan(correlation(side(one), side(other)))


def three(small: dict[str, Any], seeds: int, moved: float) -> pd.DataFrame:
    """Of three optimizers on one workload, of which only one has runs on another; the third is
    ahead of the others by `moved` in every seed."""
    small["testing"]["seeds"] = list(range(11, 11 + seeds))
    small["optimizers"]["adam"] = None
    small["workloads"] = {"bare": small["workloads"]["tiny"], **small["workloads"]}
    study = study_of("small", small, "a test")
    noise = np.random.default_rng(0).uniform(0.30, 0.34, (3, seeds))
    noise[2] += moved
    curves: dict[Any, list[list[float]]] = {
        ("tiny", name): [[0.1, 0.2, end] for end in ends]
        for name, ends in zip(study.optimizers, noise.tolist(), strict=True)
    }
    curves["bare", "sgd"] = curves["tiny", "sgd"]
    return comparisons(study, *records_of(study, curves)).set_index(["optimizer", "reference"])


@pytest.mark.parametrize(("seeds", "can"), [(7, True), (6, False)])
def test_a_pair_can_reject_with_the_seeds_that_both_have(
    small: dict[str, Any], seeds: int, can: bool
) -> None:
    """One of four has fewer than twelve: 3 · 2 / 2⁷ is below 0.05, and 3 · 2 / 2⁶ above."""
    small["testing"]["seeds"] = list(range(11, 23))
    small["optimizers"] |= {"adam": None, "heavy_ball": None}
    study = study_of("small", small, "a test")
    curves = {
        ("tiny", name): [
            [0.1, 0.2, 0.3 + place / 10 + seed / 1000]
            for seed in range(seeds if name == "heavy_ball" else 12)
        ]
        for place, name in enumerate(study.optimizers)
    }
    found = comparisons(study, *records_of(study, curves))
    assert sorted(found["pairs"]) == [seeds] * 3 + [12] * 3
    few = found["pairs"] == seeds
    assert list(found["can_reject"]) == list(found["differs"]) == list(~few | can)


@pytest.mark.parametrize(("seeds", "can"), [(6, False), (7, True), (12, True)])
def test_the_comparisons_of_one_share_the_level(
    small: dict[str, Any], seeds: int, can: bool
) -> None:
    """Each of three has two: 2 · 2 / 2⁶ is above 0.05, and 2 · 2 / 2⁷ below."""
    found = three(small, seeds, 0.2)
    assert set(found["workload"]) == {"tiny"}
    assert list(found.index) == [
        ("nag_sutskever", "sgd"), ("adam", "sgd"), ("adam", "nag_sutskever")
    ]  # fmt: skip
    assert list(found["can_reject"]) == [can] * 3
    assert list(found["p_adjusted"]) == [min(1.0, 2 * p) for p in found["p"]]
    assert list(found["p"])[1:] == [2 / 2**seeds] * 2
    assert list(found["differs"]) == [False, can, can]
    assert list(found["better"])[1:] == [1, 1]


def test_the_truly_best_is_seldom_told_from_the_one_that_looks_best() -> None:
    """Of 21 that are all equal, where it errs most often; uncorrected it would err too often."""
    noise, trials = np.random.default_rng(0), 1000
    p = []
    for _ in range(trials):
        ends = noise.normal(size=(21, 12))
        p.append(two_sided_p(ends[ends.mean(axis=1).argmax()] - ends[0]))
    most = stats.binom.ppf(0.999, trials, 0.05)
    assert (bonferroni(np.array(p), 20) <= 0.05).sum() <= most < (np.array(p) <= 0.05).sum()
