"""How much of a finding rests on the settings that tuning chose."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from made_up_measures import claim as stated
from nagbench.statistics.roles import select
from nagbench.statistics.tuning import tuning
from nagbench.statistics.tuning_doubt import _depends, _left
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import joined, records_of, tuning_of
from roled import FEW, SEEDS, judged, roled_records, roled_study

SCORE = "validation_accuracy"


@pytest.fixture
def roled(small: dict[str, Any]) -> Study:
    return roled_study(small)


def test_without_a_runner_up_in_records_nothing_is_said_of_it(roled: Study) -> None:
    runs, curves = roled_records(roled, 0.28)
    fewer = runs[(runs["stage"] == "tune") | (runs["trial"] != 2)]
    claim = roled.hypotheses["accurate"]
    within = replace(claim, statement="equivalence", margin=0.35, direction=None)
    claims = {"accurate": claim, "within": within}
    for row in judged(replace(roled, hypotheses=claims), (fewer, curves)):
        assert np.isnan(row["runner_up_effect"])
        assert row["runner_up_pairs"] == 0
        assert not row["depends_on_tuning"]


# Of a statement and its margin: the effect that was found, that with the other finalist, and
# whether the finding depends on tuning.
DEPENDS = [
    ("difference", 0.1, 0.2, 0.04, True),  # above the margin, and below half of it
    ("difference", 0.1, 0.2, 0.05, False),
    ("difference", 0.1, 0.1, 0.04, False),
    ("difference", 0.1, 0.11, 0.0, True),
    ("difference", 0.1, 0.05, 0.0, False),
    ("difference", 0.1, -0.2, -0.04, True),
    ("difference", 0.1, 0.05, -0.001, True),  # turned
    ("difference", 0.1, -0.05, 0.001, True),
    ("difference", 176.0, 500.0, 80.0, True),
    ("difference", 176.0, 500.0, 90.0, False),
    ("threshold", 0.0, 0.2, 0.0, False),
    ("threshold", 0.0, 0.2, -0.1, True),
    ("difference", 0.1, math.nan, 0.1, False),
    ("difference", 0.1, 0.2, math.nan, False),
    ("equivalence", 0.35, 0.35, 0.2, True),  # at the margin is not within it
    ("equivalence", 0.35, 0.35, -0.4, False),
    ("equivalence", 0.35, 0.2, -0.34, False),
    ("at_most", 0.35, 0.35, 0.34, True),
    ("at_most", 0.35, 0.34, -0.5, False),
]


@pytest.mark.parametrize(("statement", "margin", "effect", "other", "depends"), DEPENDS)
def test_what_another_effect_says_of_the_one_that_was_found(
    statement: str, margin: float, effect: float, other: float, depends: bool
) -> None:
    assert _depends(stated(statement=statement, margin=margin), effect, other) == depends


@pytest.mark.parametrize(
    ("statement", "effect", "other", "left"),
    [
        ("difference", 0.3, 0.1, 0.1),
        ("difference", -0.3, 0.1, -0.1),
        ("difference", 0.0, 0.1, -0.1),
        ("equivalence", 0.1, -0.15, 0.05),  # found within, and so is the other
        ("equivalence", -0.3, 0.25, 0.05),  # found outside, and so is the other
        ("equivalence", 0.2, 0.1, -0.1),
        ("at_most", 0.1, 0.3, -0.1),
        ("at_most", -0.3, -0.4, 0.6),
        ("at_most", 0.3, 0.1, -0.1),
    ],
)
def test_what_is_left_of_a_finding(
    statement: str, effect: float, other: float, left: float
) -> None:
    """The distance on the side that was found, of nought or of the margin, here 0.2."""
    claim = stated(statement=statement, margin=0.2)
    assert _left(claim, effect, other) == pytest.approx(left)


@pytest.mark.parametrize("statement", ["ranking", "contrast"])
def test_of_rankings_and_contrasts_no_runner_up_is_told(
    roled: Study, small: dict[str, Any], statement: str
) -> None:
    one = {
        "claim": "c", "workload": "tiny", "metric": "accuracy", "family": "a", "margin": 0.05,
        "direction": "greater",
    }  # fmt: skip
    if statement == "ranking":
        one |= {"statement": "ranking", "optimizers": ["nag_sutskever", "sgd"]}
    else:
        small["workloads"]["second"] = {**small["workloads"]["tiny"], "tuned_on": "tiny"}
        one |= {"statement": "difference", "optimizer": "nag_sutskever", "reference": "sgd"}
        one["contrast"] = "second"
    small["hypotheses"] = {"one": one}
    study = study_of("small", small, "a test")
    (row,) = judged(study, roled_records(study, 0.28))
    assert not np.isnan(row["effect"])
    assert np.isnan(row["runner_up_effect"])
    assert row["runner_up_pairs"] == 0


def test_of_what_tuning_saw_no_runner_up_is_told(roled: Study) -> None:
    claim = replace(roled.hypotheses["accurate"], metric="trials_needed", direction="less")
    study = replace(
        roled,
        hypotheses={"needed": claim},
        tuning=replace(roled.tuning, seeds=tuple(range(1, 9))),
    )
    (row,) = judged(study, roled_records(study, 0.28))
    assert (row["effect"], row["pairs"]) == (0, 8)
    assert np.isnan(row["runner_up_effect"])
    assert row["runner_up_pairs"] == 0


def test_a_runner_up_that_wins_as_often_as_it_loses_leaves_nothing(roled: Study) -> None:
    """Of NAG's four runs two diverge, and two end above SGD's."""
    runs, curves = roled_records(roled, 0.28)
    second = (runs["stage"] == "test") & (runs["trial"] == 2) & (runs["seed"] >= SEEDS[2])
    lost = second & (runs["optimizer"] == "nag_sutskever")
    runs.loc[lost, ["status", "diverged_step"]] = ["diverged", 20]
    (row, _) = judged(roled, (runs, curves))
    assert (row["runner_up_effect"], row["runner_up_pairs"]) == (0.0, FEW)
    assert row["depends_on_tuning"]


def test_the_second_arms_runner_up_is_told_where_the_first_has_none(roled: Study) -> None:
    runs, curves = roled_records(roled, 0.28)
    gone = (runs["stage"] == "test") & (runs["trial"] == 2) & (runs["optimizer"] == "nag_sutskever")
    (row, _) = judged(roled, (runs[~gone], curves))
    assert row["runner_up_effect"] == pytest.approx(0.3, abs=0.02)
    assert row["runner_up_pairs"] == FEW


@pytest.mark.parametrize(
    ("runner_up", "depends"),
    [(0.28, False), (0.06, False), (0.01, True), (-0.1, True)],
    ids=["alike", "above the margin", "below half of the margin", "sign turned"],
)
def test_a_finding_that_the_runner_up_does_not_bear_out_depends_on_tuning(
    roled: Study, runner_up: float, depends: bool
) -> None:
    (row, _) = judged(roled, roled_records(roled, runner_up))
    assert row["verdict"] == "supported"
    assert row["runner_up_effect"] == pytest.approx(runner_up, abs=0.02)
    assert row["runner_up_pairs"] == FEW
    assert row["depends_on_tuning"] == depends


# Of a claim about NAG less SGD, of which 0.3 was found: its statement and margin, what is found
# with NAG's second setting (with SGD's it is 0.3 again), which of the two is shown, what it says.
WITHIN = [
    ("equivalence", 0.35, 0.2, 0.3, False),
    ("equivalence", 0.35, 0.4, 0.4, True),
    ("equivalence", 0.35, -0.4, -0.4, True),
    ("equivalence", 0.2, 0.4, 0.3, False),
    ("equivalence", 0.2, 0.1, 0.1, True),
    ("equivalence", 0.2, -0.25, -0.25, False),
    ("at_most", 0.35, 0.4, 0.4, True),
    ("at_most", 0.35, -0.4, 0.3, False),
    ("at_most", 0.2, 0.1, 0.1, True),
    ("at_most", 0.2, 0.25, 0.25, False),
    ("at_most", 0.2, -0.4, -0.4, True),
]


@pytest.mark.parametrize(("statement", "margin", "runner_up", "shown", "depends"), WITHIN)
def test_a_claim_to_be_within_depends_on_tuning_if_another_setting_crosses_the_margin(
    roled: Study, statement: str, margin: float, runner_up: float, shown: float, depends: bool
) -> None:
    claim = replace(
        roled.hypotheses["accurate"], statement=statement, margin=margin, direction=None
    )
    (row,) = judged(replace(roled, hypotheses={"within": claim}), roled_records(roled, runner_up))
    assert row["effect"] == pytest.approx(0.3, abs=0.02)
    assert row["runner_up_effect"] == pytest.approx(shown, abs=0.02)
    assert row["depends_on_tuning"] == depends


@pytest.mark.parametrize(("runner_up", "shown"), [(0.2, -0.2), (0.4, -0.3), (-0.1, 0.1)])
def test_of_a_negative_effect_the_greater_leaves_least(
    roled: Study, runner_up: float, shown: float
) -> None:
    """SGD less NAG: the same the other way round."""
    claim = roled.hypotheses["accurate"]
    turned = replace(claim, optimizer="sgd", reference="nag_sutskever", direction="less")
    (row,) = judged(replace(roled, hypotheses={"turned": turned}), roled_records(roled, runner_up))
    assert row["effect"] == pytest.approx(-0.3, abs=0.02)
    assert row["runner_up_effect"] == pytest.approx(shown, abs=0.02)


def test_of_events_no_runner_up_is_told(roled: Study) -> None:
    claim = replace(roled.hypotheses["accurate"], metric="diverged", statement="events")
    runs, curves = roled_records(roled, 0.28)
    first = (runs["stage"] == "test") & (runs["seed"] == SEEDS[0])
    runs.loc[first, ["status", "diverged_step"]] = ["diverged", 20]
    (row,) = judged(replace(roled, hypotheses={"events": claim}), (runs, curves))
    assert np.isnan(row["runner_up_effect"])
    assert row["runner_up_pairs"] == 0
    assert not row["depends_on_tuning"]


def test_how_often_another_wins_is_told_of_the_claims_own_role(roled: Study) -> None:
    """Of the arm in which that is likeliest; by accuracy where speed chose nothing of its own."""
    runs, curves = roled_records(roled, 0.28)
    last = curves["epoch"] == curves["epoch"].max()
    own = curves["run"].isin(runs["run"][(runs["stage"] == "tune") & (runs["seed"] == 2)])
    # By accuracy trial 2 would be chosen of the second seed alone; the fastest is that of both.
    runner_up = curves["run"].isin(runs["run"][(runs["stage"] == "tune") & (runs["trial"] == 2)])
    curves.loc[last & own & runner_up, SCORE] = 0.61
    table = tuning(roled, select(roled, runs, curves)).groupby("role")["another_wins"].max()
    accurate, fast = judged(roled, (runs, curves))
    assert table["speed"] < table["accuracy"]
    assert accurate["another_wins"] == table["accuracy"]
    assert fast["another_wins"] == table["speed"]
    without = replace(roled, tuning=replace(roled.tuning, choices=("accuracy",)))
    _, fast = judged(without, (runs, curves))
    assert fast["another_wins"] == table["accuracy"]


def test_a_claim_names_the_border_at_which_a_choice_lies(
    roled: Study, small: dict[str, Any]
) -> None:
    """SGD's best rate is the highest, also where its space has grown; NAG's best lies inside."""
    small["workloads"]["tiny"]["label"] = "A tiny network"
    small["tuning"]["grows"] = True
    study = study_of("small", small, "a test")
    slopes = {"sgd": 0.01, "nag_sutskever": -0.01}
    tuned = tuning_of(study, lambda *key: 0.5 + slopes[key[1]] * key[2])
    tested = records_of(study, {name: [[0.1, 0.2, 0.3]] * 10 for name in study.optimizers})
    for row in judged(study, joined(tuned, tested)):
        assert row["edge"] == "SGD on A tiny network: lr high"


@pytest.mark.parametrize(
    ("printed", "said"), [(["sgd"], "SGD"), ([], ""), (["sgd", "nag_sutskever"], "")]
)
def test_a_claim_names_what_was_not_tuned_beside_what_was(
    roled: Study, small: dict[str, Any], printed: list[str], said: str
) -> None:
    small["optimizers"] |= {name: {"space": {}} for name in printed}
    study = study_of("small", small, "a test")
    tested = records_of(study, {name: [[0.1, 0.2, 0.3]] * 10 for name in study.optimizers})
    for row in judged(study, joined(tuning_of(study), tested)):
        assert row["untuned"] == said


@pytest.mark.parametrize(("lost", "depends"), [("nag_sutskever", True), ("sgd", False)])
def test_a_runner_up_whose_runs_fail_turns_the_effect_or_bears_it_out(
    roled: Study, lost: str, depends: bool
) -> None:
    runs, curves = roled_records(roled, 0.28)
    second = (runs["stage"] == "test") & (runs["trial"] == 2) & (runs["optimizer"] == lost)
    runs.loc[second, ["status", "diverged_step"]] = ["diverged", 20]
    (row, _) = judged(roled, (runs, curves))
    assert row["verdict"] == "supported"
    assert row["depends_on_tuning"] == depends
    assert np.isinf(row["runner_up_effect"]) == depends


@pytest.mark.parametrize("lost", ["nag_sutskever", "sgd"])
def test_a_runner_up_that_never_arrives_is_the_slower(roled: Study, lost: str) -> None:
    """Also if its runs fail in one pair alone, and it is the faster in none of the others. NAG's
    turns what was found, SGD's bears it out, and what is shown is what NAG's leaves."""
    runs, curves = roled_records(roled, 0.28)
    second = (runs["stage"] == "test") & (runs["trial"] == 2) & (runs["optimizer"] == lost)
    for failing in (second, second & (runs["seed"] == SEEDS[0])):
        late = curves.copy()
        for epoch, score in enumerate((0.1, 0.1, 0.22)):
            late.loc[late["run"].isin(runs["run"][second]) & (late["epoch"] == epoch), SCORE] = (
                score
            )
        late.loc[late["run"].isin(runs["run"][failing]), SCORE] = 0.1
        (_, row) = judged(roled, (runs, late))
        assert row["effect"] < 0
        assert row["depends_on_tuning"] == (lost == "nag_sutskever")
        if lost == "nag_sutskever":
            assert row["runner_up_effect"] == np.inf
        else:
            assert -1 < row["runner_up_effect"] < 0


def test_how_often_speed_would_choose_another_is_nothing_to_a_claim_on_accuracy(
    roled: Study,
) -> None:
    """Trial 1 is the fastest on one tuning seed, trial 0 on the other."""
    runs, curves = roled_records(roled, 0.28)
    tuned = (runs["stage"] == "tune") & (runs["seed"] == 2)
    for trial, middle in ((0, 0.44), (1, 0.1)):
        own = curves["run"].isin(runs["run"][tuned & (runs["trial"] == trial)])
        curves.loc[own & (curves["epoch"] == 1), SCORE] = middle
    accurate, fast = judged(roled, (runs, curves))
    assert fast["another_wins"] > 0.1
    assert accurate["another_wins"] == 0
