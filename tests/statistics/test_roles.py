"""Which setting a number is of."""

from dataclasses import replace
from typing import Any

import pytest

from nagbench.metrics import METRICS
from nagbench.statistics.result_tables import result_tables
from nagbench.statistics.roles import select, trial_of
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import joined, records_of, tuning_of
from roled import SEEDS, judged, roled_records, roled_study


@pytest.fixture
def roled(small: dict[str, Any]) -> Study:
    return roled_study(small)


def test_accuracy_and_speed_are_told_of_the_setting_that_each_chose(roled: Study) -> None:
    tables = result_tables(roled, *roled_records(roled, 0.28))
    summary = tables["summary"].set_index("optimizer")
    assert list(summary["runs"]) == [len(SEEDS)] * 2
    assert summary.at["nag_sutskever", "accuracy"] == pytest.approx(0.7, abs=0.02)
    below = tables["times_below"]
    below = below[below["clock"] == "epochs"].set_index("optimizer")
    # By trial 1: NAG is at 0.4 after an epoch, SGD at 0.2.
    assert below.at["nag_sutskever", "mean"] < below.at["sgd", "mean"] - 0.4
    assert set(tables["settings"]["roles"]) == {"accuracy", "speed", "runner_up"}


def test_where_speed_chose_the_runner_up_the_other_finalist_takes_its_place(
    roled: Study,
) -> None:
    """Else the runner-up would be held against itself, and could not turn the effect."""
    runs, curves = roled_records(roled, 0.28)
    second = curves["run"].isin(runs["run"][(runs["stage"] == "tune") & (runs["trial"] == 1)])
    curves.loc[second & (curves["epoch"] == 2), "validation_accuracy"] = 0.58
    (_, row) = judged(roled, (runs, curves))
    # With trial 0 in place of trial 1 NAG is no longer at 0.4 after an epoch, but at 0.2.
    assert row["effect"] < row["runner_up_effect"] - 0.2
    assert row["runner_up_pairs"] == len(SEEDS)


def test_tests_of_an_optimizer_whose_tuning_is_not_complete_have_no_role(
    small_study: Study,
) -> None:
    tested = records_of(small_study, {"sgd": [[0.1] * 3] * 2, "nag_sutskever": [[0.1] * 3] * 2})
    runs, curves = joined(tuning_of(small_study), tested)
    gone = (runs["stage"] == "tune") & (runs["optimizer"] == "sgd") & (runs["trial"] == 1)
    selection = select(small_study, runs[~gone], curves)
    assert set(selection.accuracy["optimizer"]) == {"nag_sutskever"}


def test_a_role_has_its_own_trial_and_speed_without_one_accuracys() -> None:
    both = {"trial": 3, "roles": ["accuracy"]}, {"trial": 5, "roles": ["speed", "runner_up"]}
    alone = {"trial": 3, "roles": ["accuracy"]}, {"trial": 5, "roles": []}
    roles = ("accuracy", "speed", "runner_up")
    assert [trial_of({"tested": both}, role) for role in roles] == [3, 5, 5]
    assert [trial_of({"tested": alone}, role) for role in roles] == [3, 3, None]


def test_what_is_tuned_elsewhere_is_tested_with_that_choice(small: dict[str, Any]) -> None:
    """Trial 1 ends highest where both are tuned."""
    small["workloads"]["long"] = {**small["workloads"]["tiny"], "tuned_on": "tiny"}
    study = study_of("small", small, "a test")
    tuned = tuning_of(study, lambda *key: 0.6 if key[2] == 1 else 0.5)
    ends = {name: [[0.1, 0.2, 0.3]] * 2 for name in study.optimizers}
    tested = [records_of(study, ends, trial) for trial in (0, 1)]
    selection = select(study, *joined(tuned, *tested))
    assert set(selection.chosen) == {
        (workload, name) for workload in ("tiny", "long") for name in study.optimizers
    }
    assert set(selection.accuracy["workload"]) == {"tiny", "long"}
    assert set(selection.accuracy["trial"]) == {1}


@pytest.mark.parametrize(
    ("speed", "runner_up", "second"),
    [(5, 5, "accuracy"), (4, 5, "runner_up"), (6, 5, "runner_up"), (3, 5, "runner_up")],
)
def test_the_other_finalist_is_the_one_that_speed_did_not_choose(
    roled: Study, speed: int, runner_up: int, second: str
) -> None:
    tested = [
        {"trial": 3, "roles": ["accuracy"]},
        {"trial": speed, "roles": ["speed"]},
        {"trial": runner_up, "roles": ["runner_up"]},
    ]
    whole, arm = select(roled, *roled_records(roled, 0.28)), ("tiny", "sgd")
    selection = replace(whole, chosen={arm: {"tested": tested}})
    assert selection.second(METRICS["epochs"], arm) == second
    assert selection.second(METRICS["accuracy"], arm) == "runner_up"
    assert selection.second(METRICS["epochs"], ("tiny", "nag_sutskever")) == "runner_up"
