"""Chooses the setting that the test stage uses: the best of the trials on validation data."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nagbench.data.registry import data_set
from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.study.unit import Unit


def choose(unit: Unit, runs: pd.DataFrame, curves: pd.DataFrame) -> dict[str, Any]:
    """The trial with the highest mean final validation accuracy over the tuning seeds.

    A diverged run counts as chance, whatever it reached before. Ties go to the lower mean loss,
    then to the earlier trial.
    """
    trials = unit.trials
    last = curves.sort_values("epoch").groupby("run").tail(1).set_index("run")
    scored = runs.assign(
        accuracy=runs["run"].map(last["validation_accuracy"]),
        loss=runs["run"].map(last["validation_loss"]),
    )
    diverged = scored["status"] != "finished"
    scored.loc[diverged, "accuracy"] = data_set(unit.base.data).chance
    scored.loc[diverged, "loss"] = math.inf
    counted = scored.groupby("trial")["seed"].nunique().reindex(range(len(trials)), fill_value=0)
    if (counted != len(unit.seeds)).any():
        missing = int((counted != len(unit.seeds)).idxmax())
        found = f"trial {missing} has {counted[missing]} of {len(unit.seeds)} seeds"
        raise InputError(unit.name, found, "records of every trial and tuning seed")
    means = scored.groupby("trial")[["accuracy", "loss"]].mean().reset_index()
    order = means.sort_values(["accuracy", "loss", "trial"], ascending=[False, True, True])
    best = order.iloc[0]
    trial = int(best["trial"])
    return {
        "unit": unit.name,
        "trial": trial,
        "settings": trials[trial],
        "validation_accuracy": float(best["accuracy"]),
        "runs": len(runs),
    }


def write_choice(path: Path, choice: Mapping[str, Any]) -> None:
    """Write what `choose` decided; infinities have no place in it."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(choice, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def read_choice(path: Path) -> dict[str, Any]:
    """A choice as `write_choice` left it."""
    allowed = "a file written by `nagbench choose` (delete it to have it made again)"
    try:
        choice = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(path, "no such file", allowed) from None
    except (OSError, ValueError) as error:
        raise InputError(path, f"not readable ({error})", allowed) from None
    if not isinstance(choice, dict):
        raise InputError(path, "no mapping", allowed)
    trial, settings = choice.get("trial"), choice.get("settings")
    if type(trial) is not int or trial < 0:
        raise InputError(path, f"the trial {trial!r}", allowed)
    if not isinstance(settings, dict) or not all(map(_is_plain, settings.values())):
        raise InputError(path, f"the settings {settings!r}", allowed)
    return choice


def _is_plain(value: Any) -> bool:
    """Whether a setting is a finite number, a text, a truth value, or a list of such."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, bool | str) or (
        isinstance(value, int | float) and math.isfinite(value)
    )
