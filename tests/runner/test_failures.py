"""An optimizer that raises, exits or kills its process: a result, and no harm to the others."""

import json
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pytest
import yaml

from nagbench.cli import main
from nagbench.data.images import ImageSet, save
from nagbench.errors import InputError
from nagbench.records import read_tables, read_units
from nagbench.runner.one_process import in_a_line
from nagbench.runner.references import check_references, missing_libraries
from nagbench.statistics.result_tables import result_tables
from nagbench.study.file import load_study, shipped_studies
from nagbench.study.model import Study
from nagbench.study.plan import units

FAULTS = {
    "raises": 'raise RuntimeError("out of luck")',
    "exits": "sys.exit(0)",
    "closes": "raise GeneratorExit",
}
TEXT = """
import sys
import torch

class Faulty(torch.optim.SGD):
    def step(self, closure=None):
        for parameter in self.param_groups[0]["params"][:1]:
            state = self.state[parameter]
            state["count"] = state.get("count", 0) + 1
            if state["count"] == 17:
                {fault}
        return super().step(closure)
"""


def study_with(tmp_path: Path, small: dict[str, Any], images: ImageSet, **faults: str) -> Path:
    """The small study and, first in it, optimizers that fail in their 17th step, in epoch 2."""
    space = {"lr": {"low": 0.01, "high": 0.1}}
    faulty = {}
    for name, fault in faults.items():
        file = tmp_path / f"{name}.py"
        file.write_text(TEXT.format(fault=fault))
        faulty[name] = {"reference": f"{file}:Faulty", "settings": {"lr": 0.05}, "space": space}
    others = {name: {"space": space} for name in small["optimizers"]}
    small["optimizers"] = {**faulty, **others}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small, sort_keys=False))
    save(images, tmp_path / "data.npz")
    return path


def train(tmp_path: Path, study: Path, *more: str) -> int:
    return main(
        ["train", str(study), "--data", str(tmp_path / "data.npz"), "--results", str(tmp_path),
         "--store", str(tmp_path / "runs"), "--device", "cpu", "--lanes", "2", *more]
    )  # fmt: skip


