"""`nagbench.load`: the table says what the records say, and of which they are."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nagbench
from nagbench.errors import InputError
from nagbench.records import read_tables
from nagbench.statistics.result_tables import result_tables
from nagbench.statistics.tidy import COLUMNS
from nagbench.study.file import load_study

PILOT = Path("paper/records/pilot")


def test_a_row_is_an_evaluation_of_a_run() -> None:
    table = nagbench.load("pilot")
    runs, curves = read_tables(PILOT)
    assert table.attrs["records"] == str(PILOT)
    assert len(table) == len(runs[["run"]].merge(curves, on="run"))
    assert not table.duplicated(["stage", "workload", "optimizer", "run", "epoch"]).any()
    for run, rows in list(table.groupby("run"))[::40]:
        own = curves[curves["run"] == run].sort_values("epoch")
        first = rows[rows["optimizer"] == rows["optimizer"].iloc[0]]
        for name in ("epoch", "validation_accuracy", "gradient_evaluations", "learning_rate"):
            np.testing.assert_array_equal(first[name], own[name])
        row = runs[runs["run"] == run].iloc[0]
        assert json.loads(first["settings"].iloc[0]).get(
            "lr", row["learning_rate"]
        ) == pytest.approx(row["learning_rate"], nan_ok=True)
        assert set(first["status"]) == {row["status"]}


def test_every_column_is_explained() -> None:
    table = nagbench.load("pilot")
    assert list(table) == list(COLUMNS) == list(table.attrs["columns"])
    assert all(table.attrs["columns"].values())
    said = re.findall(r"`(\w+)`", (nagbench.load.__doc__ or "").partition("The columns are")[2])
    assert set(COLUMNS) == set(said) - {"test", "accuracy"}


def test_its_roles_pick_the_runs_of_the_result_tables() -> None:
    study = load_study("cifar10-cnn")
    table = nagbench.load("cifar10-cnn")
    summary = result_tables(
        study, *read_tables(Path("paper/records/cifar10-cnn")), names=["summary"]
    )
    picked = table[(table["stage"] == "test") & table["roles"].str.contains("accuracy")]
    last = picked.sort_values("epoch").groupby(["optimizer", "run"]).tail(1)
    broken = last["status"] == "diverged"
    last = last.assign(test_accuracy=last["test_accuracy"].mask(broken, 0.1))
    means = last.groupby(["workload", "optimizer"])["test_accuracy"].agg(["mean", "count"])
    rows = summary["summary"].set_index(["workload", "optimizer"])
    assert len(rows)
    for arm, row in rows.iterrows():
        assert means.loc[arm, "count"] == row["runs"], arm
        assert means.loc[arm, "mean"] == pytest.approx(row["accuracy"]), arm
    assert {"accuracy, speed", "runner_up"} <= set(table["roles"])


def test_of_two_folders_it_takes_that_of_the_result_tables(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(here / "small.yaml", tmp_path)
    with pytest.raises(
        InputError, match="records of small: none here; allowed: paper/records/small"
    ):
        nagbench.load("small.yaml")
    shutil.copytree(here / "results/small/records", "results/small/records")
    assert nagbench.load("small.yaml").attrs["records"] == "results/small/records"
    shutil.copytree(here / "results/small/records", "paper/records/small")
    assert nagbench.load("small.yaml").attrs["records"] == "paper/records/small"
    unit = here / "results/small/test/tiny_cnn/sgd.parquet"
    assert set(nagbench.load("small.yaml", records=unit)["optimizer"]) == {"sgd"}


def test_records_of_another_study_are_refused(here: Path) -> None:
    with pytest.raises(InputError, match="runs of small; allowed: runs of pilot"):
        nagbench.load("pilot", records=here / "results/small/records")
    with pytest.raises(InputError, match=r"'pilto'.*is pilot meant"):
        nagbench.load("pilto")


def test_the_table_goes_through_a_file(here: Path, tmp_path: Path) -> None:
    """With the meanings of its columns."""
    table = nagbench.load("small.yaml")
    table.to_parquet(tmp_path / "table.parquet")
    again = pd.read_parquet(tmp_path / "table.parquet")
    pd.testing.assert_frame_equal(table, again)
    assert again.attrs == table.attrs
