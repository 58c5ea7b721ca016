"""Records whose runs, or whose study, have other names than a study's of today, named as its.

A run's name is a digest of its recipe. When recipes came to be named otherwise, older records said
the same of their runs under other names; what they say decides which run of today each is.
"""

import json
from collections.abc import Iterable

import numpy as np
import pandas as pd

from nagbench.errors import InputError
from nagbench.study.unit import Unit


def renamed(
    units: Iterable[Unit], runs: pd.DataFrame, curves: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same records, each run under the name that its study gives it today.

    A run is known by its unit, settings and seed; of a unit that tunes the settings must be those
    of its trial. Nothing but the names changes, that of the study among them.
    """
    units = list(units)
    runs = runs.assign(study=units[0].study)
    names: dict[str, str] = {}
    for unit in units:
        for row in runs[_of(unit, runs)].itertuples():
            settings = json.loads(row.settings)
            tried = unit.halving is None or (
                row.trial < len(unit.trials)
                and settings == json.loads(json.dumps(unit.trials[row.trial]))
            )
            if not tried or row.seed not in unit.seeds or row.epochs != unit.base.epochs:
                found = f"run {row.run}: trial {row.trial}, seed {row.seed}, {row.settings}"
                raise InputError(
                    f"records of {unit.study}/{unit.name}", found, "a run of the study"
                )
            name = unit.recipe(settings, row.seed).id
            if names.setdefault(row.run, name) != name:
                raise InputError(f"run {row.run}", "two runs of the study", "one")
    unknown = sorted(set(runs["run"]) - set(names))
    if unknown:
        raise InputError(f"run {unknown[0]}", "in no unit of the study", "runs of the study alone")
    return (
        runs.assign(run=runs["run"].map(names)),
        curves.assign(run=curves["run"].map(names)),
    )


def part(
    units: Iterable[Unit], runs: pd.DataFrame, curves: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The runs of these units out of the records of a study that has more, as their study's."""
    units = list(units)
    kept = runs[np.logical_or.reduce([_of(unit, runs) for unit in units])]
    return renamed(units, kept, curves[curves["run"].isin(kept["run"])])


def _of(unit: Unit, runs: pd.DataFrame) -> pd.Series:
    keys = {"stage": unit.stage, "workload": unit.workload, "optimizer": unit.optimizer}
    return (runs[list(keys)] == pd.Series(keys)).all(axis=1)
