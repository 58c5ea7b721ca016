"""Records against the same runs trained again: fresh ones are bit-equal, tampered ones caught."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from nagbench.cli import main
from nagbench.data.images import ImageSet, save
from nagbench.errors import InputError
from nagbench.records import read_tables, write_tables
from nagbench.runner.verify import distance, sample, selected

Edit = Callable[[pd.DataFrame, pd.DataFrame], None]


class Trained:
    """A small study that was really trained, its records, and the command that verifies them."""

    def __init__(self, folder: Path) -> None:
        self.study, self.data = folder / "small.yaml", folder / "data.npz"
        self.folder, self.records = folder, folder / "records"

    def train(self, study: dict[str, Any], images: ImageSet) -> None:
        self.folder.mkdir()
        self.study.write_text(yaml.safe_dump(study, sort_keys=False))
        save(images, self.data)
        results = self.folder / "results"
        device = ["--device", "cpu", "--lanes", "1", "--store", str(self.folder / "runs")]
        where = ["--data", str(self.data), "--results", str(results)]
        assert main(["train", str(self.study), *where, *device]) == 0
        units = map(str, sorted(results.rglob("*.parquet")))
        assert main(["collect", str(self.study), "--output", str(self.records), *units]) == 0

    def edit(self, change: Edit) -> None:
        runs, curves = read_tables(self.records)
        change(runs, curves)
        write_tables(self.records, runs, curves)

    def verify(self, *more: str) -> int:
        return main(
            ["verify", str(self.study), "--records", str(self.records), "--data", str(self.data),
             "--device", "cpu", *more]
        )  # fmt: skip


@pytest.fixture
def trained(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    small: dict[str, Any],
    images: ImageSet,
    capsys: pytest.CaptureFixture[str],
) -> Trained:
    """A copy for each test of what was trained once."""
    original = tmp_path_factory.getbasetemp() / "verify-original"
    for name in small["optimizers"]:  # nothing diverges there
        small["optimizers"][name] = {"space": {"lr": {"low": 0.01, "high": 0.1}}}
    if not original.exists():
        Trained(original).train(small, images)
        capsys.readouterr()
    return Trained(Path(shutil.copytree(original, tmp_path / "copy")))


def add(column: str, size: float) -> Edit:
    """Makes a column of the curves' last epochs greater."""

    def change(_: pd.DataFrame, curves: pd.DataFrame) -> None:
        curves.loc[curves["epoch"] == curves["epoch"].max(), column] += size

    return change


