"""Records: what is written is what is read, and nothing else is taken for it."""

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nagbench import parquet, records
from nagbench.engine.outcome import evaluation_points
from nagbench.errors import InputError
from nagbench.integrity import check


def row(run: str, epochs: int = 2, **changes: Any) -> dict[str, Any]:
    words = {
        "run": run,
        "study": "small",
        "edition": "synthetic",
        "data": "synthetic",
        "stage": "test",
        "workload": "tiny",
        "optimizer": "sgd",
        "trial": 0,
        "seed": 11,
        "settings": "{}",
        "learning_rate": 0.1,
        "status": "finished",
        "diverged_step": -1,
        "epochs": 2,
        "gradient_evaluations": 20,
        "train_seconds": 1.0,
        "evaluation_seconds": 0.5,
        "started": "2026-01-01T00:00:00+00:00",
        "ended": "2026-01-01T00:01:00+00:00",
        "message": "",
        "code": "",
        "provenance": "{}",
    }
    points = evaluation_points(epochs)
    curves = {
        f"curve_{name}": [math.nan, *(n / 10 for n in range(len(points) - 1))]
        for name in records.CURVE
    }
    for part in ("validation", "test"):
        for name in ("loss", "accuracy"):
            curves[f"curve_{part}_{name}"][0] = 0.1 if part == "validation" else math.nan
            if part == "test":
                curves[f"curve_test_{name}"][:-1] = [math.nan] * (len(points) - 1)
            curves[f"curve_iterate_{part}_{name}"] = [math.nan] * len(points)
    return {**words, "curve_epoch": points, **curves, **changes}


def test_units_come_back_as_two_tables(tmp_path: Path) -> None:
    records.write_unit(tmp_path / "a.parquet", [row("a"), row("b", epochs=0)])
    records.write_unit(tmp_path / "c.parquet", [row("c")])
    runs, curves = records.read_units([tmp_path / "a.parquet", tmp_path / "c.parquet"])
    assert list(runs["run"]) == ["a", "b", "c"]
    assert list(runs.columns) == list(records.RUNS)
    expected = [("a", n / 2) for n in range(5)] + [("b", 0)] + [("c", n / 2) for n in range(5)]
    assert list(zip(curves["run"], curves["epoch"], strict=True)) == expected
    assert math.isnan(curves["train_loss"][0])
    assert curves["train_loss"][2] == 0.1


def test_merged_tables_come_back_unchanged(tmp_path: Path) -> None:
    records.write_unit(tmp_path / "a.parquet", [row("a"), row("b")])
    runs, curves = records.read_units([tmp_path / "a.parquet"])
    records.write_tables(tmp_path, runs, curves)
    again = records.read_tables(tmp_path)
    pd.testing.assert_frame_equal(again[0], runs)
    pd.testing.assert_frame_equal(again[1], curves)


def test_the_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        records.write_unit(tmp_path / f"{name}.parquet", [row("a")])
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    records.write_unit(path, [row("a")])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"a\.parquet.*not readable as Parquet.*delete it"):
        records.read_units([path])


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"run": ["a"]}), path)
    with pytest.raises(InputError, match="foreign"):
        records.read_units([path])


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"run": ["a"]}).replace_schema_metadata({"nagbench.records": "1"}), path
    )
    with pytest.raises(InputError, match="no digest of its content"):
        records.read_units([path])


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    records.write_unit(path, [row("a")])
    parquet.write(path, parquet.read(path)[0].drop_columns(["seed"]), records.VERSION)
    with pytest.raises(InputError, match="columns differ: seed"):
        records.read_units([path])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"settings": None}, "nothing in 1 rows of settings"),
        ({"seed": None}, "nothing in 1 rows of seed"),
        ({"curve_train_loss": None}, "nothing in 1 rows of curve_train_loss"),
        ({"curve_train_loss": [0.1]}, "empty or of uneven length"),
        ({f"curve_{name}": [] for name in ("epoch", *records.CURVE)}, "empty"),
    ],
)
def test_gaps_are_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    """Though whoever wrote them signed them."""
    path = tmp_path / "a.parquet"
    records.write_unit(path, [row("a"), row("b", **changes)])
    with pytest.raises(InputError, match=said):
        records.read_units([path])


