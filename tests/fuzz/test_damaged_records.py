"""Whatever lies where records are looked for, it is taken or refused in one message."""

from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from limits import cases, refusal
from made_records import (
    BEGUN,
    BEGUN_UNIT,
    CURVE_SCHEMA,
    OF_TODAY,
    POINTS,
    ROWS,
    RUN_SCHEMA,
    RUNS,
    STUDY,
    TUNED,
    UNIT_SCHEMA,
    UNITS,
    damaged_table,
    table_of,
)

from damage import damaged_bytes, damaged_text
from nagbench import parquet, records
from nagbench.data.images import ImageSet
from nagbench.integrity import check_complete, check_unit
from nagbench.runner import attest
from nagbench.runner.store import Store
from nagbench.runner.unfinished import fill, rows_of
from nagbench.statistics.roles import select
from nagbench.study.choice import choose

SUMS = "".join(f"{'0' * 64}  {name}\n" for name in records.TABLES)


def use_unit(path: Path, folder: Path) -> None:
    """All that commands do with a unit's file, or with the runs of a unit under way."""
    runs, curves = records.read_units([path])
    merged = records.merge([(runs, curves), (runs, curves)], str(path))
    records.write_tables(folder, *merged)
    records.read_tables(folder)
    attest.check_codes(runs, [], path)
    rows_of(runs, curves)
    check_unit(TUNED, runs, curves)
    choose(TUNED, runs, curves)


def use_folder(folder: Path) -> None:
    """What commands do with a folder of records before anything is computed."""
    runs, curves = records.read_tables(folder)
    check_complete(UNITS.values(), runs, curves)
    attest.check_codes(runs, attest.read(folder), folder)
    select(STUDY, runs, curves)
    records.digest(runs, curves)
    records.hours_of(runs)


def go_on(folder: Path, images: ImageSet, store: Path) -> int:
    """Begin with the runs under way that lie beside records without a whole unit."""
    records.write_tables(folder, *records.read_units([]))
    return fill(Store(store), folder, [BEGUN_UNIT], images, "cpu", [OF_TODAY])


def test_what_is_damaged_is_whole(tmp_path: Path, images: ImageSet) -> None:
    parquet.write(tmp_path / "unit.parquet", table_of(ROWS, UNIT_SCHEMA), records.VERSION)
    assert not refusal(lambda: use_unit(tmp_path / "unit.parquet", tmp_path / "one"))
    folder = tmp_path / "whole"
    parquet.write(folder / "runs.parquet", table_of(RUNS, RUN_SCHEMA), records.VERSION)
    parquet.write(folder / "curves.parquet", table_of(POINTS, CURVE_SCHEMA), records.VERSION)
    records.seal(folder)
    assert not refusal(lambda: use_folder(folder))
    begun = tmp_path / "begun"
    parquet.write(begun / records.UNFINISHED, table_of(BEGUN, UNIT_SCHEMA), records.VERSION)
    assert go_on(begun, images, tmp_path / "store") == len(BEGUN)


@given(damaged_table(ROWS, UNIT_SCHEMA), st.sampled_from([*[records.VERSION] * 3, 3, 2, 0, 99]))
@cases(150, "a unit's records, values and columns")
def test_damaged_tables_of_a_unit(tmp_path: Path, table: pa.Table, version: int) -> None:
    path = tmp_path / "unit.parquet"
    parquet.write(path, table, version)
    refusal(lambda: use_unit(path, tmp_path / "records"))


@given(st.data())
@cases(150, "a unit's records, bytes")
def test_damaged_bytes_of_a_unit(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "unit.parquet"
    records.write_unit(path, ROWS)
    path.write_bytes(data.draw(damaged_bytes(path.read_bytes())))
    refusal(lambda: use_unit(path, tmp_path / "records"))


@given(
    damaged_table(RUNS, RUN_SCHEMA) | st.just(table_of(RUNS, RUN_SCHEMA)),
    damaged_table(POINTS, CURVE_SCHEMA) | st.just(table_of(POINTS, CURVE_SCHEMA)),
)
@cases(100, "a folder of records")
def test_damaged_folders(tmp_path: Path, runs: pa.Table, curves: pa.Table) -> None:
    folder = tmp_path / "records"
    parquet.write(folder / "runs.parquet", runs, records.VERSION)
    parquet.write(folder / "curves.parquet", curves, records.VERSION)
    records.seal(folder)
    refusal(lambda: use_folder(folder))


@given(damaged_table(BEGUN, UNIT_SCHEMA))
@cases(100, "runs of units under way, beside records")
def test_damaged_runs_under_way(tmp_path: Path, images: ImageSet, table: pa.Table) -> None:
    """What a machine goes on from."""
    folder = tmp_path / "records"
    parquet.write(folder / records.UNFINISHED, table, records.VERSION)
    refusal(lambda: go_on(folder, images, tmp_path / "store"))


@given(damaged_text(SUMS, ("\n", "  ", "runs.parquet", "../x", "\0", "é")))
@cases(100, "checksums")
def test_damaged_sums(tmp_path: Path, text: str) -> None:
    for name in records.TABLES:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / records.SUMS).write_text(text, encoding="utf-8", errors="replace")
    assert refusal(lambda: records.read_tables(tmp_path))
