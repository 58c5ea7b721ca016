"""What tuning chose, how nearly it chose otherwise, and what choosing cost."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nagbench.statistics.roles import select
from nagbench.statistics.tuning import another_wins, tuning
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import Records, joined, records_of, tuning_of
from roled import roled_study


@pytest.fixture
def roled(small: dict[str, Any]) -> Study:
    return roled_study(small)


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


def test_of_three_seeds_none_may_be_the_one_that_decides(roled: Study) -> None:
    """The same, where two of three seeds are those that trial 1 wins: (2/3)³ of resamples."""
    study = replace(roled, tuning=replace(roled.tuning, seeds=(1, 2, 3)))
    ends = {(0, 1): 0.6, (1, 1): 0.4} | {(0, seed): 0.5 for seed in (2, 3)}
    ends |= {(1, seed): 0.52 for seed in (2, 3)} | {(2, seed): 0.2 for seed in (1, 2, 3)}
    found = another_wins(study, select(study, *ends_of(study, ends)), ("tiny", "sgd"), "accuracy")
    assert found["another_wins"] == pytest.approx(8 / 27, abs=0.04)
    assert found["regret"] == pytest.approx(found["another_wins"] * (1.6 - 1.44) / 3)


def test_one_tuning_seed_tells_nothing_of_other_ones(small_study: Study) -> None:
    tested = records_of(small_study, {"sgd": [[0.1] * 3] * 2, "nag_sutskever": [[0.1] * 3] * 2})
    selection = select(small_study, *joined(tuning_of(small_study), tested))
    table = tuning(small_study, selection)
    assert table["another_wins"].isna().all()
    assert list(table["trial"]) == [0, 0]
    assert list(table["default_loss"]) == [0, 0]


def ends_of(study: Study, ends: dict[tuple[int, int], float]) -> Records:
    """Both stages, where tuning ended so by trial and seed."""
    tested = records_of(study, {name: [[0.1, 0.2, 0.3]] * 10 for name in study.optimizers})
    return joined(tuning_of(study, lambda *key: ends[key[2], key[3]]), tested)


# By trial and seed: trial 1 is the best on both.
ENDS = {(0, 1): 0.25, (1, 1): 0.6, (2, 1): 0.2, (0, 2): 0.25, (1, 2): 0.55, (2, 2): 0.2}


def test_a_row_a_role_says_what_was_chosen_and_what_it_cost(roled: Study) -> None:
    """Trial 1 is the best by either measure, and trial 0, the default, the second."""
    roled = replace(roled, tuning=replace(roled.tuning, seeds=(2, 1)))
    runs, curves = ends_of(roled, ENDS)
    selection = select(roled, runs, curves)
    table = tuning(roled, selection).set_index(["optimizer", "role"])
    tuned = runs[runs["stage"] == "tune"]
    for name in roled.optimizers:
        own = tuned[tuned["optimizer"] == name]
        last = curves[curves["run"].isin(own["run"])].groupby("run")["epoch"].max()
        rows = table.loc[name]
        assert rows["trial"].to_dict() == {"accuracy": 1, "speed": 1, "runner_up": 0}
        assert set(rows["trials"]) == {3}
        assert set(rows["epochs"]) == {last.sum()}
        # On the first tuning seed alone, and against the default.
        assert rows["default_loss"].to_dict() == pytest.approx(
            {"accuracy": 0.3, "speed": 0.3, "runner_up": 0.0}
        )
        assert rows.loc["accuracy", ["another_wins", "regret"]].tolist() == [0, 0]
        assert rows.loc["runner_up", ["another_wins", "regret"]].isna().all()
        assert set(rows["grown"]) == {""}
    assert set(table["workload"]) == {"tiny"}


def test_what_has_no_default_or_was_not_tuned_loses_nothing_known(
    small: dict[str, Any], roled: Study
) -> None:
    small["optimizers"]["sgd"] = {"space": {}}
    untuned = study_of("small", small, "a test")
    found = tuning(untuned, select(untuned, *ends_of(untuned, ENDS)))
    lost = found[found["role"] == "accuracy"].set_index("optimizer")["default_loss"]
    assert math.isnan(lost["sgd"])
    assert lost["nag_sutskever"] == pytest.approx(0.35)
    small["tuning"] |= {"default": False, "finalists": 2}
    without = study_of("small", small, "a test")
    assert tuning(without, select(without, *ends_of(without, ENDS)))["default_loss"].isna().all()


def test_borders_are_told_by_name(roled: Study) -> None:
    selection = select(roled, *ends_of(roled, ENDS))
    arm = ("tiny", "sgd")
    choice = {**selection.chosen[arm], "edge": ["lr high", "betas low"], "grown": ["lr", "betas"]}
    table = tuning(roled, replace(selection, chosen={arm: choice}))
    assert set(table["edge"]) == {"lr high, betas low"}
    assert set(table["grown"]) == {"lr, betas"}


def test_what_is_tuned_elsewhere_has_no_row(small: dict[str, Any]) -> None:
    small["workloads"]["long"] = {**small["workloads"]["tiny"], "tuned_on": "tiny"}
    study = study_of("small", small, "a test")
    table = tuning(study, select(study, *ends_of(study, {**ENDS, (1, 1): 0.4})))
    assert set(table["workload"]) == {"tiny"}


def test_by_speed_another_wins_where_it_takes_less_time(roled: Study) -> None:
    """Trial 0 arrives at once on the first seed and never on the second, trial 1 climbs alike on
    both: of resamples those with the first seed alone, a quarter, choose otherwise."""
    runs, curves = ends_of(roled, ENDS)
    climbs = {0: [0.1, 0.4, 0.4], 1: [0.1, 0.3, 0.4], 2: [0.1] * 3}
    for run in runs[runs["stage"] == "tune"].itertuples():
        never = (run.trial, run.seed) == (0, 2)
        scores = [0.1] * 3 if never else climbs[run.trial]
        curves.loc[curves["run"] == run.run, "validation_accuracy"] = scores
    found = another_wins(roled, select(roled, runs, curves), ("tiny", "sgd"), "speed")
    assert found["another_wins"] == pytest.approx(0.25, abs=0.04)
    # Below 0.2 to 0.4, in gradients, of which an epoch has ten: 20/3 and 20, and twice 11.25.
    loses = (20 / 3 + 20) / 2 - 11.25
    assert found["regret"] == pytest.approx(found["another_wins"] * loses)


@pytest.mark.parametrize("status", ["stopped", "finished"])
def test_only_settings_that_trained_with_every_seed_could_have_won(
    roled: Study, status: str
) -> None:
    """Trial 0 would win the second seed; if it stopped there it takes no part."""
    runs, curves = ends_of(roled, {**ENDS, (0, 2): 0.9, (0, 1): 0.1})
    mine = (runs["stage"] == "tune") & (runs["trial"] == 0) & (runs["seed"] == 2)
    whole = select(roled, runs, curves)
    stopped = replace(whole, tuned=runs[runs["stage"] == "tune"].assign(
        status=lambda rows: rows["status"].mask(mine, status)
    ))  # fmt: skip
    found = another_wins(roled, stopped, ("tiny", "sgd"), "accuracy")
    wanted = 0.25 if status == "finished" else 0
    assert found["another_wins"] == pytest.approx(wanted, abs=0.04)


def test_one_setting_alone_tells_nothing(roled: Study) -> None:
    whole = select(roled, *ends_of(roled, ENDS))
    alone = replace(whole, tuned=whole.tuned[whole.tuned["trial"] == 1])
    found = another_wins(roled, alone, ("tiny", "sgd"), "accuracy")
    assert np.isnan([found["another_wins"], found["regret"]]).all()
    none = replace(whole, tuned=whole.tuned[:0])
    assert math.isnan(another_wins(roled, none, ("tiny", "sgd"), "accuracy")["another_wins"])
