"""MLflow: metric histories as CSV, a row a logged value.

Columns `run_id` (or `Run`, `Run ID`), `key` (or `metric`, `name` where there is none of these),
`step` and `value`, as the download of a metric's chart has them, and as `get_metric_history` gives
them. Run names are read from `run_name` (or `Run Name`, or `name` beside `key` or `metric`) and
split into optimizer and seed; a column `optimizer` or `params.optimizer` names it outright.
"""

from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.judging.curves import Read
from nagbench.judging.names import Wanted, metric, split_run_name
from nagbench.judging.readers.text_table import numbers
from nagbench.study.wording import listed

_RUN = ("run_id", "run id", "run_uuid", "run")
_METRIC = ("key", "metric", "metric_key")
_RUN_NAME = ("run_name", "run name", "tags.mlflow.runname", "name")
_OPTIMIZER = ("optimizer", "params.optimizer")


def is_one(header: list[str]) -> bool:
    """Whether a table with this header is such an export."""
    return all(_first(header, names) for names in (_RUN, (*_METRIC, "name"), ("value",), ("step",)))


def read(path: Path, table: pd.DataFrame, wanted: Wanted) -> Read:
    place, header = str(path), list(table.columns)
    run = wanted.columns.get("run") or _first(header, _RUN)
    key = _first(header, _METRIC)
    name = _first(header, _RUN_NAME)
    if key is None:
        key, name = name, _first(header, _RUN_NAME[:-1])
    optimizer = wanted.columns.get("optimizer") or _first(header, _OPTIMIZER)
    value, step = (_first(header, (word,)) for word in ("value", "step"))
    if not (run and key and value and step) or {run, optimizer} - {*header, None}:
        raise InputError(place, f"columns {listed(header)}", "run_id, key, step and value")
    chosen = metric(place, sorted(set(table[key]) - {""}), wanted)
    own = table[table[key] == chosen]
    steps, _ = numbers(path, own[step], needed=True)
    values, written = numbers(path, own[value])
    frame = pd.DataFrame(
        {
            "workload": "",
            "run": own[run].to_numpy(),
            "step": steps,
            "value": values,
            "written": written,
            "planned": float("nan"),
        }
    )
    notes: tuple[str, ...] = ()
    if optimizer:
        frame["optimizer"] = own[optimizer].to_numpy()
    else:
        labels = own[name if name else run]
        split = {label: split_run_name(label, wanted) for label in dict.fromkeys(labels)}
        frame["optimizer"] = [split[label][0] for label in labels]
        if name:  # a run's name says its seed; two runs of one name stay two
            seeds = [split[label][1] for label in labels]
            frame["run"] = _told_apart(pd.Series(seeds), frame["run"], frame["optimizer"])
        alone = sum(found[0] == label for label, found in split.items())
        if alone:
            notes = (
                f"{alone} of {len(split)} run names in {path.name} say no seed "
                "(--run-name splits names otherwise).",
            )
    if (frame["run"] == "").any() or (frame["optimizer"] == "").any():
        raise InputError(place, "rows without a run", "a run in every row")
    return Read(place, frame, chosen, "step", notes)


def _told_apart(seeds: pd.Series, identities: pd.Series, optimizers: pd.Series) -> pd.Series:
    """The seeds as names of runs; the identities where two runs of an optimizer share a seed."""
    several = identities.groupby([optimizers, seeds]).transform("nunique") > 1
    return seeds.mask(several, identities)


def _first(header: list[str], names: tuple[str, ...]) -> str | None:
    """The column that is called by one of the names, in their order, in any case."""
    lowered = {column.strip().lower(): column for column in reversed(header)}
    return next((lowered[name] for name in names if name in lowered), None)
