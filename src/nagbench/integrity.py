"""What records must be before anybody believes them: consistent, possible, and complete."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from nagbench.engine.outcome import evaluation_points
from nagbench.errors import InputError
from nagbench.study.choice import choose, scores_of
from nagbench.study.unit import Run, Unit

STATUSES = ("finished", "stopped", "diverged", "failed")
# Columns of the curve that are shares, and those that cannot be negative.
ACCURACIES = ("validation_accuracy", "test_accuracy")
SHARES = ("train_accuracy", *ACCURACIES, *(f"iterate_{name}" for name in ACCURACIES))
LOSSES = ("validation_loss", "test_loss")
NOT_NEGATIVE = (
    *("train_loss", *LOSSES, *(f"iterate_{name}" for name in LOSSES)),
    *("gradient_norm", "gradient_ratio", "update_norm", "learning_rate", "gradient_evaluations"),
    *("train_seconds", "evaluation_seconds", "largest_jump", "spikes", "loss_variance"),
)
LONGEST = 1e9  # seconds of a run, three decades; sums of them stay finite
COUNTED = 2.0**53  # gradient evaluations that a float counts one by one
SHOWN = 3  # places that a message names at most


def check(runs: pd.DataFrame, curves: pd.DataFrame, place: object) -> None:
    """Refuse tables that contradict themselves or each other, or hold impossible values.

    Args:
        runs: One row a run, with the columns of `records.RUNS`.
        curves: One row each time a run was judged, with `run`, `epoch` and the columns of
            `records.CURVE`.
        place: What a message names.
    """
    names = ["run", "study", "stage", "workload", "optimizer"]
    twice = sorted(set(runs["run"][runs.duplicated(names)]))
    twice += sorted(set(curves["run"][curves.duplicated(["run", "epoch"])]))
    if twice:
        raise InputError(place, f"runs recorded twice: {_some(twice)}", "each run once")
    unknown = sorted(set(runs["status"]) - set(STATUSES))
    if unknown:
        raise InputError(place, f"status {_some(unknown)}", " or ".join(STATUSES))
    editions = runs[["data", "edition"]].drop_duplicates()
    if editions["data"].duplicated().any():
        found = "editions of one data set mixed: " + ", ".join(sorted(set(editions["edition"])))
        raise InputError(place, found, "runs of a single edition")
    orphans = sorted(set(curves["run"]) ^ set(runs["run"]))
    if orphans:
        found = f"run {orphans[0]} without its row or its curve"
        raise InputError(place, found, "a row in runs and a curve for each run")
    if len(runs):
        _check_rows(runs, place)
        _check_curves(runs, curves, place)


def _check_rows(runs: pd.DataFrame, place: object) -> None:
    rules = {
        "a seed": runs["seed"].between(0, 2**32 - 1),
        "a trial": runs["trial"] >= 0,
        "epochs": runs["epochs"] >= 1,
        "gradient evaluations": runs["gradient_evaluations"].between(0, COUNTED),
        "seconds of training": runs["train_seconds"].between(0, LONGEST),
        "seconds of evaluation": runs["evaluation_seconds"].between(0, LONGEST),
        "a step of divergence": (runs["status"] == "diverged") == (runs["diverged_step"] >= 0),
        "a message of failure": (runs["status"] == "failed") == (runs["message"] != ""),
        "settings": runs["settings"].map(is_object),
        "provenance": runs["provenance"].map(is_object),
    }
    for what, holds in rules.items():
        if not holds.all():
            wrong = runs["run"][~holds]
            raise InputError(place, f"{what} that cannot be: run {_some(wrong)}", "possible values")


def _check_curves(runs: pd.DataFrame, curves: pd.DataFrame, place: object) -> None:
    def refuse(wrong: pd.Series, what: str, allowed: str) -> None:
        if wrong.any():
            cells = curves[wrong]
            places = [
                f"run {run}, epoch {n:g}"
                for run, n in zip(cells["run"], cells["epoch"], strict=True)
            ]
            raise InputError(place, f"{what}: {_some(places)}", allowed)

    begun = curves["epoch"] > 0
    tested, may_be = _tested(runs, curves)
    for name in SHARES:
        needed = {"train": begun, "test": tested, "iterate": False}.get(name.split("_")[0], True)
        wrong = ~(curves[name].between(0, 1) | (curves[name].isna() & ~(needed | False)))
        refuse(wrong, f"{name} that is none", "numbers from 0 to 1, wherever it was measured")
    early = ~may_be & curves[[name for name in curves if "test_" in name]].notna().any(axis=1)
    refuse(early, "test values", "a test set that is evaluated once, at the end of finished runs")
    for name in NOT_NEGATIVE:
        refuse(curves[name] < 0, f"{name} below 0", "0 and above")
    refuse(~np.isfinite(curves["validation_loss"]), "no validation loss", "finite numbers")
    refuse(begun & ~np.isfinite(curves["train_loss"]), "no training loss", "finite numbers")
    of_run = curves.sort_values("epoch").groupby("run")["epoch"]
    holes = [run for run, epochs in of_run if not _is_whole(epochs.tolist())]
    if holes:
        allowed = "every half epoch to epoch 4, or none, and every epoch, from 0 on"
        raise InputError(place, f"epochs missing in run {_some(holes)}", allowed)
    ordered = curves.sort_values(["run", "epoch"])
    counted = ordered["gradient_evaluations"]
    falls = (counted.diff() < 0) & (ordered["run"] == ordered["run"].shift())
    refuse(falls.reindex(curves.index), "fewer gradients than before", "a count that never falls")
    possible = curves["gradient_evaluations"].between(0, COUNTED)
    refuse(begun & ~possible, "no count of gradients", f"numbers from 0 to {COUNTED:.0f}")
    last = runs["run"].map(of_run.max())
    ends = {
        "finished": last == runs["epochs"],
        "stopped": (last < runs["epochs"]) & (last % 1 == 0),
        "diverged": last < runs["epochs"],
        "failed": last < runs["epochs"],
    }
    wrong = ~np.select(
        [runs["status"] == status for status in ends], list(ends.values()), last <= runs["epochs"]
    )
    if wrong.any():
        found = f"curves not as long as their epochs: run {_some(runs['run'][wrong])}"
        allowed = "finished runs with every epoch, stopped ones with fewer, others with no more"
        raise InputError(place, found, allowed)


def _tested(runs: pd.DataFrame, curves: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """In which rows of curves there must be test values, and in which there may be.

    At the end of finished runs of the test stage; records until version 3 had them in every row.
    """
    of_run = curves.groupby("run")
    test_stage = curves["run"].isin(runs["run"][runs["stage"] == "test"])
    finished = curves["run"].isin(runs["run"][runs["status"] == "finished"])
    must = test_stage & finished & (curves["epoch"] == of_run["epoch"].transform("max"))
    in_all = curves["test_accuracy"].notna().groupby(curves["run"]).transform("all")
    in_halves = (curves["epoch"] % 1 != 0).groupby(curves["run"]).transform("any")
    return must, must | (test_stage & in_all & ~in_halves)


def _is_whole(epochs: list[float]) -> bool:
    """Whether the epochs of a curve are those at which runs are judged, or all whole ones."""
    if not 0 <= epochs[-1] <= len(epochs):
        return False
    points = evaluation_points(math.ceil(epochs[-1]))[: len(epochs)]
    return epochs in (points, list(range(len(epochs))))


def check_complete(
    units: Iterable[Unit], runs: pd.DataFrame, curves: pd.DataFrame, partial: bool = False
) -> None:
    """Refuse records that are not, run by run, those to which the study expands today.

    With `partial` whole units may be missing: the study is registered, so that all can see what is.

    What the test stage trains follows from the tuning records: the choice is made again from them,
    so records of a test that followed another choice are refused.
    """
    units = list(units)
    study = units[0].study
    place = f"records of study {study}"
    known = {(unit.stage, unit.workload, unit.optimizer) for unit in units}
    keys = ["stage", "workload", "optimizer"]
    groups = dict(iter(runs[runs["study"] == study].groupby(keys)))
    foreign = sorted(set(groups) - known)
    others = sorted(set(runs["study"]) - {study})
    if foreign or others:
        found = f"foreign: {_some(others or ['/'.join(key) for key in foreign])}"
        raise InputError(place, found, "its runs alone")
    tables = {
        unit.name: _own(groups.get((unit.stage, unit.workload, unit.optimizer), runs[:0]), curves)
        for unit in units
    }
    by_name = {unit.name: unit for unit in units}
    for unit in units:
        if partial and not len(tables[unit.name][0]):
            continue
        choice = None
        if unit.halving is None:
            choice = choose(by_name[unit.tuned_by], *tables[unit.tuned_by])
        check_unit(unit, *tables[unit.name], choice)


def _own(runs: pd.DataFrame, curves: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return runs, curves[curves["run"].isin(runs["run"])]


def check_unit(
    unit: Unit,
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    choice: Mapping[str, Any] | None = None,
) -> None:
    """Refuse records of a unit that are not the runs to which it expands, as far as each trains.

    A unit that tunes expands by what its own records say; one that tests, by the choice.
    """
    place = f"records of {unit.study}/{unit.name}"
    scores = None if unit.halving is None else scores_of(unit, runs, curves)
    wanted = {run.id: run for run in unit.runs(scores, choice)}
    missing = sorted(wanted.keys() - set(runs["run"]))
    foreign = runs[~runs["run"].isin(list(wanted))]
    if missing and len(foreign):
        row = foreign.iloc[0]
        found = (
            f"runs of other words than the study's: run {row['run']} with settings "
            f"{row['settings']}, seed {row['seed']}, {row['epochs']} epochs, where the study "
            f"{'and the choice want' if choice else 'wants'} run {missing[0]}"
        )
        raise InputError(place, found, "records trained by today's study: train the unit again")
    if missing:
        run = wanted[missing[0]]
        found = f"{len(missing)} of {len(wanted)} runs missing: trial {run.trial}, seed {run.seed}"
        raise InputError(place, found, "all of them")
    if len(foreign):
        found = f"{len(foreign)} foreign runs: {_some(foreign['run'])}"
        raise InputError(place, found, "its runs alone")
    for name, fits in _EXPECTED.items():
        wrong = [not fits(wanted[row["run"]], row[name]) for row in runs.to_dict("records")]
        if any(wrong):
            row = runs[wrong].iloc[0]
            found = f"{name} {row[name]} of run {row['run']}, which is {_words(wanted[row['run']])}"
            raise InputError(place, found, "what the run's name stands for")
    last = runs["run"].map(curves.groupby("run")["epoch"].max())
    far = runs["run"].map({name: run.epochs for name, run in wanted.items()})
    wrong = ~runs["status"].isin(["diverged", "failed"]) & (last != far)
    if wrong.any():
        row = runs[wrong].iloc[0]
        found = f"run {row['run']} trained {last[wrong].iloc[0]:g} epochs, not {far[wrong].iloc[0]}"
        raise InputError(place, found, "runs trained as far as the study wants")


def _words(run: Run) -> str:
    return f"trial {run.trial}, seed {run.seed}, {run.recipe.epochs} epochs"


# Whether a column of a run's row has what its name stands for.
_EXPECTED: dict[str, Callable[[Run, Any], bool]] = {
    "trial": lambda run, value: bool(run.trial == value),
    "seed": lambda run, value: bool(run.seed == value),
    "epochs": lambda run, value: bool(run.recipe.epochs == value),
    "settings": lambda run, value: json.loads(value) == json.loads(json.dumps(dict(run.settings))),
    "learning_rate": lambda run, value: bool(
        run.settings.get("lr") == value or ("lr" not in run.settings and np.isnan(value))
    ),
}


def is_object(text: object) -> bool:
    """Whether it is the text of a JSON object."""
    try:
        return isinstance(json.loads(str(text)), dict)
    except (ValueError, RecursionError):
        return False


def _some(values: Iterable[object]) -> str:
    texts = list(map(str, values))
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more
