"""A stranger's results in a folder: whole, unchanged and trained again, or refused."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from nagbench.cli import main
from nagbench.data.images import ImageSet, save
from small_study import SMALL

CODE = """
import torch
from helper import rate


class Mine(torch.optim.SGD):
    def __init__(self, params, lr=rate):
        super().__init__(params, lr=lr)
"""
MINE = {"label": "Mine", "reference": "code/mine.py:Mine", "settings": {"lr": 0.05}, "space": {}}
Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory, images: ImageSet) -> Path:
    """A stranger's working folder, with a study of one own optimizer, trained, and packed."""
    here = tmp_path_factory.mktemp("stranger")
    (here / "code").mkdir()
    (here / "code/mine.py").write_text(CODE)
    (here / "code/helper.py").write_text("rate = 0.05\n")
    study = {**SMALL, "optimizers": {"sgd": None, "mine": MINE}}
    (here / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    save(images, here / "data.npz")
    before = Path.cwd()
    os.chdir(here)
    try:
        assert main(["train", "study.yaml", "--data", "data.npz", "--device", "cpu"]) == 0
        units = sorted(map(str, Path("results/study").rglob("*.parquet")))
        assert main(["collect", "study.yaml", "--output", "results/study/records", *units]) == 0
        assert main(["submit", "pack", "study.yaml", "--who", "A. Stranger"]) == 0
    finally:
        os.chdir(before)
    return here


@pytest.fixture
def folder(worked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packed folder, far from where it was made."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(worked / "submissions/study", tmp_path / "there/study"))


def test_it_holds_all_that_training_again_needs(
    folder: Path, worked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        *("submission.json", "study.yaml", "code/mine.py", "code/helper.py"),
        *(f"records/{name}" for name in ("runs.parquet", "curves.parquet")),
        *("records/provenance.json", "records/SHA256SUMS"),
    }
    data = str(worked / "data.npz")
    words = ["submit", "check", str(folder), "--data", data, "--runs", "2", "--device", "cpu"]
    assert main(words) == 0
    for _ in range(2):
        assert main(["submit", "list", str(folder)]) == 0  # and nothing was left in it


def test_other_runs_than_those_recorded_are_found(folder: Path, worked: Path) -> None:
    """The code is changed, and packed as if it had trained the runs."""
    idle = "import torch\n\nrate = 0.05\ntorch.optim.SGD.step = lambda self, closure=None: None\n"
    (folder / "code/helper.py").write_text(idle)
    resealed(folder)
    data = str(worked / "data.npz")
    words = ["submit", "check", str(folder), "--data", data, "--runs", "9", "--device", "cpu"]
    assert main(words) == 1


def resealed(folder: Path) -> None:
    from nagbench.submission import ABOUT, _digests

    said = json.loads((folder / ABOUT).read_text())
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    said["files"] = _digests(folder, [name for name in names if str(name) != ABOUT])
    (folder / ABOUT).write_text(json.dumps(said))


def test_the_list_says_who_against_what(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["submit", "list", str(folder)]) == 0
    head, rule, row = capsys.readouterr().out.splitlines()
    assert head.count("|") == rule.count("|") == row.count("|") == 9
    assert row.startswith("| Mine | SGD | tiny |")
    assert "A. Stranger" in row
    assert "points" in row


def test_what_a_stranger_wrote_stays_in_its_cell(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worded(who="A | B\nC<script>")(folder)
    assert main(["submit", "list", str(folder)]) == 0
    *_, row = capsys.readouterr().out.splitlines()
    assert r"| A \| B C&lt;script> |" in row
    assert row.count(" | ") == 7


def edited(name: str) -> Change:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + b"\n")


def worded(**words: object) -> Change:
    def change(folder: Path) -> None:
        path = folder / "submission.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **words}))

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edited("code/helper.py"), "changed: code/helper.py"),
        (edited("study.yaml"), "changed: study.yaml"),
        (edited("records/runs.parquet"), "changed: records/runs.parquet"),
        (lambda folder: (folder / "more.py").write_text(""), "more.py only there"),
        (lambda folder: (folder / "code/helper.py").unlink(), "code/helper.py only there"),
        (lambda folder: (folder / "a").symlink_to("/etc/passwd"), "links: a"),
        (worded(who=3), "values that are no texts"),
        (worded(files=[]), "values that are no texts"),
        (worded(files="x"), "values that are no texts"),
        (worded(link="javascript:x"), "an address"),
        (worded(link="https://x) <script>"), "an address"),
        (worded(more="x"), "other keys"),
        (lambda folder: (folder / "submission.json").write_text("{"), "not readable"),
        (worded(study="../study.yaml"), "study"),
    ],
)
def test_what_is_not_as_it_was_packed_is_refused(
    folder: Path, change: Change, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder)
    assert main(["submit", "check", str(folder), "--runs", "0"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["study.yaml"], "--who: missing"),
        (["study.yaml", "--who", " "], "--who: nobody"),
        (["demo", "--who", "me"], "which ships"),
        (["study.yaml", "--who", "me"], "there already"),
        (["study.yaml", "study.yaml", "--who", "me"], "2 studies"),
        (["study.yaml", "--who", "me", "--output", "x", "--records", "no"], "SHA256SUMS"),
    ],
)
def test_what_cannot_be_packed_is_refused(
    worked: Path,
    words: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(worked)
    assert main(["submit", "pack", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not Path("x").exists()


def test_code_outside_the_working_folder_is_refused(
    worked: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(worked / "code")
    study = yaml.safe_load((worked / "study.yaml").read_text())
    study["optimizers"]["mine"]["reference"] = "../code/mine.py:Mine"
    Path("study.yaml").write_text(yaml.safe_dump(study))
    words = ["study.yaml", "--who", "me", "--records", "../results/study/records"]
    assert main(["submit", "pack", *words, "--output", str(tmp_path / "x")]) == 2
    assert not (tmp_path / "x").exists()
    assert len(capsys.readouterr().err.splitlines()) == 1
