"""The paired comparison of optimizers, by seed."""

import math

import pytest

from nagbench.statistics.comparison import comparisons
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


def test_a_diverged_run_counts_as_chance(small_study: Study) -> None:
    frames = records_of(
        small_study,
        {"sgd": [[0.1, 0.9], [0.1, 0.9]], "nag_sutskever": [[0.1, 0.2, 0.4], [0.1, 0.2, 0.4]]},
    )
    assert comparisons(small_study, *frames).iloc[0]["difference"] == pytest.approx(0.3)
