"""Chooses the settings that the test stage uses, from a tune unit's records."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nagbench.data.registry import data_set
from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.metrics import BROKEN
from nagbench.study.halving import Score, Scores, progress
from nagbench.study.unit import Unit
from nagbench.time_below import times_below

_ROLES = ("accuracy", "speed", "runner_up")


def choose(unit: Unit, runs: pd.DataFrame, curves: pd.DataFrame) -> dict[str, Any]:
    """What the test stage tests, as plain data.

    By `accuracy` that of the finalists is chosen with the highest mean final validation accuracy
    over the tuning seeds, by `speed` the one with the least mean time below the targets, in
    gradient evaluations. A run that broke off counts as chance, and as the whole budget. Ties go to
    the lower mean loss, then to the earlier trial.

    Returns:
        `tested`, a list of `trial`, `settings` and `roles` (of `accuracy`, `speed`, `runner_up`);
        `validation_accuracy`, the mean of the first; `grown` and `edge`, borders of the space;
        `epochs`, trained in all; `unit` and `runs`.
    """
    assert unit.halving is not None, f"{unit.name} does not tune"
    scores = scores_of(unit, runs, curves)
    found = progress(unit.halving, unit.seeds, unit.base.epochs, scores)
    if not found.decided:
        raise InputError(unit.name, "trials missing", "records of every trial that tuning wants")
    best, *others = found.best
    roles = {best: ["accuracy"]}
    if "speed" in unit.choices:
        roles.setdefault(_fastest(unit, found.best, runs, curves), []).append("speed")
    if others and unit.few:
        roles.setdefault(others[0], []).append("runner_up")
    last = [scores[best, seed][unit.base.epochs][0] for seed in unit.seeds]
    return {
        "unit": unit.name,
        "tested": [
            {"trial": trial, "settings": unit.trials[trial], "roles": names}
            for trial, names in roles.items()
        ],
        "validation_accuracy": math.fsum(last) / len(last),
        "grown": list(found.grown),
        "edge": list(found.edge),
        "epochs": sum(found.epochs.values()),
        "runs": len(runs),
    }


def scores_of(unit: Unit, runs: pd.DataFrame, curves: pd.DataFrame) -> Scores:
    """The scores of a tune unit's records, as `halving` wants them; other runs do not count."""
    whole = curves[curves["epoch"] % 1 == 0].sort_values(["run", "epoch"])
    scores = whole[["validation_accuracy", "validation_loss"]].to_numpy(float).tolist()
    by_run: dict[str, list[Score]] = {}
    for run, (accuracy, loss) in zip(whole["run"], scores, strict=True):
        by_run.setdefault(run, []).append((accuracy, loss))
    return {
        (row.trial, row.seed): run_scores(unit, by_run[row.run], row.status)
        for row in runs.itertuples()
        if row.run in by_run
        and row.trial < len(unit.trials)
        and row.run == unit.recipe(unit.trials[row.trial], row.seed).id
    }


def run_scores(unit: Unit, scores: list[Score], status: str) -> list[Score]:
    """A run's scores after each whole epoch: one that broke off goes on at chance."""
    if status not in BROKEN:
        return scores
    kept = scores[: unit.base.epochs]
    chance = data_set(unit.base.data).chance, math.inf
    return kept + [chance] * (unit.base.epochs + 1 - len(kept))


def _fastest(unit: Unit, trials: Sequence[int], runs: pd.DataFrame, curves: pd.DataFrame) -> int:
    """The trial with the least mean time below the targets; of equal ones the more accurate."""
    assert unit.targets is not None, f"{unit.name} has no targets"
    own = runs[runs["trial"].isin(trials)].sort_values(["trial", "seed"])
    parts = [curves[curves["run"] == run].sort_values("epoch") for run in own["run"]]
    ends = [part["gradient_evaluations"].iloc[-1] for part in parts]
    whole = own["status"].to_numpy() == "finished"
    if not whole.any():
        return trials[0]
    joined = pd.concat(parts)
    found = times_below(
        joined["gradient_evaluations"].to_numpy(float),
        joined["validation_accuracy"].to_numpy(float),
        np.array([len(part) for part in parts]),
        ~whole,
        unit.targets,
        float(min(np.array(ends)[whole])),
    )
    means = pd.Series(found.times).groupby(own["trial"].to_numpy()).mean()
    return min(trials, key=lambda trial: (means[trial], trials.index(trial)))


def write_choice(path: Path, choice: Mapping[str, Any]) -> None:
    """Write what `choose` decided; infinities have no place in it."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(choice, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def read_choice(path: Path) -> dict[str, Any]:
    """A choice as `write_choice` left it."""
    allowed = "a file written by `nagbench choose` (delete it to have it made again)"
    try:
        choice: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(path, "no such file", allowed) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(path, f"not readable ({error})", allowed) from None
    tested = choice.get("tested") if isinstance(choice, dict) else None
    if not isinstance(tested, list) or not tested:
        raise InputError(path, "no list of what is tested", allowed)
    for entry in tested:
        if not isinstance(entry, dict) or entry.keys() != {"trial", "settings", "roles"}:
            raise InputError(path, f"found {entry!r}", allowed)
        trial, settings, roles = entry["trial"], entry["settings"], entry["roles"]
        if type(trial) is not int or trial < 0:
            raise InputError(path, f"the trial {trial!r}", allowed)
        if not isinstance(settings, dict) or not all(map(_is_plain, settings.values())):
            raise InputError(path, f"the settings {settings!r}", allowed)
        if not isinstance(roles, list) or any(role not in _ROLES for role in roles):
            raise InputError(path, f"the roles {roles!r}", allowed)
    return choice


def _is_plain(value: Any) -> bool:
    """Whether a setting is a finite number, a text, a truth value, or a list of such."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, bool | str) or (
        isinstance(value, int | float) and abs(value) <= sys.float_info.max
    )
