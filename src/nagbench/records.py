"""What training leaves behind: the schema, and its reading, writing and merging.

A unit's file holds one row a run, its curve as list columns. Merged, they become two tables: `runs`
(one row a run) and `curves` (one row each time a run was judged; epoch 0 is before training).
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nagbench import parquet
from nagbench.errors import InputError
from nagbench.files import atomic_path, remove
from nagbench.integrity import check, is_object
from nagbench.step_costs import FILE as STEP_COSTS
from nagbench.step_costs import StepCosts

VERSION = 4

# What a curve holds beside its epochs, at each of `engine.outcome.evaluation_points`. Its steps are
# those since the row before. Until version 3 a curve had a row each epoch, with test values in all.
CURVE = {
    "train_loss": "mean loss of the steps",
    "train_accuracy": "mean accuracy of the steps",
    "validation_loss": "over the whole validation set",
    "validation_accuracy": "over the whole validation set",
    "test_loss": "over the whole test set, at the end of a finished run of the test stage",
    "test_accuracy": "over the whole test set, at the end of a finished run of the test stage",
    **{
        f"iterate_{part}_{what}": "as without `iterate_`, at the iterates x of torch's SGD with "
        "Nesterov's momentum, which has y = x + μv, the points ahead; in the test stage"
        for part in ("validation", "test")
        for what in ("loss", "accuracy")
    },
    "gradient_norm": "mean over the steps",
    "gradient_ratio": "median of the first layer's gradient norm over the last's",
    "update_norm": "mean length of a step in parameter space",
    "learning_rate": "in force in the last step",
    "gradient_evaluations": "since the start; a forward pass alone counts a third",
    "train_seconds": "since the start",
    "evaluation_seconds": "since the start",
    "largest_jump": "largest rise of the loss from one step to the next",
    "spikes": "steps whose loss is over twice the running mean of those before",
    "loss_variance": "of the steps",
}
RUNS = {
    "run": pa.string(),
    "study": pa.string(),
    "edition": pa.string(),
    "data": pa.string(),
    "stage": pa.string(),
    "workload": pa.string(),
    "optimizer": pa.string(),
    "trial": pa.int64(),
    "seed": pa.int64(),
    "settings": pa.string(),
    "learning_rate": pa.float64(),
    "status": pa.string(),
    "diverged_step": pa.int64(),
    "epochs": pa.int64(),
    "gradient_evaluations": pa.float64(),
    "train_seconds": pa.float64(),
    "evaluation_seconds": pa.float64(),
    "started": pa.string(),
    "ended": pa.string(),
    "message": pa.string(),
    "code": pa.string(),
    "provenance": pa.string(),
}
# What a folder of records holds, each with its checksum in `SHA256SUMS`.
SUMS = "SHA256SUMS"
TABLES = ("curves.parquet", "runs.parquet")
UNFINISHED = "unfinished.parquet"  # runs of units under way, for whoever goes on with them
SEALED = (*TABLES, UNFINISHED, "attestations.json", "provenance.json", STEP_COSTS)
# What a study calls a run; two entries of the same settings share their runs.
NAMES = ("study", "stage", "workload", "optimizer")
# Columns that measure the machine; all others repeat exactly when a unit is trained again.
TIMES = ("train_seconds", "evaluation_seconds", "started", "ended", "provenance")

_RUN_SCHEMA = pa.schema(list(RUNS.items()))
_CURVE_SCHEMA = pa.schema(
    [("run", pa.string()), *((name, pa.float64()) for name in ("epoch", *CURVE))]
)
_UNIT_SCHEMA = pa.schema(
    [*RUNS.items(), *((f"curve_{name}", pa.list_(pa.float64())) for name in ("epoch", *CURVE))]
)


def write_unit(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the runs of a unit: each row has the columns of `RUNS`, and `curve_…` lists."""
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=_UNIT_SCHEMA)
    parquet.write(path, table, VERSION)