def test_fresh_records_are_bit_equal(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    assert trained.verify("--runs", "10") == 0
    said = capsys.readouterr().out
    assert said.count(": bit-equal") == 10
    assert "validation_accuracy  differs by 0\n" in said
    assert "other " not in said
    assert said.splitlines()[-1] == (
        "10 of 10 runs end within 2 points of the recorded accuracies; 10 are bit-equal."
    )


@pytest.mark.parametrize("column", ["validation_accuracy", "test_accuracy"])
def test_a_tampered_accuracy_is_caught(
    trained: Trained, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trained.edit(add(column, 0.1))
    assert trained.verify("--runs", "3") == 1
    said = capsys.readouterr().out
    assert "NOT within the tolerance" in said
    assert f"{column:20} differs by 0.1\n" in said
    assert trained.verify("--runs", "3", "--tolerance", "0.2") == 0


def test_a_small_difference_is_said_and_passes(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    trained.edit(add("train_loss", 1e-6))
    assert trained.verify("--runs", "1") == 0
    said = capsys.readouterr().out
    assert "not bit-equal, within the tolerance" in said
    assert "train_loss           differs by 1e-06" in said


def test_another_end_is_caught(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    runs, curves = read_tables(trained.records)
    runs["status"], runs["diverged_step"] = "diverged", 3
    curves[["test_loss", "test_accuracy"]] = math.nan
    write_tables(trained.records, runs, curves[curves["epoch"] < curves["epoch"].max()])
    assert trained.verify("--runs", "1") == 1
    assert "recorded as diverged, here finished" in capsys.readouterr().out


def test_what_was_other_when_it_was_recorded_is_said(
    trained: Trained, small: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def change(runs: pd.DataFrame, _: pd.DataFrame) -> None:
        words = [json.loads(text) for text in runs["provenance"]]
        old = {"torch": "1.0", "device": "an abacus", "code": "0123"}
        runs["provenance"] = [json.dumps({**known, **old}) for known in words]

    trained.edit(change)
    trained.edit(add("test_accuracy", 0.1))
    small["divergence"] = {"factor": 6}
    trained.study.write_text(yaml.safe_dump(small, sort_keys=False))
    assert trained.verify("--runs", "1") == 1
    said = capsys.readouterr().out
    for words in ("torch: recorded 1.0", "device: recorded an abacus", "code: recorded 0123"):
        assert f"other {words}, here " in said
    assert "the study says otherwise of this run" in said
    assert "other data" not in said
    assert "what must agree\nthere are means over seeds" in said


def test_settings_are_those_of_the_record(
    trained: Trained, small: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The study searches elsewhere by now: what was recorded is trained all the same."""
    small["optimizers"]["sgd"] = {"space": {"lr": {"low": 5.0, "high": 9.0}}, "settings": {"lr": 7}}
    trained.study.write_text(yaml.safe_dump(small, sort_keys=False))
    assert trained.verify("--runs", "10") == 0
    assert capsys.readouterr().out.count(": bit-equal") == 10


def test_other_data_are_named(
    trained: Trained, images: ImageSet, capsys: pytest.CaptureFixture[str]
) -> None:
    brighter = ImageSet(
        **{**{name: getattr(images, name) for name in images.__dataclass_fields__},
           "train_images": 255 - images.train_images}
    )  # fmt: skip
    save(brighter, trained.data)
    trained.verify("--runs", "1")
    assert "other data: recorded " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--runs", "0"], "--runs: found 0"),
        (["--tolerance", "-1"], "--tolerance: found -1"),
        (["--records", "nowhere"], "nowhere/SHA256SUMS: not readable"),
        (["--data", "nowhere.npz"], "nowhere.npz: no such file"),
    ],
)
def test_bad_input_is_one_line(
    trained: Trained, more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trained.verify(*more) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_the_cheapest_of_every_optimizer_come_first_and_always_the_same(
    trained: Trained,
) -> None:
    study = trained.study.stem
    runs, _ = read_tables(trained.records)
    runs["evaluation_seconds"] = 0.0
    runs["train_seconds"] = runs["optimizer"].map({"sgd": 2.0, "nag_sutskever": 1.0})
    drawn = sample(study, runs, 6)
    assert list(drawn["optimizer"]) == 3 * ["nag_sutskever", "sgd"]
    assert list(drawn["stage"]) == 4 * ["test"] + 2 * ["tune"]
    assert list(sample(study, runs.iloc[::-1], 6)["run"]) == list(drawn["run"])
    assert len(sample(study, runs, 99)) == len(runs)
    with pytest.raises(InputError, match="runs of other"):
        sample(study, runs.assign(study="other"), 3)


def test_how_far_two_curves_lie_apart() -> None:
    nan, inf = math.nan, math.inf
    for old, new, apart in (
        ([nan, 1.0], [nan, 1.0], 0.0),
        ([nan, 1.0, 3.0], [nan, 1.5, 2.75], 0.5),
        ([inf, 1.0], [inf, 1.0], 0.0),
        ([nan], [1.0], inf),
        ([1.0], [1.0, 2.0], inf),
    ):
        assert distance(np.array(old), np.array(new)) == apart


def test_what_is_asked_for_is_verified(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    runs, _ = read_tables(trained.records)
    one = runs[runs["stage"] == "tune"].iloc[0]
    assert trained.verify("--run", one["run"]) == 0
    said = capsys.readouterr().out
    assert said.count(": bit-equal") == 1
    assert said.startswith(f"tune/tiny/{one['optimizer']}, seed {one['seed']}")
    assert trained.verify("--units", "test/*", "--optimizer", "sgd", "--runs", "9") == 0
    assert capsys.readouterr().out.count("test/tiny/sgd, seed") == 2
    assert trained.verify("--run", "nothing") == 2
    assert "no such run" in capsys.readouterr().err


def test_runs_that_can_disagree_are_taken() -> None:
    runs = pd.DataFrame(
        {
            "run": ["a", "b", "c"],
            "stage": "test",
            "workload": "tiny",
            "optimizer": ["sgd", "sgd", "nag"],
            "status": ["finished", "diverged", "failed"],
        }
    )
    assert list(selected(runs)["run"]) == ["a"]
    assert list(selected(runs, optimizer="nag")["run"]) == ["c"]
    assert list(selected(runs, run="b")["run"]) == ["b"]


def test_a_difference_is_said_beside_the_spread_between_seeds(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    trained.edit(add("test_accuracy", 0.01))
    assert trained.verify("--runs", "1") == 0
    runs, curves = read_tables(trained.records)
    own = runs[(runs["stage"] == "test") & (runs["optimizer"] == "nag_sutskever")]
    said = capsys.readouterr().out
    if "nag_sutskever" not in said.splitlines()[0]:
        own = runs[(runs["stage"] == "test") & (runs["optimizer"] == "sgd")]
    last = curves[curves["run"].isin(own["run"]) & (curves["epoch"] == 2)]["test_accuracy"]
    assert f"beside a standard deviation of {last.std():.3g} between seeds" in said


def test_an_edit_that_changes_no_number_is_attested(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    """Records of older code are not merged with today's until their runs were seen to repeat."""

    def older(runs: pd.DataFrame, _: pd.DataFrame) -> None:
        words = [{**json.loads(text), "code": "0" * 16} for text in runs["provenance"]]
        runs["provenance"], runs["code"] = list(map(json.dumps, words)), "0" * 16

    today = trained.folder / "today"
    shutil.copytree(trained.records, today)
    trained.edit(older)
    merged = trained.folder / "merged"

    def merge(*parts: Path) -> int:
        return main(["records", "merge", "--output", str(merged), *map(str, parts)])

    runs, curves = read_tables(today)
    some = runs[runs["stage"] == "test"]
    write_tables(today, some, curves[curves["run"].isin(some["run"])])
    kept, curves = read_tables(trained.records)
    kept = kept[kept["stage"] == "tune"]
    tuning = trained.folder / "tuning"
    write_tables(tuning, kept, curves[curves["run"].isin(kept["run"])])
    assert merge(tuning, today) == 2
    assert "trained by codes 0000000000000000, " in capsys.readouterr().err
    assert trained.verify("--attest", "--records", str(tuning)) == 0
    assert "2 attestations added" in capsys.readouterr().out
    assert merge(tuning, today) == 0
    assert "attestations.json" in (merged / "SHA256SUMS").read_text()
    read_tables(merged)


def test_an_edit_that_changes_a_number_is_not_attested(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    def older(runs: pd.DataFrame, curves: pd.DataFrame) -> None:
        words = [{**json.loads(text), "code": "0" * 16} for text in runs["provenance"]]
        runs["provenance"], runs["code"] = list(map(json.dumps, words)), "0" * 16
        curves["train_loss"] *= 1 + 1e-9

    trained.edit(older)
    assert trained.verify("--attest") == 2
    assert "trained again it differs" in capsys.readouterr().err
    assert not (trained.records / "attestations.json").exists()
