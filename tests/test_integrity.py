"""Records that were damaged or cannot be are refused; nothing is accepted silently."""

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nagbench import parquet, records
from nagbench.engine.outcome import evaluation_points
from nagbench.errors import InputError
from nagbench.integrity import check, check_complete
from nagbench.study.choice import choose
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.study.unit import Unit
from test_records import row

FLIPS = 500
Tables = tuple[pd.DataFrame, pd.DataFrame]


def test_no_flipped_bit_of_a_units_records_changes_what_is_read(tmp_path: Path) -> None:
    path, chance = tmp_path / "unit.parquet", random.Random(0)
    noise = np.random.default_rng(0)
    curves = {f"curve_{name}": [math.nan, *noise.random(12)] for name in records.CURVE}
    records.write_unit(path, [row(f"{n:x}", epochs=8, **curves) for n in range(8)])
    whole, expected = path.read_bytes(), records.read_units([path])
    accepted = []
    for _ in range(FLIPS):
        bit = chance.randrange(8 * len(whole))
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            read = records.read_units([path])
        except InputError:
            continue
        same = all(one.equals(other) for one, other in zip(read, expected, strict=True))
        accepted += [] if same else [bit]
    assert accepted == []


@pytest.mark.parametrize("kept", [{}, {"nagbench.content": "0" * 64}])
def test_a_table_written_by_another_hand_is_refused(tmp_path: Path, kept: dict[str, str]) -> None:
    path = tmp_path / "unit.parquet"
    records.write_unit(path, [row("a")])
    table = pq.read_table(path)
    place = table.column_names.index("seed")
    edited = table.set_column(place, "seed", pa.array([12], pa.int64()))
    metadata = {"nagbench.records": str(records.VERSION), **kept}
    pq.write_table(edited.replace_schema_metadata(metadata), path)
    with pytest.raises(InputError, match="digest"):
        records.read_units([path])


VALUES = {
    "int": pa.array([1, None, 3]),
    "float": pa.array([1.0, math.nan, None]),
    "text": pa.array(["a", "", None]),
    "list": pa.array([[1.0, None], [], None]),
}


@pytest.mark.parametrize("name", VALUES)
def test_the_digest_of_content_sees_every_value(name: str) -> None:
    column = VALUES[name]
    whole = parquet.content_digest(pa.table({name: column}))
    chunks = pa.table({name: pa.chunked_array([column.slice(0, 1), column.slice(1)])})
    assert parquet.content_digest(chunks) == whole
    for n in range(3):
        others = [value for k, value in enumerate(column.to_pylist()) if k != n]
        assert parquet.content_digest(pa.table({name: pa.array(others, column.type)})) != whole
    swapped = pa.array(column.to_pylist()[::-1], column.type)
    assert parquet.content_digest(pa.table({name: swapped})) != whole
    assert parquet.content_digest(pa.table({"other": column})) != whole


def tables(tmp_path: Path, *rows: dict[str, Any]) -> Tables:
    records.write_unit(tmp_path / "unit.parquet", rows)
    return records.read_units([tmp_path / "unit.parquet"])


def cell(column: str, value: Any, epoch: float = 1) -> Callable[[Tables], None]:
    def change(frames: Tables) -> None:
        frame = frames[0] if column in frames[0] else frames[1]
        rows = frame.index[:1] if column in frames[0] else frame.index[frame["epoch"] == epoch][:1]
        frame.loc[rows, column] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cell("validation_accuracy", 7.5), "validation_accuracy"),
        (cell("validation_accuracy", math.nan), "validation_accuracy"),
        (cell("validation_accuracy", -0.01), "validation_accuracy"),
        (cell("test_accuracy", 1.01, epoch=2), "test_accuracy"),
        (cell("test_accuracy", math.nan, epoch=2), "test_accuracy"),
        (cell("test_accuracy", 0.5), "test values: run a, epoch 1;"),
        (cell("test_loss", 0.5, epoch=0.5), "test values: run a, epoch 0.5"),
        (cell("stage", "tune"), "test values: run a, epoch 2"),
        (cell("status", "stopped"), "test values: run a, epoch 2"),
        (cell("train_loss", math.inf), "training loss"),
        (cell("validation_loss", math.nan, epoch=0), "validation loss"),
        (cell("gradient_norm", -1.0), "gradient_norm below 0"),
        (cell("gradient_ratio", -1.0), "gradient_ratio below 0"),
        (cell("validation_loss", -0.1), "validation_loss below 0"),
        (cell("iterate_test_loss", -0.1, epoch=2), "iterate_test_loss below 0"),
        (cell("epochs", 999), "not as long as their epochs"),
        (cell("epochs", 1), "not as long as their epochs"),
        (cell("seed", -1), "a seed"),
        (cell("status", "diverged"), "a step of divergence"),
        (cell("status", "failed"), "a message of failure"),
        (cell("settings", "[1]"), "settings"),
        (cell("settings", "{"), "settings"),
        (cell("train_seconds", -1.0), "seconds of training"),
        (cell("train_seconds", 1.1e9), "seconds of training"),
        (cell("evaluation_seconds", math.inf), "seconds of evaluation"),
        (cell("gradient_evaluations", 2.0**53 + 2), "gradient evaluations"),
        (cell("epoch", 5), "epochs missing|not as long|test_accuracy"),
        (cell("epoch", 0.75), "epochs missing in run a"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, change: Callable[[Tables], None], words: str
) -> None:
    frames = tables(tmp_path, row("a"), row("b"))
    check(*frames, "here")
    change(frames)
    with pytest.raises(InputError, match=words):
        check(*frames, "here")