@pytest.mark.parametrize("name", ["settings", "provenance"])
@pytest.mark.parametrize("text", ["", "[key]", "[1]", "5", "[" * 100_000])
def test_words_that_are_no_object_are_refused(tmp_path: Path, name: str, text: str) -> None:
    """Before anything reads what made a run, and in a second record of one run too."""
    path = tmp_path / "a.parquet"
    records.write_unit(path, [row("a"), row("a", **{name: text})])
    with pytest.raises(InputError, match=f"{name} that are no JSON object"):
        records.read_units([path])


@pytest.mark.parametrize("version", [2, 3])
def test_other_tables_of_an_older_version_are_refused(tmp_path: Path, version: int) -> None:
    path = tmp_path / "a.parquet"
    for table in (pa.table({"epoch": ["x"]}), pa.table({"provenance": ["[]"]})):
        parquet.write(path, table, version)
        with pytest.raises(InputError, match=r"no records of version|columns differ"):
            records.read_units([path])


@pytest.mark.parametrize("epochs", [[math.nan] * 3, [0.0, 1.0, 1e300], [0.0, math.nan, 2.0]])
def test_epochs_that_cannot_be_are_refused(tmp_path: Path, epochs: list[float]) -> None:
    """At once: no list is made up to the last of them."""
    changes = {f"curve_{name}": [0.1, 0.2, 0.3] for name in records.CURVE}
    records.write_unit(tmp_path / "a.parquet", [row("a", **changes, curve_epoch=epochs)])
    with pytest.raises(InputError):
        check(*records.read_units([tmp_path / "a.parquet"]), "here")


def old(table: pa.Table) -> pa.Table:
    """A table as version 3 had it: a row each epoch, counted in whole numbers, with test values in
    all, and no iterates."""
    of_curve = {"epoch", "curve_epoch"} & {*table.column_names}
    for name in {"epoch", "gradient_evaluations"} & {*table.column_names}:
        if name == "epoch" or not of_curve - {"curve_epoch"}:
            whole = table[name].cast(pa.int64())
            table = table.set_column(table.column_names.index(name), name, whole)
    gone = [name for name in table.column_names if "iterate_" in name or name == "curve_epoch"]
    return table.drop_columns(gone)


@pytest.mark.parametrize("stage", ["tune", "test"])
def test_records_of_version_3_are_read_with_their_epochs(tmp_path: Path, stage: str) -> None:
    tested = [0.1, 0.2, 0.3] if stage == "test" else [math.nan] * 3
    words = {f"curve_{name}": [0.1, 0.2, 0.3] for name in records.CURVE}
    words |= {name: [math.nan] * 3 for name in words if "iterate" in name}
    words |= {"curve_test_loss": tested, "curve_test_accuracy": tested, "curve_epoch": [0, 1, 2]}
    unit, folder = tmp_path / "a.parquet", tmp_path / "records"
    records.write_unit(unit, [row("a", stage=stage, **words), row("b", stage=stage, **words)])
    expected = records.read_units([unit])
    records.write_tables(folder, *expected)
    for path in (unit, folder / "curves.parquet", folder / "runs.parquet"):
        table, _ = parquet.read(path)
        parquet.write(path, old(table), 3)
    records.seal(folder)
    for found in (records.read_units([unit]), records.read_tables(folder)):
        for one, other in zip(found, expected, strict=True):
            pd.testing.assert_frame_equal(one, other)
    assert expected[1]["epoch"].tolist() == [0, 1, 2, 0, 1, 2]


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    records.write_unit(tmp_path / "a.parquet", [row("a")])
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(InputError, match="taken: a file; allowed: a folder of records"):
        records.write_tables(tmp_path / "taken", *records.read_units([tmp_path / "a.parquet"]))
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.parquet: no such file"):
        records.read_units([tmp_path / "x.parquet"])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row("a"), row("a")], "recorded twice: a"),
        ([row("a", status="lost")], "status lost"),
        ([row("a"), row("b", edition="CIFAR-10")], "editions of one data set mixed"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, rows: list[dict[str, Any]], words: str) -> None:
    records.write_unit(tmp_path / "a.parquet", rows)
    runs, curves = records.read_units([tmp_path / "a.parquet"])
    with pytest.raises(InputError, match=words):
        records.write_tables(tmp_path / "merged", runs, curves)
    assert not (tmp_path / "merged").exists()


