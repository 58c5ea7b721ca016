"""Which setting a number is of, and how much of it rests on the choice of that setting."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nagbench.statistics.hypotheses import verdicts
from nagbench.statistics.result_tables import result_tables
from nagbench.statistics.roles import select, trial_of
from nagbench.statistics.tuning import another_wins, tuning
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import Records, joined, records_of, tuning_of

SEEDS = list(range(11, 21))
FEW = 4
SCORE = "validation_accuracy"


@pytest.fixture
def roled(small: dict[str, Any]) -> Study:
    """Two tuning seeds; settings are chosen by accuracy and by speed, and there is a runner-up."""
    small["tuning"] |= {
        "points": 2, "seeds": [1, 2], "finalists": 3, "choices": ["accuracy", "speed"],
        "runner_up_seeds": FEW,
    }  # fmt: skip
    small["testing"]["seeds"] = SEEDS
    small["workloads"]["tiny"]["targets"] = {"low": 0.2, "high": 0.4, "source": "a test"}
    claim = {
        "claim": "c", "workload": "tiny", "optimizer": "nag_sutskever", "reference": "sgd",
        "statement": "difference", "margin": 0.05,
    }  # fmt: skip
    small["hypotheses"] = {
        "accurate": {**claim, "metric": "accuracy", "direction": "greater", "family": "a"},
        "fast": {**claim, "metric": "epochs", "direction": "less", "family": "b"},
    }
    return study_of("small", small, "a test")


def of(study: Study, runner_up: float) -> Records:
    """Trial 0 ends highest, trial 1 is the fastest, trial 2 the second most accurate.

    In the tests NAG ends 0.3 over SGD at trial 0, at trial 1 it is faster, and its trial 2 ends
    `runner_up` over SGD's chosen one.
    """
    runs, curves = tuning_of(study, lambda *key: {0: 0.6, 1: 0.5, 2: 0.55}[key[2]])
    soon = curves["run"].isin(runs["run"][runs["trial"] == 1]) & (curves["epoch"] == 1)
    curves.loc[soon, "validation_accuracy"] = 0.45
    noise = np.random.default_rng(0).normal(0, 0.01, (4, len(SEEDS)))

    def ends(at: float, n: int, middle: float) -> list[list[float]]:
        return [[0.1, middle, at + one] for one in noise[n]]

    return joined(
        (runs, curves),
        records_of(study, {"sgd": ends(0.4, 0, 0.2), "nag_sutskever": ends(0.7, 1, 0.2)}),
        records_of(study, {"sgd": ends(0.3, 0, 0.2), "nag_sutskever": ends(0.3, 2, 0.4)}, 1),
        records_of(
            study,
            {"sgd": ends(0.4, 0, 0.2)[:FEW], "nag_sutskever": ends(0.4 + runner_up, 3, 0.2)[:FEW]},
            2,
        ),
    )


def test_accuracy_and_speed_are_told_of_the_setting_that_each_chose(roled: Study) -> None:
    tables = result_tables(roled, *of(roled, 0.28))
    summary = tables["summary"].set_index("optimizer")
    assert list(summary["runs"]) == [len(SEEDS)] * 2
    assert summary.at["nag_sutskever", "accuracy"] == pytest.approx(0.7, abs=0.02)
    below = tables["times_below"]
    below = below[below["clock"] == "epochs"].set_index("optimizer")
    # By trial 1: NAG is at 0.4 after an epoch, SGD at 0.2.
    assert below.at["nag_sutskever", "mean"] < below.at["sgd", "mean"] - 0.4
    assert set(tables["settings"]["roles"]) == {"accuracy", "speed", "runner_up"}


def test_without_a_runner_up_in_records_nothing_is_said_of_it(roled: Study) -> None:
    runs, curves = of(roled, 0.28)
    fewer = runs[(runs["stage"] == "tune") | (runs["trial"] != 2)]
    claim = roled.hypotheses["accurate"]
    within = replace(claim, statement="equivalence", margin=0.35, direction=None)
    claims = {"accurate": claim, "within": within}
    for row in _judged(replace(roled, hypotheses=claims), (fewer, curves)):
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
    (row, _) = _judged(roled, of(roled, runner_up))
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
    (row,) = _judged(replace(roled, hypotheses={"within": claim}), of(roled, runner_up))
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
    (row,) = _judged(replace(roled, hypotheses={"turned": turned}), of(roled, runner_up))
    assert row["effect"] == pytest.approx(-0.3, abs=0.02)
    assert row["runner_up_effect"] == pytest.approx(shown, abs=0.02)


def test_of_events_no_runner_up_is_told(roled: Study) -> None:
    claim = replace(roled.hypotheses["accurate"], metric="diverged", statement="events")
    runs, curves = of(roled, 0.28)
    first = (runs["stage"] == "test") & (runs["seed"] == SEEDS[0])
    runs.loc[first, ["status", "diverged_step"]] = ["diverged", 20]
    (row,) = _judged(replace(roled, hypotheses={"events": claim}), (runs, curves))
    assert np.isnan(row["runner_up_effect"])
    assert row["runner_up_pairs"] == 0
    assert not row["depends_on_tuning"]


def test_how_often_another_wins_is_told_of_the_claims_own_role(roled: Study) -> None:
    """Of the arm in which that is likeliest; by accuracy where speed chose nothing of its own."""
    runs, curves = of(roled, 0.28)
    last = curves["epoch"] == curves["epoch"].max()
    own = curves["run"].isin(runs["run"][(runs["stage"] == "tune") & (runs["seed"] == 2)])
    # By accuracy trial 2 would be chosen of the second seed alone; the fastest is that of both.
    runner_up = curves["run"].isin(runs["run"][(runs["stage"] == "tune") & (runs["trial"] == 2)])
    curves.loc[last & own & runner_up, SCORE] = 0.61
    table = tuning(roled, select(roled, runs, curves)).groupby("role")["another_wins"].max()
    accurate, fast = _judged(roled, (runs, curves))
    assert table["speed"] < table["accuracy"]
    assert accurate["another_wins"] == table["accuracy"]
    assert fast["another_wins"] == table["speed"]
    without = replace(roled, tuning=replace(roled.tuning, choices=("accuracy",)))
    _, fast = _judged(without, (runs, curves))
    assert fast["another_wins"] == table["accuracy"]


def test_where_speed_chose_the_runner_up_the_other_finalist_takes_its_place(
    roled: Study,
) -> None:
    """Else the runner-up would be held against itself, and could not turn the effect."""
    runs, curves = of(roled, 0.28)
    second = curves["run"].isin(runs["run"][(runs["stage"] == "tune") & (runs["trial"] == 1)])
    curves.loc[second & (curves["epoch"] == 2), "validation_accuracy"] = 0.58
    (_, row) = _judged(roled, (runs, curves))
    # With trial 0 in place of trial 1 NAG is no longer at 0.4 after an epoch, but at 0.2.
    assert row["effect"] < row["runner_up_effect"] - 0.2
    assert row["runner_up_pairs"] == len(SEEDS)


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
    for row in _judged(study, joined(tuned, tested)):
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
    for row in _judged(study, joined(tuning_of(study), tested)):
        assert row["untuned"] == said


@pytest.mark.parametrize(("lost", "depends"), [("nag_sutskever", True), ("sgd", False)])
def test_a_runner_up_whose_runs_fail_turns_the_effect_or_bears_it_out(
    roled: Study, lost: str, depends: bool
) -> None:
    runs, curves = of(roled, 0.28)
    second = (runs["stage"] == "test") & (runs["trial"] == 2) & (runs["optimizer"] == lost)
    runs.loc[second, ["status", "diverged_step"]] = ["diverged", 20]
    (row, _) = _judged(roled, (runs, curves))
    assert row["verdict"] == "supported"
    assert row["depends_on_tuning"] == depends
    assert np.isinf(row["runner_up_effect"]) == depends


@pytest.mark.parametrize("lost", ["nag_sutskever", "sgd"])
def test_a_runner_up_that_never_arrives_is_the_slower(roled: Study, lost: str) -> None:
    """Also if its runs fail in one pair alone, and it is the faster in none of the others. NAG's
    turns what was found, SGD's bears it out, and what is shown is what NAG's leaves."""
    runs, curves = of(roled, 0.28)
    second = (runs["stage"] == "test") & (runs["trial"] == 2) & (runs["optimizer"] == lost)
    for failing in (second, second & (runs["seed"] == SEEDS[0])):
        late = curves.copy()
        for epoch, score in enumerate((0.1, 0.1, 0.22)):
            late.loc[late["run"].isin(runs["run"][second]) & (late["epoch"] == epoch), SCORE] = (
                score
            )
        late.loc[late["run"].isin(runs["run"][failing]), SCORE] = 0.1
        (_, row) = _judged(roled, (runs, late))
        assert row["effect"] < 0
        assert row["depends_on_tuning"] == (lost == "nag_sutskever")
        if lost == "nag_sutskever":
            assert row["runner_up_effect"] == np.inf
        else:
            assert -1 < row["runner_up_effect"] < 0


def test_how_often_another_setting_would_win_is_a_bootstrap_of_seeds(roled: Study) -> None:
    """Trial 0 wins one seed by much, trial 1 the other by little: of resamples a quarter has the
    second seed alone."""
    ends = {(0, 1): 0.6, (1, 1): 0.4, (0, 2): 0.5, (1, 2): 0.52, (2, 1): 0.2, (2, 2): 0.2}
    tuned = tuning_of(roled, lambda *key: ends[key[2], key[3]])
    tested = records_of(roled, {name: [[0.1, 0.2, 0.3]] * 10 for name in roled.optimizers})
    selection = select(roled, *joined(tuned, tested))
    found = another_wins(roled, selection, ("tiny", "sgd"), "accuracy")
    assert found["another_wins"] == pytest.approx(0.25, abs=0.04)
    assert found["regret"] == pytest.approx(0.25 * 0.09, abs=0.005)


def test_one_tuning_seed_tells_nothing_of_other_ones(small_study: Study) -> None:
    tested = records_of(small_study, {"sgd": [[0.1] * 3] * 2, "nag_sutskever": [[0.1] * 3] * 2})
    selection = select(small_study, *joined(tuning_of(small_study), tested))
    table = tuning(small_study, selection)
    assert table["another_wins"].isna().all()
    assert list(table["trial"]) == [0, 0]
    assert list(table["default_loss"]) == [0, 0]


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


def _judged(study: Study, records: Records) -> list[dict[str, Any]]:
    selection = select(study, *records)
    return verdicts(study, selection, tuning(study, selection)).to_dict("records")
