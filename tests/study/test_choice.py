"""The choice of a setting from the trials."""

import math
from pathlib import Path

import pandas as pd
import pytest

from nagbench.errors import InputError
from nagbench.study.choice import choose, read_choice, write_choice
from nagbench.study.model import Study
from small_runs import unit_of


def frames(
    accuracies: list[list[float]], losses: list[list[float]] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Trials × seeds of final validation accuracies; NaN is a diverged run."""
    runs, curves = [], []
    for trial, row in enumerate(accuracies):
        for seed, accuracy in enumerate(row, 1):
            name = f"{trial}-{seed}"
            status = "diverged" if math.isnan(accuracy) else "finished"
            runs.append({"run": name, "trial": trial, "seed": seed, "status": status})
            for epoch, value in enumerate([0.99, accuracy if status == "finished" else 0.9]):
                loss = 1.0 if losses is None else losses[trial][seed - 1]
                curves.append(
                    {
                        "run": name,
                        "epoch": epoch,
                        "validation_accuracy": value,
                        "validation_loss": loss,
                    }
                )
    return pd.DataFrame(runs), pd.DataFrame(curves).sample(frac=1, random_state=0)


@pytest.mark.parametrize(
    ("accuracies", "losses", "trial"),
    [
        ([[0.2], [0.5], [0.4]], None, 1),
        ([[0.2], [math.nan], [0.15]], None, 0),
        ([[math.nan], [math.nan], [0.11]], None, 2),
        ([[0.3], [0.3], [0.3]], [[2.0], [1.0], [1.5]], 1),
        ([[0.3], [0.3], [0.3]], None, 0),
        ([[math.nan], [math.nan], [math.nan]], None, 0),
    ],
)
def test_the_best_final_accuracy_wins(
    small_study: Study,
    accuracies: list[list[float]],
    losses: list[list[float]] | None,
    trial: int,
) -> None:
    unit = unit_of(small_study, "tune/tiny/sgd")
    choice = choose(unit, *frames(accuracies, losses))
    assert choice["trial"] == trial
    assert choice["settings"] == unit.trials[trial]


def test_missing_runs_are_refused(small_study: Study) -> None:
    unit = unit_of(small_study, "tune/tiny/sgd")
    runs, curves = frames([[0.2], [0.5], [0.4]])
    with pytest.raises(InputError, match="trial 1 has 0 of 1 seeds"):
        choose(unit, runs[runs["trial"] != 1], curves)


def test_a_choice_comes_back_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "choice.json"
    write_choice(path, {"trial": 1, "settings": {"lr": 0.1}})
    assert read_choice(path)["settings"] == {"lr": 0.1}
    path.write_text("{")
    with pytest.raises(InputError, match="not readable"):
        read_choice(path)
    path.write_text("{}")
    with pytest.raises(InputError, match="the trial None"):
        read_choice(path)
    with pytest.raises(InputError, match="no such file"):
        read_choice(tmp_path / "none.json")


@pytest.mark.parametrize(
    "text",
    [
        '{"trial": "x", "settings": {"lr": 0.1}}',
        '{"trial": -1, "settings": {"lr": 0.1}}',
        '{"trial": true, "settings": {"lr": 0.1}}',
        '{"trial": 0, "settings": 5}',
        '{"trial": 0, "settings": {"lr": NaN}}',
        '{"trial": 0, "settings": {"betas": [0.9, Infinity]}}',
        '{"trial": 0, "settings": {"lr": null}}',
        "[]",
    ],
)
def test_what_is_no_choice_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "choice.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"choice\.json: (the (trial|settings)|no mapping)"):
        read_choice(path)