@pytest.mark.parametrize("epoch", evaluation_points(6))
def test_a_finished_run_that_was_cut_is_refused(tmp_path: Path, epoch: float) -> None:
    runs, curves = tables(tmp_path, row("a", epochs=6) | {"epochs": 6})
    check(runs, curves, "here")
    with pytest.raises(InputError, match=r"not as long as|epochs missing|test_accuracy"):
        check(runs, curves[curves["epoch"] != epoch], "here")


def ended(status: str, last: float, **words: Any) -> dict[str, Any]:
    """A run of the test stage, of two epochs, that ended so, with a curve up to epoch `last`."""
    whole = row("a", status=status, **words)
    count = whole["curve_epoch"].index(last) + 1
    cut = {name: whole[name][:count] for name in whole if name.startswith("curve_")}
    return {**whole, **cut}


DIVERGED, FAILED = {"diverged_step": 15}, {"message": "why"}


@pytest.mark.parametrize(
    ("line", "possible"),
    [
        (ended("stopped", 1), True),
        (ended("stopped", 1.5), False),
        (ended("diverged", 0, **DIVERGED), True),
        (ended("diverged", 0.5, **DIVERGED), True),
        (ended("diverged", 1.5, **DIVERGED), True),
        (ended("failed", 1, **FAILED), True),
        (ended("finished", 1), False),
    ],
)
def test_a_run_that_broke_off_has_no_test_values(
    tmp_path: Path, line: dict[str, Any], possible: bool
) -> None:
    frames = tables(tmp_path, line)
    if possible:
        check(*frames, "here")
        return
    with pytest.raises(InputError, match=r"not as long as|test_accuracy"):
        check(*frames, "here")


def test_old_records_have_test_values_in_every_row_or_none(tmp_path: Path) -> None:
    values = [0.1, 0.2, 0.3]
    words = {f"curve_{name}": values for name in ("epoch", *records.CURVE)}
    old = {**words, "curve_epoch": [0, 1, 2]}
    check(*tables(tmp_path, row("a", **old)), "here")
    for wrong in ({"curve_test_accuracy": [0.1, math.nan, 0.3]}, {"stage": "tune"}):
        with pytest.raises(InputError, match="test values: run a, epoch 0"):
            check(*tables(tmp_path, row("a", **{**old, **wrong})), "here")


def test_the_boundaries_of_shares_are_admitted(tmp_path: Path) -> None:
    check(*tables(tmp_path, row("a", curve_validation_accuracy=[0.0, 1.0, 0.5, 0.5, 1.0])), "here")


def trained(study: Study) -> Tables:
    """Rows and curves of all the study's runs, with made-up accuracies."""
    noise = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    chosen = {}
    for unit in units(study):
        wanted = unit.runs(choice=chosen.get(unit.tuned_by))
        made = [
            row(
                run.id,
                stage=unit.stage,
                workload=unit.workload,
                optimizer=unit.optimizer,
                trial=run.trial,
                seed=run.seed,
                settings=records.settings_text(run.settings),
                learning_rate=run.settings["lr"],
                curve_validation_accuracy=[0.1, *noise.random(4)],
            )
            for run in wanted
        ]
        rows += made
        if unit.halving is not None:
            chosen[unit.name] = choose(unit, *_frames(made))
    return _frames(rows)


def _frames(rows: list[dict[str, Any]]) -> Tables:
    runs = pd.DataFrame([{name: line[name] for name in records.RUNS} for line in rows])
    curves = pd.DataFrame(
        {
            "run": line["run"],
            **{name: line[f"curve_{name}"][n] for name in ("epoch", *records.CURVE)},
        }
        for line in rows
        for n in range(5)
    )
    return runs, curves


