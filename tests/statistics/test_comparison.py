"""The paired comparison of optimizers, by seed."""

import math
from dataclasses import replace

import numpy as np
import pytest

from nagbench.statistics.comparison import comparisons
from nagbench.statistics.sign_flips import interval, two_sided_p
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
