"""Time below single targets: closed forms, and that its mean over the grid is what speed is."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nagbench.statistics.gains import gains
from nagbench.statistics.roles import select
from nagbench.statistics.speed_comparison import courses, speed_comparisons
from nagbench.study.file import study_of
from nagbench.study.model import Study
from nagbench.time_below import Targets
from records_of import Records, whole_records_of


@pytest.fixture
def claimed(small: dict[str, Any]) -> Study:
    """One claim on gradients, targets from 0.3 to 0.6 in steps of 0.02, chance at 0.1."""
    small["workloads"]["tiny"]["targets"] = {"low": 0.3, "high": 0.6, "source": "a test"}
    small["hypotheses"] = {
        "fast": {
            "claim": "c", "workload": "tiny", "optimizer": "nag_sutskever", "reference": "sgd",
            "statement": "difference", "margin": 1, "metric": "gradients", "direction": "less",
            "family": "a",
        },
        "accurate": {
            "claim": "c", "workload": "tiny", "optimizer": "sgd", "reference": "nag_sutskever",
            "statement": "difference", "margin": 0.1, "metric": "accuracy", "direction": "less",
            "family": "b",
        },
    }  # fmt: skip
    return study_of("small", small, "a test")


def found(study: Study, ends: dict[str, list[list[float]]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    records: Records = whole_records_of(study, ends)
    selection = select(study, *records)
    every = courses(study, selection.speed, records[1])
    return gains(study, every), speed_comparisons(study, every)


def test_the_mean_over_the_grid_is_the_difference_in_speed(claimed: Study) -> None:
    noise = np.random.default_rng(0)
    curves = {
        name: [[*noise.uniform(0.1, 0.7, 2), noise.uniform(0.4, 0.7)] for _ in (1, 2)]
        for name in claimed.optimizers
    }
    table, pairs = found(claimed, curves)
    (pair,) = pairs[pairs["clock"] == "gradients"].itertuples()
    assert (pair.optimizer, pair.reference) == ("nag_sutskever", "sgd")
    grid = table[table["in_grid"]]
    assert len(grid) == 15
    assert grid["difference"].mean() == pytest.approx(pair.difference)


def test_steps_divide_the_grid_and_go_on_to_halfway_to_chance(claimed: Study) -> None:
    table, _ = found(claimed, dict.fromkeys(claimed.optimizers, [[0.1, 0.3, 0.5]] * 2))
    np.testing.assert_allclose(table["target"], np.arange(0.2, 0.59, 0.02))
    np.testing.assert_allclose(table["next_target"], np.arange(0.22, 0.61, 0.02))
    assert list(table["in_grid"]) == [False] * 5 + [True] * 15
    assert set(table["pairs"]) == {2}
    assert (table["difference"] == 0).all()


def test_times_to_single_targets_of_a_straight_line_and_of_a_run_that_never_arrives(
    claimed: Study,
) -> None:
    """One climbs from 0.2 by 0.2 an epoch; of the other one run stays at chance, and has the whole
    budget at every target."""
    straight, chance = [0.2, 0.4, 0.6], [0.1, 0.1, 0.1]
    table, pairs = found(claimed, {"nag_sutskever": [straight] * 2, "sgd": [straight, chance]})
    budget = pairs.loc[pairs["clock"] == "gradients", "horizon"].iloc[0]
    middle = (table["target"] + table["next_target"]) / 2
    takes = (middle - 0.2) / 0.2 * budget / 2
    np.testing.assert_allclose(table["difference"], (takes - budget) / 2)
    np.testing.assert_allclose(table["ratio"], 2 * takes / (takes + budget))
    assert set(table["arrived"]) == {2}
    assert set(table["reference_arrived"]) == {1}


def test_of_a_grid_that_is_one_target_there_are_no_steps(claimed: Study) -> None:
    one = replace(claimed.workloads["tiny"], targets=Targets(0.3, 0.3))
    study = replace(claimed, workloads={"tiny": one})
    assert found(study, dict.fromkeys(study.optimizers, [[0.1, 0.3, 0.5]] * 2))[0].empty