def test_a_study_needs_all_its_runs_and_no_others(small_study: Study) -> None:
    runs, curves = trained(small_study)
    check_complete(units(small_study), runs, curves)
    for n in (0, 4, len(runs) - 1):
        with pytest.raises(InputError, match=r"1 of \d runs missing"):
            check_complete(units(small_study), runs.drop(index=n), curves)
    other = "0123456789abcdef"
    more = pd.concat([runs, runs.iloc[:1].assign(run=other)])
    drawn = pd.concat([curves, curves[curves["run"] == runs["run"][0]].assign(run=other)])
    with pytest.raises(InputError, match="foreign"):
        check_complete(units(small_study), more, drawn)
    with pytest.raises(InputError, match="foreign: other"):
        check_complete(
            units(small_study), pd.concat([runs, runs.iloc[:1].assign(study="other")]), curves
        )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("seed", 999),
        ("trial", 77),
        ("epochs", 9),
        ("learning_rate", 123.0),
        ("settings", '{"lr": 99}'),
    ],
)
def test_a_row_says_what_its_runs_name_stands_for(
    small_study: Study, column: str, value: Any
) -> None:
    runs, curves = trained(small_study)
    for n in (0, len(runs) - 1):
        changed = runs.copy()
        changed.loc[n, column] = value
        with pytest.raises(InputError, match=f"{column} .*what the run's name stands for|trials"):
            check_complete(units(small_study), changed, curves)


@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_a_whole_run_did_not_break_off(status: str) -> None:
    words = {"diverged_step": 3} if status == "diverged" else {"message": "x"}
    untested = {f"curve_test_{name}": [math.nan] * 5 for name in ("loss", "accuracy")}
    runs, curves = _frames([row("a", status=status, **words, **untested)])
    with pytest.raises(InputError, match="not as long as their epochs"):
        check(runs, curves, "here")


def test_gradients_are_counted_upwards() -> None:
    runs, curves = _frames([row("a")])
    falling = curves.assign(gradient_evaluations=curves["gradient_evaluations"].to_numpy()[::-1])
    for wrong in (falling, curves.assign(gradient_evaluations=math.inf)):
        with pytest.raises(InputError, match="gradients"):
            check(runs, wrong, "here")


def test_a_test_of_another_choice_is_refused(small_study: Study) -> None:
    """Tuned again, or judged by edited records: the test that stands followed the old choice."""
    runs, curves = trained(small_study)
    tuned = runs[(runs["stage"] == "tune") & (runs["optimizer"] == "sgd")]
    tested = runs[(runs["stage"] == "test") & (runs["optimizer"] == "sgd")]
    others = tuned[tuned["trial"] != tested["trial"].iloc[0]]
    better = curves["run"].isin(others["run"].iloc[:1]) & (curves["epoch"] == 2)
    edited = curves.assign(validation_accuracy=curves["validation_accuracy"].mask(better, 1.0))
    with pytest.raises(InputError, match="the choice want"):
        check_complete(units(small_study), runs, edited)


@pytest.mark.parametrize("change", ["epochs", "space", "seeds"])
def test_records_of_the_study_as_it_was_are_refused(
    small_study: Study, small: dict[str, Any], tmp_path: Path, change: str
) -> None:
    runs, curves = trained(small_study)
    if change == "epochs":
        small["workloads"]["tiny"]["epochs"] = 3
    elif change == "space":
        small["optimizers"]["sgd"] = {"space": {"lr": {"low": 0.2, "high": 0.4}}}
    else:
        small["testing"]["seeds"] = [11, 13]
    (tmp_path / "other").mkdir()
    path = tmp_path / "other" / "small.yaml"
    path.write_text(json.dumps(small))
    with pytest.raises(InputError, match=r"study|missing"):
        check_complete(_units_of(path), runs, curves)


def _units_of(path: Path) -> list[Unit]:
    from nagbench.study.file import load_study

    return units(load_study(str(path)))


def test_a_sealed_folder_is_held_against_its_sums(tmp_path: Path) -> None:
    made = {"provenance": '{"torch": "2"}'}
    frames = tables(tmp_path, row("a", **made), row("b", **made))
    folder = tmp_path / "records"
    records.write_tables(folder, *frames)
    records.read_tables(folder)
    sums = (folder / "SHA256SUMS").read_text(encoding="utf-8")
    for kept in ("", sums.partition("\n")[2], sums.replace("runs", "other")):
        (folder / "SHA256SUMS").write_text(kept, encoding="utf-8")
        with pytest.raises(InputError, match="only there or only in the folder"):
            records.read_tables(folder)
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(InputError, match="SHA256SUMS: not readable"):
        records.read_tables(folder)
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
    records.write_tables(tmp_path / "other", *tables(tmp_path, row("a"), row("b", seed=12)))
    (tmp_path / "other" / "runs.parquet").replace(folder / "runs.parquet")
    with pytest.raises(InputError, match=r"runs\.parquet: its SHA-256"):
        records.read_tables(folder)
    (folder / "runs.parquet").unlink()
    with pytest.raises(InputError, match=r"runs\.parquet only there"):
        records.read_tables(folder)
