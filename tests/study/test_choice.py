"""The choice of settings from the trials."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nagbench.errors import InputError
from nagbench.study.choice import choose, read_choice, write_choice
from nagbench.study.file import study_of
from nagbench.study.model import Study
from nagbench.study.unit import Unit
from small_runs import unit_of

Curve = list[float]  # validation accuracy before training and after each epoch
STEPS = 310  # of an epoch


def frames(
    unit: Unit,
    curves: dict[tuple[int, int], Curve],
    losses: dict[tuple[int, int], float] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records of trials and seeds; a curve that ends with NaN is a run that diverged there."""
    runs, rows = [], []
    for (trial, seed), curve in curves.items():
        name = unit.recipe(unit.trials[trial], seed).id
        status = "diverged" if math.isnan(curve[-1]) else "finished"
        runs.append({"run": name, "trial": trial, "seed": seed, "status": status})
        rows += [
            {
                "run": name,
                "epoch": float(epoch),
                "validation_accuracy": accuracy,
                "validation_loss": (losses or {}).get((trial, seed), 1.0),
                "gradient_evaluations": STEPS * epoch,
            }
            for epoch, accuracy in enumerate(curve)
            if not math.isnan(accuracy)
        ]
    return pd.DataFrame(runs), pd.DataFrame(rows).sample(frac=1, random_state=0)


def first_seed(last: list[float]) -> dict[tuple[int, int], Curve]:
    """Curves of two epochs with the first seed, trial by trial; NaN is a diverged run."""
    return {(trial, 1): [0.99, 0.9, accuracy] for trial, accuracy in enumerate(last)}


@pytest.mark.parametrize(
    ("last", "losses", "trial"),
    [
        ([0.2, 0.5, 0.4], [1, 1, 1], 1),
        ([0.2, math.nan, 0.15], [1, 1, 1], 0),
        ([math.nan, math.nan, 0.11], [1, 1, 1], 2),
        ([0.3, 0.3, 0.3], [2.0, 1.0, 1.5], 1),
        ([0.3, 0.3, 0.3], [1, 1, 1], 0),
        ([math.nan, math.nan, math.nan], [1, 1, 1], 0),
    ],
)
def test_the_best_final_accuracy_wins(
    small_study: Study, last: list[float], losses: list[float], trial: int
) -> None:
    unit = unit_of(small_study, "tune/tiny/sgd")
    by_run = {(number, 1): loss for number, loss in enumerate(losses)}
    (tested,) = choose(unit, *frames(unit, first_seed(last), by_run))["tested"]
    assert tested == {"trial": trial, "settings": unit.trials[trial], "roles": ["accuracy"]}


def several(small: dict[str, Any], **tuning: Any) -> Study:
    """Two seeds, and all that a setting can be chosen by."""
    small["tuning"] = {"points": 2, "seeds": [1, 2], "grows": False, **tuning}
    small["workloads"]["tiny"]["targets"] = {"low": 0.2, "high": 0.4, "source": "a test"}
    return study_of("small", small, "small.yaml")


# Trial 1 ends higher, with both seeds; trial 0 passes the targets sooner.
CURVES = {
    (0, 1): [0.1, 0.6, 0.6],
    (1, 1): [0.1, 0.1, 0.7],
    (2, 1): [0.1, 0.1, 0.5],
    (0, 2): [0.1, 0.6, 0.6],
    (1, 2): [0.1, 0.1, 0.65],
}


def test_speed_claims_may_have_a_setting_of_their_own(small: dict[str, Any]) -> None:
    study = several(small)
    unit = unit_of(study, "tune/tiny/sgd")
    choice = choose(unit, *frames(unit, CURVES))
    assert [(one["trial"], one["roles"]) for one in choice["tested"]] == [
        (1, ["accuracy"]),
        (0, ["speed", "runner_up"]),
    ]
    assert choice["validation_accuracy"] == pytest.approx(0.675)
    assert choice["epochs"] == 10
    runs = unit_of(study, "test/tiny/sgd").runs(choice=choice)
    assert [(run.trial, run.seed) for run in runs] == [(1, 11), (1, 12), (0, 11), (0, 12)]


