"""Going on elsewhere: records fill a store, and runs of units under way are kept beside them.

A folder of records holds whole units. The runs that units under way have finished, or trained up to
a rung, lie there in a file of their own, in the form of a unit's records; no table is made of them.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nagbench.data.images import ImageSet
from nagbench.engine.outcome import CURVE, Outcome
from nagbench.records import NAMES, RUNS, UNFINISHED, read_begun, read_tables, seal, write_unit
from nagbench.runner.attest import Attestation, equal_codes
from nagbench.runner.store import Store, part
from nagbench.runner.unit import run_key, trained
from nagbench.sources import code_digest
from nagbench.study.choice import choose
from nagbench.study.unit import Unit

Row = Mapping[str, Any]
_OF_STUDY = (
    *("run", "study", "edition", "data", "stage", "workload", "optimizer"),
    *("trial", "seed", "settings", "learning_rate", "epochs"),
)


def fill(
    store: Store,
    folder: Path,
    units: Iterable[Unit],
    images: ImageSet,
    backend: str,
    attestations: Iterable[Attestation],
) -> int:
    """Put the runs of a records folder, and those beside them, into the store; returns how many.

    Taken are those of the units, of this data and backend, that were made by today's code or by one
    that is attested to be its equal. What the store has stays.
    """
    rows = rows_of(*read_tables(folder)) + rows_of(*read_begun(folder))
    by_name = {unit.name: unit for unit in units}
    equal, taken = equal_codes(attestations), 0
    codes: dict[str, str] = {}  # of today, by unit
    for row in rows:
        unit = by_name.get("/".join(row[name] for name in NAMES[1:]))
        made = json.loads(row["provenance"])
        if unit is None or (row["edition"], made.get("backend")) != (images.edition, backend):
            continue
        code = codes.setdefault(unit.name, code_digest(unit.base.modules()))
        arm = unit.workload, unit.optimizer
        if equal(*arm, str(made.get("code"))) != equal(*arm, code):
            continue
        taken += _put(store, run_key(row["run"], code, images, backend), row, unit)
    return taken


def rows_of(runs: pd.DataFrame, curves: pd.DataFrame) -> list[Row]:
    """Runs with their curves as lists."""
    by_run = dict(iter(curves.sort_values("epoch").groupby("run")))
    lists = {
        run: {f"curve_{name}": one[name].tolist() for name in CURVE} for run, one in by_run.items()
    }
    return [{**row, **lists[row["run"]]} for row in runs.to_dict("records")]


def _put(store: Store, key: str, row: Row, unit: Unit) -> bool:
    """Put a run in as a whole, or as far as it came, and as it was at the rungs before."""
    outcome = {name: value for name, value in row.items() if name not in _OF_STUDY}
    last = row["curve_epoch"][-1]
    place = part(key, int(last)) if row["status"] == "stopped" else key
    if store.get(place) is not None:
        return False
    curve = Outcome(curve={name: row[f"curve_{name}"] for name in CURVE})
    for rung in unit.halving.rungs if unit.halving is not None else ():
        if rung.epochs < last:
            before = curve.until(rung.epochs).as_row()
            cut = {name: value for name, value in before.items() if name in outcome}
            store.put(
                part(key, rung.epochs), {**outcome, **cut, "diverged_step": -1, "message": ""}
            )
    store.put(place, outcome)
    return True


def keep(
    folder: Path,
    units: Iterable[Unit],
    images: ImageSet,
    backend: str,
    store: Store,
    earlier: Iterable[Path],
) -> int:
    """Write beside the records what units have trained that are not whole there; returns how many
    runs.

    Args:
        folder: Of records.
        units: All of the study.
        images: What they train on.
        backend: Where they train.
        store: Holds what they have trained.
        earlier: Folders whose own runs of units under way are kept, where the store has no more.
    """
    runs, curves = read_tables(folder)
    units = list(units)
    by_name = {unit.name: unit for unit in units}
    whole = {"/".join(key) for key in zip(*(runs[name] for name in NAMES[1:]), strict=True)}
    kept: dict[tuple[str, str], Row] = {}
    for place in earlier:
        for row in rows_of(*read_begun(place)):
            kept["/".join(row[name] for name in NAMES[1:]), row["run"]] = row
    for unit in units:
        if unit.name in whole:
            continue
        choice = None
        if unit.halving is None:
            if unit.tuned_by not in whole:
                continue
            tuned = by_name[unit.tuned_by]
            own = runs[(runs["stage"] == "tune") & (runs["workload"] == tuned.workload)]
            own = own[own["optimizer"] == tuned.optimizer]
            choice = choose(tuned, own, curves[curves["run"].isin(own["run"])])
        for row in trained(unit, images, backend, store, choice):
            kept[unit.name, row["run"]] = row
    rows = [row for (name, _), row in kept.items() if name not in whole]
    path = folder / UNFINISHED
    if rows:
        write_unit(path, [{name: row[name] for name in row if _is_column(name)} for row in rows])
    else:
        path.unlink(missing_ok=True)
    seal(folder)
    return len(rows)


def _is_column(name: str) -> bool:
    return name in RUNS or name.startswith("curve_")
