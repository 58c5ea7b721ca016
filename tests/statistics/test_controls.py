"""Controls: an optimizer against itself, and a rate that is known to be too low."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from nagbench.rendering.numbers import _controls
from nagbench.statistics.controls import LOWER, NULL, controls
from nagbench.statistics.roles import select
from nagbench.statistics.sign_flips import two_sided_p
from nagbench.study.file import study_of
from nagbench.study.model import Study
from nagbench.study.plan import units
from records_of import run_of, whole_records_of

EPOCHS = 2


def study_with(small: dict[str, Any], seeds: int) -> Study:
    small["testing"]["seeds"] = list(range(101, 101 + seeds))
    small["workloads"]["tiny"]["epochs"] = EPOCHS
    small["hypotheses"] = {}
    return study_of("small", yaml.safe_load(yaml.safe_dump(small)), "small.yaml")


def rows(study: Study, ends: dict[str, np.ndarray]) -> pd.DataFrame:
    accuracy = {name: [[0.1, *[end] * EPOCHS] for end in values] for name, values in ends.items()}
    runs, curves = whole_records_of(study, accuracy)
    return controls(study, select(study, runs, curves))


def test_an_optimizer_does_not_differ_from_itself(small: dict[str, Any]) -> None:
    study = study_with(small, 12)
    noise = np.random.default_rng(3)
    ends = {name: noise.normal(0.5, 0.05, 12) for name in study.optimizers}
    found = rows(study, ends)
    assert set(found["control"]) == {NULL}
    assert len(found) == 2 * len(study.optimizers)
    assert (found["pairs"] == 6).all()
    accuracy = found[found["metric"] == "accuracy"].set_index("optimizer")
    for name, values in ends.items():
        halves = values[:6] - values[6:]
        assert accuracy.loc[name, "p"] == pytest.approx(two_sided_p(halves))
        assert accuracy.loc[name, "difference"] == pytest.approx(halves.mean())


def test_seeds_that_are_not_alike_show(small: dict[str, Any]) -> None:
    """As where half of the runs came from another machine."""
    study = study_with(small, 12)
    values = np.r_[np.full(6, 0.3), np.full(6, 0.6)] + np.linspace(0, 0.01, 12)
    found = rows(study, dict.fromkeys(study.optimizers, values))
    assert (found["p"] <= 0.05).all()


@pytest.mark.parametrize(("seeds", "enough"), [(11, False), (12, True), (13, True)])
def test_too_few_runs_for_a_test_are_not_compared(
    small: dict[str, Any], seeds: int, enough: bool
) -> None:
    study = study_with(small, seeds)
    found = rows(study, dict.fromkeys(study.optimizers, np.linspace(0.4, 0.6, seeds)))
    assert bool(len(found)) == enough


def lowered(small: dict[str, Any], lost: float, **band: float) -> pd.DataFrame:
    """The controls where each rate below the chosen one loses so much more than the next."""
    small["band"] = {"epochs": EPOCHS, "seeds": list(range(301, 309)), "threshold": 0.3, **band}
    study = study_with(small, 4)
    ends = dict.fromkeys(study.optimizers, [[0.1, *[0.6] * EPOCHS]] * 4)
    runs, curves = whole_records_of(study, ends)
    chosen = select(study, runs, curves).chosen
    noise = np.random.default_rng(0)
    more: list[dict[str, Any]] = []
    for unit in units(study, "band"):
        middle = len(unit.factors) // 2
        for run in unit.runs(choice=chosen[unit.workload, unit.optimizer]):
            end = 0.8 - lost * max(middle - run.trial, 0) + noise.normal(0, 0.01)
            row, curve = run_of(run.id, [0.1, *[end] * EPOCHS], EPOCHS)
            place = {"stage": "band", "workload": unit.workload, "optimizer": unit.optimizer}
            rate = {"trial": run.trial, "seed": run.seed, "learning_rate": run.settings["lr"]}
            more.append({**row, "study": study.name, "settings": "{}", **place, **rate})
            curves = pd.concat([curves, curve], ignore_index=True)
    runs = pd.concat([runs, pd.DataFrame(more)], ignore_index=True)
    found = controls(study, select(study, runs, curves))
    if len(found):
        assert set(found["control"]) == {LOWER}
        assert found["workload"].tolist() == ["tiny"] * len(study.optimizers)
        assert (found["pairs"] == 8).all()
    return found


@pytest.mark.parametrize(
    ("band", "steps"),
    [
        ({}, 2),  # 10^-0.5, the nearest of three that are low enough
        ({"step": 0.2}, 3),  # 10^-0.4 is not
        ({"decades": 0.4, "step": 0.2}, 0),
    ],
)
def test_the_nearest_rate_of_at_most_a_third_is_found_worse(
    small: dict[str, Any], band: dict[str, float], steps: int
) -> None:
    found = lowered(small, 0.1, **band)
    assert len(found) == (2 if steps else 0)
    if steps:
        np.testing.assert_allclose(found["difference"], -0.1 * steps, atol=0.02)
        assert (found["p"] <= 0.05).all()


def test_a_rate_that_is_as_good_is_not_found_worse(small: dict[str, Any]) -> None:
    assert (lowered(small, 0.0)["p"] > 0.05).all()


def test_no_halves_are_compared_of_which_a_run_broke_off(small: dict[str, Any]) -> None:
    study = study_with(small, 12)
    ends = dict.fromkeys(study.optimizers, [[0.1, *[0.6] * EPOCHS]] * 11 + [[0.1]])
    runs, curves = whole_records_of(study, ends)
    assert controls(study, select(study, runs, curves)).empty


def test_the_paper_names_what_was_not_found() -> None:
    facts = {
        "study": pd.DataFrame({"level": [0.05]}),
        "optimizers": pd.DataFrame({"optimizer": ["a", "b"], "label": ["A", "B & C"]}),
    }
    none = pd.DataFrame({"control": [], "p": []})
    assert "enough" in _controls({**facts, "controls": none})
    null = {"control": NULL, "p": [0.2, 0.04]}
    lower = {"control": LOWER, "p": [0.01, 0.2], "difference": -0.1, "optimizer": ["a", "b"]}
    table = pd.concat([pd.DataFrame(null), pd.DataFrame(lower)], ignore_index=True)
    said = _controls({**facts, "controls": table})
    assert "differ: 1 of 2 such comparisons did (p at most 0.05, uncorrected)." in said
    assert said.endswith("for 1 of 2 optimizers, but not for B & C.")