def test_runs_and_curves_must_belong_together(tmp_path: Path) -> None:
    records.write_unit(tmp_path / "a.parquet", [row("a"), row("b")])
    runs, curves = records.read_units([tmp_path / "a.parquet"])
    with pytest.raises(InputError, match="run b without"):
        check(runs.iloc[:1], curves, "here")


def tables_of(*rows: dict[str, Any], folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    path = folder / "unit.parquet"
    records.write_unit(path, rows)
    return records.read_units([path])


def test_merged_records_hold_each_run_once_whatever_its_times(tmp_path: Path) -> None:
    first = tables_of(row("a"), row("b"), folder=tmp_path)
    again = tables_of(
        row(
            "b",
            train_seconds=9.0,
            provenance='{"x": 1}',
            curve_train_seconds=[0.0, 1.0, 2.0, 3.0, 9.0],
        ),
        row("c"),
        folder=tmp_path,
    )
    runs, curves = records.merge([first, again], "here")
    assert list(runs["run"]) == ["a", "b", "c"]
    assert runs["train_seconds"][1] == 1.0
    assert list(curves["run"]) == ["a"] * 5 + ["b"] * 5 + ["c"] * 5
    records.check(runs, curves, "here")
    pd.testing.assert_frame_equal(records.merge([first], "here")[0], first[0])


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"status": "diverged"}, "status"),
        ({"curve_train_loss": [math.nan, 0.0, 0.1, 0.2, 0.4]}, "train_loss"),
        ({"seed": 3, "curve_test_loss": [*[math.nan] * 4, 0.5]}, "seed, test_loss"),
    ],
)
def test_records_that_contradict_each_other_are_refused(
    tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    first = tables_of(row("a"), folder=tmp_path)
    other = tables_of(row("a", **changes), folder=tmp_path)
    with pytest.raises(InputError, match=f"two records of run a differ in {named}"):
        records.merge([first, other], "here")


def test_records_are_read_from_files_and_from_both_kinds_of_folder(tmp_path: Path) -> None:
    (tmp_path / "units" / "tune").mkdir(parents=True)
    unit = tmp_path / "units" / "tune" / "a.parquet"
    records.write_unit(unit, [row("a"), row("b")])
    expected = records.read_units([unit])
    records.write_tables(tmp_path / "tables", *expected)
    for path in (unit, tmp_path / "units", tmp_path / "tables"):
        for one, other in zip(records.read_any(path), expected, strict=True):
            pd.testing.assert_frame_equal(one, other)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no records"):
        records.read_any(tmp_path / "empty")


def test_two_entries_of_the_same_settings_share_a_run(tmp_path: Path) -> None:
    """An optimizer at its default, and an untuned entry that is nothing else."""
    names = ("sgd", "untuned")
    for name in names:
        records.write_unit(tmp_path / f"{name}.parquet", [row("a", optimizer=name)])
    runs, curves = records.read_units([tmp_path / f"{name}.parquet" for name in names])
    assert list(runs["optimizer"]) == list(names)
    assert list(curves["epoch"]) == [0, 0.5, 1, 1.5, 2]
    merged, once = records.merge([(runs, curves), (runs, curves)], "here")
    assert list(merged["optimizer"]) == list(names)
    records.write_tables(tmp_path / "tables", merged, once)


def test_a_folder_is_sealed_with_its_checksums(tmp_path: Path) -> None:
    records.write_unit(tmp_path / "a.parquet", [row("a", provenance='{"code": "x"}')])
    records.write_tables(tmp_path / "sealed", *records.read_units([tmp_path / "a.parquet"]))
    check = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path / "sealed", check=False).returncode == 0
    assert json.loads((tmp_path / "sealed/provenance.json").read_text()) == [
        {"code": "x", "runs": 1}
    ]
    (tmp_path / "sealed/runs.parquet").write_bytes(b"other")
    ended = subprocess.run(check, cwd=tmp_path / "sealed", check=False, capture_output=True)
    assert ended.returncode == 1


def test_what_another_process_is_writing_is_no_record_yet(tmp_path: Path) -> None:
    records.write_unit(tmp_path / "units" / "a.parquet", [row("a")])
    (tmp_path / "units" / ".b.x1y2.parquet").write_bytes(b"PAR1")
    runs, _ = records.read_any(tmp_path / "units")
    assert list(runs["run"]) == ["a"]
    (tmp_path / "units" / "b.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"b\.parquet"):
        records.read_any(tmp_path / "units")