def read_units(paths: Iterable[Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The `runs` and `curves` of several units' files, in the order of the files."""
    tables = [_read(path, _UNIT_SCHEMA) for path in paths]
    merged = pa.concat_tables(tables) if tables else _UNIT_SCHEMA.empty_table()
    runs = merged.select(list(RUNS)).to_pandas()
    lengths = pc.list_value_length(merged["curve_epoch"]).to_numpy()
    values = {
        name: pc.list_flatten(merged[f"curve_{name}"]).to_numpy() for name in ("epoch", *CURVE)
    }
    curves = pd.DataFrame({"run": runs["run"].repeat(lengths).reset_index(drop=True), **values})
    # Of a run that two entries of a study share, the curve stands once.
    same = ["run", "epoch", *(name for name in CURVE if name not in TIMES)]
    shared = curves[curves["run"].isin(runs["run"][runs.duplicated("run")])]
    again = shared.index[shared.duplicated(same)]
    return runs, curves.drop(index=again).reset_index(drop=True)


def write_tables(folder: Path, runs: pd.DataFrame, curves: pd.DataFrame) -> None:
    """Write `runs.parquet` and `curves.parquet` after checking that they belong together; beside
    them, in plain text, what made them, and the checksums of all."""
    check(runs, curves, folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(folder, "a file", "a folder of records, or a name for a new one")
    remove(folder / SUMS)  # of what is about to be replaced
    for name, frame, schema in (
        ("runs", runs, _RUN_SCHEMA),
        ("curves", curves, _CURVE_SCHEMA),
    ):
        table = pa.Table.from_pandas(frame, schema, preserve_index=False)
        parquet.write(folder / f"{name}.parquet", table, VERSION)
    counted = sorted(runs["provenance"].value_counts().items())
    made = [{**json.loads(text), "runs": count} for text, count in counted]
    with atomic_path(folder / "provenance.json") as path:
        path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    seal(folder)


def read_tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The checked tables of a records folder, held against its `SHA256SUMS`."""
    check_sums(folder)
    runs = _read(folder / "runs.parquet", _RUN_SCHEMA).to_pandas()
    curves = _read(folder / "curves.parquet", _CURVE_SCHEMA).to_pandas()
    check(runs, curves, folder)
    return runs, curves


def seal(folder: Path) -> None:
    """Write the checksums of what a folder of records holds."""
    sums = (
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in SEALED
        if (folder / name).is_file()
    )
    with atomic_path(folder / SUMS) as path:
        path.write_text("".join(sums), encoding="utf-8")


def check_sums(folder: Path) -> None:
    """Refuse a folder whose files are not those of its `SHA256SUMS`."""
    sums = folder / SUMS
    allowed = "the files as `nagbench collect` or `nagbench records merge` left them"
    try:
        lines = sums.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(sums, f"not readable ({error})", allowed) from None
    expected = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    present = {name for name in SEALED if (folder / name).is_file()}
    if differing := sorted((expected.keys() ^ present) | ({*TABLES} - present)):
        found = f"{', '.join(differing)} only there or only in the folder"
        raise InputError(sums, found, allowed)
    for name, digest in expected.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            raise InputError(folder / name, f"its SHA-256 is not that of {sums}", allowed)


def read_begun(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The checked `runs` and `curves` of units under way that lie beside records, if any do."""
    path = folder / UNFINISHED
    runs, curves = read_units([path] if path.is_file() else [])
    check(runs, curves, path)
    return runs, curves


def read_any(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The `runs` and `curves` of a unit's file, of a records folder, or of a folder of units."""
    if path.is_dir() and not (path / "runs.parquet").is_file():
        # A hidden one is being written, or was left by a process that was killed while it wrote.
        units = sorted(one for one in path.rglob("*.parquet") if one.name[0] != ".")
        if not units:
            raise InputError(path, "no records", "a file of a unit, or a folder of records")
        return read_units(units)
    return read_tables(path) if path.is_dir() else read_units([path])


def merge(
    parts: Sequence[tuple[pd.DataFrame, pd.DataFrame]], place: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All runs of `parts`, each once: of one that is there twice the first, if both say the same.

    Two records of a run that differ in anything but times are refused: chance does not explain
    them, and which is right cannot be told from here.
    """
    runs = pd.concat([runs for runs, _ in parts], ignore_index=True)
    parted = [curves.assign(part=n) for n, (_, curves) in enumerate(parts)]
    curves = pd.concat(parted, ignore_index=True)
    runs["part"] = np.repeat(np.arange(len(parts)), [len(runs) for runs, _ in parts])
    for run, twice in runs[runs.duplicated("run", keep=False)].groupby("run"):
        first, *others = (
            (twice[twice["part"] == part].iloc[0], curve)
            for part, curve in curves[curves["run"] == run].groupby("part")
        )
        for other in others:
            if differing := _differing(first, other):
                found = f"two records of run {run} differ in {', '.join(differing)}"
                raise InputError(place, found, "one record of it; remove the wrong one")
    first_part = runs.groupby("run")["part"].min()
    kept = curves[curves["part"] == curves["run"].map(first_part)]
    return (
        runs.drop_duplicates(["run", *NAMES], ignore_index=True).drop(columns="part"),
        kept.drop(columns="part").reset_index(drop=True),
    )


def _differing(
    first: tuple[pd.Series, pd.DataFrame], second: tuple[pd.Series, pd.DataFrame]
) -> list[str]:
    """Columns in which two records of one run differ, times apart."""
    rows = [
        name
        for name in RUNS
        if name not in (*TIMES, *NAMES, "trial", "code")
        and not pd.Series([first[0][name]]).equals(pd.Series([second[0][name]]))
    ]
    one, other = (record[1].reset_index(drop=True) for record in (first, second))
    return rows + [
        name
        for name in ("epoch", *CURVE)
        if name not in TIMES and not one[name].equals(other[name])
    ]


def digest(runs: pd.DataFrame, curves: pd.DataFrame, costs: StepCosts | None = None) -> str:
    """Names records by what they say, their times apart, and what steps cost: 64 hexadecimal
    digits."""
    parts = [] if costs is None else [costs.digest]
    for frame, schema in ((runs, _RUN_SCHEMA), (curves, _CURVE_SCHEMA)):
        names = [name for name in schema.names if name not in TIMES]
        part = pa.schema([schema.field(name) for name in names])
        parts.append(parquet.content_digest(pa.Table.from_pandas(frame[names], part, False)))
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def trained(runs: pd.DataFrame) -> pd.DataFrame:
    """Each run once: optimizers that train the same at the same settings share theirs."""
    return runs.drop_duplicates("run")


def hours_of(runs: pd.DataFrame) -> float:
    """What all runs took together, added in an order that does not depend on theirs."""
    ordered = trained(runs).sort_values("run")
    return float((ordered["train_seconds"] + ordered["evaluation_seconds"]).sum() / 3600)


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings as they stand in a record."""
    return json.dumps(settings, sort_keys=True)


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    table, version = parquet.read(path)
    if version not in (2, 3, VERSION):
        raise InputError(path, f"records of version {version}", f"version {VERSION}")
    _refuse_gaps(table, path)
    try:
        if version == 2:
            table = _from_version_2(table, schema)
        if version <= 3:
            table = _from_version_3(table, schema)
    except (pa.ArrowException, ValueError, AttributeError, RecursionError) as error:
        found = f"no records of version {version} ({str(error)[:200]})"
        raise InputError(path, found, parquet.ALLOWED) from None
    if not table.schema.equals(schema):
        differing = sorted(set(table.column_names) ^ set(schema.names)) or ["types of columns"]
        raise InputError(path, f"columns differ: {', '.join(differing)}", parquet.ALLOWED)
    if schema is not _CURVE_SCHEMA:
        _refuse_other_words(table, path)
    if schema is _UNIT_SCHEMA:
        _refuse_uneven(table, path)
    return table


def _refuse_gaps(table: pa.Table, path: Path) -> None:
    """Refuse nothing where something must stand; in columns of numbers it is a NaN."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count and not pa.types.is_floating(column.type):
            raise InputError(
                path, f"nothing in {column.null_count} rows of {name}", parquet.ALLOWED
            )


def _refuse_other_words(table: pa.Table, path: Path) -> None:
    """Refuse settings and provenance that cannot be read."""
    for name in ("settings", "provenance"):
        for text in pc.unique(table[name]).to_pylist():
            if not is_object(text):
                found = f"{name} that are no JSON object: {text[:40]!r}"
                raise InputError(path, found, parquet.ALLOWED)


def _refuse_uneven(table: pa.Table, path: Path) -> None:
    """Refuse runs without a curve, and curves whose columns are not of the same length."""
    lengths = [pc.list_value_length(table[f"curve_{name}"]) for name in ("epoch", *CURVE)]
    if pc.any(pc.equal(lengths[0], 0)).as_py() or not all(
        one.equals(lengths[0]) for one in lengths
    ):
        raise InputError(path, "curves that are empty or of uneven length", parquet.ALLOWED)


def _from_version_3(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Records until version 3: whole gradients, curves with a row each epoch at whole numbers, and
    Nesterov's iterates not judged."""
    columns = dict(zip(table.column_names, table.columns, strict=True))
    for name in ("gradient_evaluations", "epoch"):
        if name in columns:
            columns[name] = columns[name].cast(pa.float64())
    unknown = pa.array(np.full(len(table), math.nan))
    if "curve_train_loss" in columns:
        lengths = pc.list_value_length(columns["curve_train_loss"]).to_pylist()
        lists = pa.list_(pa.float64())
        columns["curve_epoch"] = pa.array([range(length) for length in lengths], lists)
        unknown = pa.array([np.full(length, math.nan) for length in lengths], lists)
    columns |= {name: unknown for name in schema.names if "iterate_" in name}
    order = {name: columns[name] for name in schema.names if name in columns}
    return pa.table({**order, **columns})


def _from_version_2(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Records of version 2, which said neither when they were made nor why a run failed.

    The code that made them stands in their provenance.
    """
    if "provenance" not in table.column_names:
        return table
    codes = [str(json.loads(text).get("code", "")) for text in table["provenance"].to_pylist()]
    values = {name: pa.array([""] * len(table)) for name in ("started", "ended", "message")}
    values["code"] = pa.array(codes, pa.string())
    columns = [
        values[name] if name in values else table[name]
        for name in schema.names
        if name in values or name in table.column_names
    ]
    names = [name for name in schema.names if name in values or name in table.column_names]
    return pa.table(columns, names=names)