def test_a_runner_up_alone_is_tested_with_few_seeds(small: dict[str, Any]) -> None:
    study = several(small, choices=["accuracy"], runner_up_seeds=1)
    unit = unit_of(study, "tune/tiny/sgd")
    choice = choose(unit, *frames(unit, CURVES))
    runs = unit_of(study, "test/tiny/sgd").runs(choice=choice)
    assert [(run.trial, run.seed) for run in runs] == [(1, 11), (1, 12), (0, 11)]


def test_where_every_finalist_fails_the_more_accurate_is_taken_for_speed(
    small: dict[str, Any],
) -> None:
    broken = {pair: [*curve[:2], math.nan] for pair, curve in CURVES.items()}
    unit = unit_of(several(small), "tune/tiny/sgd")
    choice = choose(unit, *frames(unit, broken))
    assert choice["tested"][0]["roles"] == ["accuracy", "speed"]


def test_missing_runs_are_refused(small: dict[str, Any]) -> None:
    unit = unit_of(several(small), "tune/tiny/sgd")
    for missing in CURVES:
        runs, curves = frames(unit, {pair: CURVES[pair] for pair in CURVES if pair != missing})
        with pytest.raises(InputError, match="trials missing"):
            choose(unit, runs, curves)


def test_runs_of_other_words_decide_nothing(small: dict[str, Any]) -> None:
    """A record of another trial in a trial's place, as of a space that was narrowed since."""
    unit = unit_of(several(small), "tune/tiny/sgd")
    runs, curves = frames(unit, CURVES)
    runs.loc[runs["trial"] == 1, "run"] += "0"
    with pytest.raises(InputError, match="trials missing"):
        choose(unit, runs, curves)


GOOD = {"trial": 1, "settings": {"lr": 0.1}, "roles": ["accuracy"]}


def test_a_choice_comes_back_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "choice.json"
    write_choice(path, {"tested": [GOOD]})
    assert read_choice(path)["tested"] == [GOOD]
    path.write_text("{")
    with pytest.raises(InputError, match="not readable"):
        read_choice(path)
    with pytest.raises(InputError, match="no such file"):
        read_choice(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ('{"trial": "x", "settings": {"lr": 0.1}, "roles": []}', "the trial 'x'"),
        ('{"trial": -1, "settings": {"lr": 0.1}, "roles": []}', "the trial -1"),
        ('{"trial": true, "settings": {"lr": 0.1}, "roles": []}', "the trial True"),
        ('{"trial": 0, "settings": 5, "roles": []}', "the settings 5"),
        ('{"trial": 0, "settings": {"lr": NaN}, "roles": []}', "the settings"),
        ('{"trial": 0, "settings": {"betas": [0.9, Infinity]}, "roles": []}', "the settings"),
        ('{"trial": 0, "settings": {"lr": null}, "roles": []}', "the settings"),
        ('{"trial": 0, "settings": {"lr": 0.1}, "roles": ["best"]}', "the roles"),
        ('{"trial": 0, "settings": {"lr": 0.1}}', "found {'trial'"),
        ("[]", r"found \[\]"),
    ],
)
def test_what_is_no_choice_is_refused(tmp_path: Path, entry: str, found: str) -> None:
    path = tmp_path / "choice.json"
    path.write_text(f'{{"tested": [{entry}]}}')
    with pytest.raises(InputError, match=rf"choice\.json: {found}"):
        read_choice(path)


@pytest.mark.parametrize("text", ["[]", "{}", '{"tested": []}', '{"tested": 1}'])
def test_a_choice_tests_something(tmp_path: Path, text: str) -> None:
    path = tmp_path / "choice.json"
    path.write_text(text)
    with pytest.raises(InputError, match="no list of what is tested"):
        read_choice(path)
