"""How much of a finding rests on the settings that tuning chose."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nagbench.statistics.roles import select
from nagbench.statistics.tuning import tuning
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
        assert not row["depends_on_tuning"]


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