def test_a_failing_optimizer_is_a_result_and_the_others_train(
    tmp_path: Path, small: dict[str, Any], images: ImageSet, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_with(tmp_path, small, images, **FAULTS)
    assert train(tmp_path, study) == 0
    said = capsys.readouterr().err
    paths = sorted((tmp_path / "small").rglob("*.parquet"))
    assert len(paths) == 10
    assert main(["collect", str(study), "--output", str(tmp_path / "all"), *map(str, paths)]) == 0
    runs, curves = read_tables(tmp_path / "all")
    assert set(runs["status"][~runs["optimizer"].isin(FAULTS)]) == {"finished"}
    tables = result_tables(load_study(str(study)), runs, curves)
    facts = tables["study"].iloc[0]
    summary = tables["summary"].set_index("optimizer")
    kinds = {
        "raises": "RuntimeError: out of luck",
        "exits": "SystemExit: 0",
        "closes": "GeneratorExit",
    }
    for name, kind in kinds.items():
        assert f"tune/tiny/{name}: 3 of 3 runs failed: " in said
        assert f"{name}.py, line 11" in said
        own = runs[runs["optimizer"] == name]
        assert set(own["status"]) == {"failed"}
        assert own["message"].str.startswith(kind).all()
        epochs = curves[curves["run"].isin(own["run"])].groupby("run")["epoch"].max()
        assert set(epochs) == {1}
        assert len(own) == 5
        assert f"{name} in 5 of 5 runs (" in facts["failures"]
        assert summary.loc[name, "accuracy"] == 0.1
    assert facts["failed"] == 15
    assert (summary.drop(index=list(FAULTS))["accuracy"] > 0.1).all()


def test_strict_training_stops_at_the_first(
    tmp_path: Path, small: dict[str, Any], images: ImageSet, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_with(tmp_path, small, images, faulty=FAULTS["raises"])
    assert train(tmp_path, study, "--strict") == 2
    said = capsys.readouterr().err
    assert "RuntimeError: out of luck (faulty.py, line 11)" in said
    assert "Traceback" not in said
    assert not list((tmp_path / "small").rglob("*.parquet"))


def test_a_process_that_its_optimizer_ends_is_no_success(
    tmp_path: Path, small: dict[str, Any], images: ImageSet, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a job of the workflow, too: with status 0 and no records it would look like one."""
    study = study_with(tmp_path, small, images, faulty="__import__('os')._exit(0)")
    output = tmp_path / "unit.parquet"
    words = ["--unit", "tune/tiny/faulty", "--output", str(output), "--data"]
    assert train(tmp_path, study, *words, str(tmp_path / "data.npz")) == 2
    assert "or by its optimizer" in capsys.readouterr().err
    assert not output.exists()


def test_a_folder_that_an_optimizer_changes_is_its_own(
    tmp_path: Path, small: dict[str, Any], images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outputs are relative paths: they lie where they were asked for."""
    away = tmp_path / "away"
    away.mkdir()
    study = study_with(tmp_path, small, images, faulty=f"__import__('os').chdir({str(away)!r})")
    monkeypatch.chdir(tmp_path)
    words = ["--unit", "tune/tiny/faulty", "--output", "unit.parquet", "--store", "kept"]
    assert train(tmp_path, study, *words) == 0
    assert (tmp_path / "unit.parquet").is_file()
    assert not list(away.iterdir())


def test_beside_others_it_alone_fails(
    tmp_path: Path, small: dict[str, Any], images: ImageSet
) -> None:
    """Only one of three trials fails, trained side by side in one process."""
    fault = "assert self.param_groups[0]['lr'] != 0.05, 'not that'"
    study = study_with(tmp_path, small, images, faulty=fault)
    from nagbench.runner.store import Store
    from nagbench.runner.unit import train_unit
    from nagbench.sources import Snapshot
    from small_runs import one_process, unit_of

    store = Store(tmp_path / "runs")
    trainer = one_process(images, store, lanes=3)
    output = tmp_path / "unit.parquet"
    unit = unit_of(study, "tune/tiny/faulty")
    said = train_unit(unit, images, output, "cpu", trainer, store, Snapshot())
    assert said.startswith("1 of 3 runs failed: AssertionError: not that")
    runs, _ = read_units([output])
    rates = [json.loads(text)["lr"] for text in runs["settings"]]
    assert rates == [setting["lr"] for setting in unit.trials]
    assert [rate == 0.05 for rate in rates] == [True, False, False]
    assert list(runs["status"]) == ["failed", "finished", "finished"]


def test_all_diverged_is_said(
    tmp_path: Path, small: dict[str, Any], images: ImageSet, capsys: pytest.CaptureFixture[str]
) -> None:
    small["optimizers"]["sgd"] = {"settings": {"lr": 1e30}, "space": {}}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    save(images, tmp_path / "data.npz")
    assert train(tmp_path, path, "--units", "*/sgd") == 0
    assert "tune/tiny/sgd: all 1 runs diverged" in capsys.readouterr().err


BROKEN = [
    ("gone.py:Mine", None, "no such|cannot be imported|not readable"),
    ("mine.py:Mine", "class Other: pass", "Mine is missing"),
    ("mine.py:Mine", "class Mine: pass", "no optimizer"),
    ("mine.py:Mine", "import sys; sys.exit(0)", "SystemExit|cannot be imported"),
    ("mine.py:Mine", "import os; os._exit(0)", "ends the process"),
    ("mine.py:Mine", "import nothing_of_that_name", "nothing_of_that_name"),
    ("mine.py:Mine", "def broken(:", "mine.py"),
    ("torch.optim:SDG", None, "SDG is missing"),
    ("no_such_module:Mine", None, "no_such_module"),
]
MISSPELT = ("torch.optim:SDG", None, "SDG is missing")


# The commands share one check: each is seen to make it, and one of them to find every fault.
@pytest.mark.parametrize(
    ("command", "reference", "text", "words"),
    [*(("plan", *fault) for fault in BROKEN), ("power", *MISSPELT), ("train", *MISSPELT)],
)
def test_a_reference_that_cannot_be_built_costs_a_second(
    tmp_path: Path, small: dict[str, Any], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], command: str, reference: str, text: str | None, words: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    small["optimizers"]["mine"] = {"reference": reference, "settings": {"lr": 0.1}, "space": {}}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    assert main([command, str(path)]) == 2
    said = capsys.readouterr().err
    assert any(word in said for word in words.split("|")), said
    assert "Traceback" not in said
    assert not (tmp_path / "results").exists()


def with_soap(small: dict[str, Any], images: ImageSet, folder: Path) -> list[str]:
    """A study with an optimizer of a library's in its midst, and the command that trains it."""
    small["optimizers"] = {"sgd": None, "soap": None, "nag": None}
    (folder / "small.yaml").write_text(yaml.safe_dump(small, sort_keys=False))
    save(images, folder / "data.npz")
    return ["train", str(folder / "small.yaml"), "--data", str(folder / "data.npz"), "--missing",
            "--results", str(folder / "results"), "--store", str(folder / "runs"),
            "--device", "cpu", "--lanes", "1"]  # fmt: skip


def test_units_whose_library_is_missing_are_left_out_and_named(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    command = with_soap(small, images, tmp_path)
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    for already in (0, 4):
        assert len(list((tmp_path / "results").rglob("*.parquet"))) == already
        assert main(command) == 69
        said = capsys.readouterr().err
        assert said.count("2 units left out, because the library") == 2
        assert said.count("pip install pytorch_optimizer: soap\n") == 2
    assert not list((tmp_path / "results").rglob("soap*"))
    monkeypatch.undo()
    assert main(command) == 0
    assert len(list((tmp_path / "results").rglob("soap.parquet"))) == 2
    assert "left out" not in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--strict"], ["--unit", "tune/tiny/soap", "--output", "x"]])
def test_a_missing_library_is_refused_where_nothing_may_be_left_out(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], more: list[str],
) -> None:  # fmt: skip
    command = with_soap(small, images, tmp_path)
    monkeypatch.setattr("nagbench.runner.references.ProcessPoolExecutor", Here)
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    assert main([*command, *more]) == 2
    assert "pip install pytorch-optimizer" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.parquet"))


class Here:
    """Stands in for a pool, so that what is missing in this process is missing in the pool's."""

    def __init__(self, *_: object) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, function: Callable[..., None], *arguments: Any) -> "Future[None]":
        done: Future[None] = Future()
        try:
            done.set_result(function(*arguments))
        except InputError as error:
            done.set_exception(error)
        return done


def test_a_module_of_the_users_that_is_missing_is_no_missing_library(small_study: Study) -> None:
    unit = units(small_study)[0]
    own = replace(unit, base=replace(unit.base, optimizer="toch.optim:SGD"))
    assert missing_libraries([unit, own]) == {}


def test_every_shipped_study_can_be_built() -> None:
    for name in shipped_studies():
        check_references(units(load_study(name)))


def test_a_frame_of_failures_names_each_optimizer_once(small_study: Any) -> None:
    from nagbench.statistics.description import failures

    runs = pd.DataFrame(
        {
            "optimizer": ["sgd", "sgd", "nag_sutskever"],
            "status": ["failed", "finished", "finished"],
            "message": ["ValueError: no", "", ""],
        }
    )
    assert failures(small_study, runs) == "SGD in 1 of 2 runs (ValueError: no)"
    assert failures(small_study, runs.assign(status="finished")) == ""


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise ValueError


def test_an_error_is_told_in_a_line_of_text_whatever_it_says() -> None:
    assert in_a_line(RuntimeError("a\n b")) == "RuntimeError: a b"
    assert in_a_line(RuntimeError("\ud800")).encode() == b"RuntimeError: \\ud800"
    assert in_a_line(UnprintableError()) == "UnprintableError: a message that cannot be made"
