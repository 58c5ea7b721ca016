"""Tidy tables: every way in which they come, and one clear message for what is none."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_curves import HEAD, frame, written

from nagbench.cli import main
from nagbench.errors import InputError
from nagbench.judging.curves import Curves, checked
from nagbench.judging.names import Wanted, better, split_run_name
from nagbench.judging.readers.any_file import read

TABLE = frame({"a": [1.0, 1.1], "b": [1.2, 1.3]})
ROWS = "a,0,0,2\na,0,5,1\na,1,0,2\na,1,5,1.1\nb,0,0,2\nb,0,5,1.2\nb,1,0,2\nb,1,5,1.3\n"


def found(path: Path, **wanted: object) -> Curves:
    return checked([read(path, Wanted(**wanted))])  # type: ignore[arg-type]


def same(one: Curves, other: Curves) -> None:
    pd.testing.assert_frame_equal(one.frame, other.frame)
    pd.testing.assert_frame_equal(one.runs, other.runs)


def test_csv_gzip_and_parquet_hold_the_same_curves(tmp_path: Path) -> None:
    plain = found(written(tmp_path, TABLE))
    assert plain.lower
    assert len(plain.runs) == 4
    zipped = tmp_path / "curves.csv.gz"
    zipped.write_bytes(gzip.compress((tmp_path / "curves.csv").read_bytes()))
    same(plain, found(zipped))
    TABLE.to_parquet(tmp_path / "curves.parquet")
    same(plain, found(tmp_path / "curves.parquet"))
    for separator in ";\t":
        TABLE.to_csv(tmp_path / "other.csv", index=False, sep=separator)
        same(plain, found(tmp_path / "other.csv"))
    TABLE.to_csv(tmp_path / "marked.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    same(plain, found(tmp_path / "marked.csv"))


def test_nan_in_parquet_is_a_divergence(tmp_path: Path) -> None:
    table = frame({"a": [1.0, float("nan")], "b": [1.2, 1.3]})
    table.to_parquet(tmp_path / "curves.parquet")
    curves = found(tmp_path / "curves.parquet")
    assert list(curves.runs["diverged"]) == [False, True, False, False]
    same(curves, found(written(tmp_path, table)))


def test_several_files_are_one_set_of_curves(tmp_path: Path) -> None:
    paths = [written(tmp_path, rows, f"{name}.csv") for name, rows in TABLE.groupby("optimizer")]
    whole = checked([read(path, Wanted()) for path in paths])
    same(whole, found(written(tmp_path, TABLE)))


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    names = {"optimizer": "method", "run": "trial no", "step": "iteration"}
    path = written(tmp_path, TABLE.rename(columns=names))
    columns = {"optimizer": "method", "run": "trial no", "clock": "iteration"}
    curves = found(path, columns=columns)
    assert curves.clock == "iteration"
    same(curves, found(written(tmp_path, TABLE, "plain.csv")))
    upper = written(tmp_path, TABLE.rename(columns={"run": "Seed", "step": "Epoch"}), "upper.csv")
    assert found(upper).clock == "epoch"


def test_columns_of_other_things_are_no_metric(tmp_path: Path) -> None:
    more = TABLE.assign(steps=100, timestamp=5.0, host="x", epoch=TABLE["step"] / 10)
    curves = found(written(tmp_path, more))
    assert (curves.metric, curves.clock) == ("val_loss", "step")
    assert (curves.runs["planned"] == 100).all()


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("val_loss", "lower"), ("TestError", "lower"), ("perplexity", "lower"), ("nll", "lower"),
        ("validation/accuracy", "higher"), ("macro-F1", "higher"), ("valAcc", "higher"),
        ("roc_auc", "higher"), ("top1", "higher"),
    ],
)  # fmt: skip
def test_the_name_says_which_way_is_better(name: str, way: str) -> None:
    assert better(name) == way
    assert better(name, "lower") == "lower"


@pytest.mark.parametrize("name", ["score", "accuracy_loss", "metric", "y"])
def test_a_name_that_does_not_say_it_is_asked_about(name: str) -> None:
    with pytest.raises(InputError, match="--better lower or --better higher"):
        better(name)


def test_names_of_runs_are_split() -> None:
    for name in ("adam-seed-3", "adam_run3", "adam/seed=3", "adam trial 3", "adam.seed.3"):
        assert split_run_name(name, Wanted()) == ("adam", "3")
    assert split_run_name("muon-lr-35", Wanted()) == ("muon-lr-35", "0")
    pattern = Wanted(run_name=r"(?P<optimizer>.+)-(?P<run>\d+)")
    assert split_run_name("muon-lr-35", pattern) == ("muon-lr", "35")


BAD = {
    "no such file": (None, [], "no such file (is curves.csv meant?)"),
    "empty": ("", [], "an empty file"),
    "header alone": (HEAD, [], "no rows"),
    "no optimizer": (
        "optimiser,run,step,loss\na,0,0,1\n", [], "no column 'optimizer' among loss, optimiser, "
        "run, step (is optimiser meant?); allowed: such a column, or --optimizer-column NAME",
    ),
    "no run": ("optimizer,step,loss\na,0,1\n", [], "no column 'seed' or 'run'"),
    "run and seed": ("optimizer,run,seed,step,loss\na,0,0,0,1\n", [], "columns 'seed' and 'run'"),
    "no step": ("optimizer,run,iter,loss\na,0,0,1\n", [], "no column 'step' or 'epoch'"),
    "no metric": ("optimizer,run,step\na,0,0\n", [], "no columns that may be the metric"),
    "two metrics": (
        "optimizer,run,step,loss,acc\na,0,0,1,2\n", [], "2 columns that may be the metric; "
        "allowed: --metric with one of acc, loss",
    ),
    "metric misspelt": (HEAD + ROWS, ["--metric", "val_los"], "(is val_loss meant?)"),
    "which way": (HEAD.replace("val_loss", "score") + ROWS, [], "metric 'score', whose name"),
    "text": (HEAD + ROWS + "b,1,9,fast\n", [], "line 10, column val_loss: found 'fast'; allowed"),
    "text in steps": (HEAD + "a,0,x,1\n", [], "line 2, column step: found 'x'; allowed: a finite"),
    "no step there": (HEAD + "a,0,,1\n", [], "line 2, column step: nothing; allowed: a finite"),
    "negative step": (HEAD + "a,0,-5,1\n", [], "line 2, column step: found -5"),
    "no seed there": (HEAD + "a,0,0,1\na,,1,1\n", [], "line 3, column run: nothing"),
    "no optimizer there": (HEAD + ",0,0,1\n", [], "line 2, column optimizer: nothing"),
    "twice": (
        HEAD + ROWS + "b,1,5,1.4\n", [], "optimizer 'b', run '1' has step 5 twice; allowed: one",
    ),
    "constant": (HEAD + "a,0,0,1\nb,0,0,1\n", [], "all 2 values of val_loss are 1"),
    "never finite": (HEAD + "a,0,0,nan\nb,0,0,inf\n", [], "no finite value of val_loss"),
    "far too small": (HEAD + "a,0,0,1e-300\na,0,1,2e-300\n", [], "no value of val_loss larger"),
    "longer row": (HEAD + "a,0,0,1,7\n", [], "not readable"),
    "bytes": (b"\xff\xfe\x00a", [], "not readable"),
    "no such baseline": (HEAD + ROWS, ["--baseline", "bb"], "(is b meant?); allowed: a, b"),
    "no such optimizer": (HEAD + ROWS, ["--only", "a", "c"], "--only: found 'c'"),
    "no seeds shared": (
        HEAD + ROWS.replace("b,0", "b,7").replace("b,1", "b,8"), ["--paired"], "--paired: no run",
    ),
    "target": (HEAD + ROWS, ["--target", "low"], "--target: found 'low'; allowed: a number, or"),
    "target beyond": (HEAD + ROWS, ["--target", "1e999"], "--target: a target that is no finite"),
    "level": (HEAD + ROWS, ["--level", "5"], "--level: found '5'"),
    "column": (HEAD + ROWS, ["--run-column", "ru"], "no column 'ru' (is run meant?)"),
    "not its format": (HEAD + ROWS, ["--format", "wandb"], "allowed: an export of wandb"),
    "pattern": (HEAD + ROWS, ["--output", "curves.csv/x"], "cannot be written"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BAD))
def test_bad_input_is_one_message_and_leaves_nothing(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text, options, expected = BAD[case]
    path = tmp_path / "curves.csv"
    path.write_bytes(text if isinstance(text, bytes) else (text or "").encode())
    named = "curve.csv" if text is None else "curves.csv"
    output = [] if "--output" in options else ["--output", "judged"]
    assert main(["judge", named, *options, *output]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("nagbench judge: ")
    assert printed.err.count("\n") == 1
    assert expected in printed.err
    assert "; allowed: " in printed.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["curves.csv"]


def test_other_kinds_of_files_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.docx").write_text("x")
    with pytest.raises(InputError, match=r"a file as \.docx"):
        found(tmp_path / "notes.docx")
    with pytest.raises(InputError, match=r"a folder without any.*event files of TensorBoard"):
        found(tmp_path)
    (tmp_path / "bad.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError, match="zipped by gzip"):
        found(tmp_path / "bad.csv.gz")
    whole = gzip.compress((HEAD + ROWS).encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[:-12])
    with pytest.raises(InputError, match="not readable"):
        found(tmp_path / "cut.csv.gz")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="a Parquet file"):
        found(tmp_path / "bad.parquet")


def test_files_of_different_metrics_are_refused(tmp_path: Path) -> None:
    one = written(tmp_path, TABLE, "one.csv")
    other = written(tmp_path, TABLE.rename(columns={"val_loss": "loss"}), "other.csv")
    with pytest.raises(InputError, match=r"metric 'loss'; allowed: 'val_loss', as in .*one.csv"):
        checked([read(path, Wanted()) for path in (one, other)])


def test_numbers_are_read_as_they_were_written(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=50)
    table = pd.DataFrame({"optimizer": "a", "run": "007", "step": range(50), "loss": values})
    for path in (tmp_path / "a.csv", tmp_path / "a.parquet"):
        table.to_csv(path, index=False) if path.suffix == ".csv" else table.to_parquet(path)
        curves = found(path)
        assert list(curves.frame["value"]) == list(values)
        assert set(curves.runs["run"]) == {"007"}


def test_the_command_runs_as_a_program(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE)
    command = [sys.executable, "-m", "nagbench", "judge", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert "a has the lowest mean final val_loss" in ended.stdout
