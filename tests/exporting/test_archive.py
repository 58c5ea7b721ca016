"""The archive: complete, checked by its own sums, and the same bytes each time."""

import gzip
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from nagbench.cli import main
from nagbench.parquet import read_frame
from nagbench.records import check_sums, seal
from nagbench.study.file import load_study

OWN = "import torch\n\n\nclass Own(torch.optim.SGD):\n    pass\n"


@pytest.fixture
def results(tmp_path: Path, folder: Path) -> Path:
    """What a study left: result tables, and sealed records, here those of another study."""
    (tmp_path / "records").mkdir()
    for name in ("runs", "curves"):
        shutil.copy(Path("paper/records/pilot", f"{name}.parquet"), tmp_path / "records")
    seal(tmp_path / "records")
    assert folder.parent == tmp_path
    return tmp_path


def export(results: Path, output: Path, study: str = "demo") -> int:
    return main(
        ["export", study, "--output", str(output), "--records", str(results / "records"),
         "--statistics", str(results / "statistics")]
    )  # fmt: skip


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as opened:
        return opened.getnames()


def test_the_checksums_check_out(results: Path) -> None:
    assert export(results, results / "demo.tar.gz") == 0
    subprocess.run(["tar", "-xzf", "demo.tar.gz"], cwd=results, check=True)
    unpacked = results / "nagbench-demo"
    checked = subprocess.run(
        ["sha256sum", "--strict", "-c", "SHA256SUMS"],
        cwd=unpacked,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [path for path in unpacked.rglob("*") if path.is_file()]
    assert len(checked.stdout.splitlines()) == len(files) - 1
    assert (unpacked / "study/demo.yaml").read_bytes() == Path(
        "src/nagbench/study/shipped/demo.yaml"
    ).read_bytes()
    check_sums(unpacked / "records")
    assert len(read_frame(unpacked / "statistics/summary.parquet"))
    for name in ("lock.txt", "CITATION.cff", "LICENSE"):
        assert (unpacked / name).stat().st_size > 0


def test_the_same_input_makes_the_same_bytes(results: Path) -> None:
    first, second = results / "a.tar.gz", results / "other name.tar.gz"
    assert export(results, first) == 0
    for path in results.rglob("*.parquet"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o600)
    assert export(results, second) == 0
    assert first.read_bytes() == second.read_bytes()
    assert names(first) == sorted(names(first))


def test_an_optimizer_of_ones_own_comes_along(results: Path, small: dict[str, Any]) -> None:
    (results / "own.py").write_text(OWN)
    small["optimizers"]["own"] = {
        "reference": f"{results / 'own.py'}:Own", "settings": {"lr": 0.1}, "space": {}
    }  # fmt: skip
    (results / "mine.yaml").write_text(yaml.safe_dump(small))
    assert export(results, results / "x.tgz", str(results / "mine.yaml")) == 0
    assert {"nagbench-mine/study/own.py", "nagbench-mine/study/mine.yaml"} <= {
        *names(results / "x.tgz")
    }


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("records/curves.parquet", "records/curves.parquet"),
        ("statistics", "statistics/summary.parquet"),
    ],
)
def test_a_missing_part_is_one_line_and_leaves_no_archive(
    results: Path, gone: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = results / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert export(results, results / "out" / "demo.tar.gz") == 2
    said = capsys.readouterr().err
    assert "missing: " in said
    assert words in said
    assert said.count("\n") == 1
    assert not (results / "out").exists()


@pytest.mark.parametrize("name", ["records/curves.parquet", "statistics/summary.parquet"])
def test_what_was_changed_is_not_packed(
    results: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pd.DataFrame({"accuracy": [1.0]}).to_parquet(results / name)
    assert export(results, results / "demo.tar.gz") == 2
    assert name in capsys.readouterr().err
    assert not (results / "demo.tar.gz").exists()


def test_a_failure_leaves_nothing_half_written(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (results / "out").mkdir()
    monkeypatch.setattr(gzip.GzipFile, "write", full)
    assert export(results, results / "out" / "demo.tar.gz") == 2
    assert list((results / "out").iterdir()) == []


def test_another_type_of_archive_is_refused(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(results, results / "demo.zip") == 2
    assert "allowed: .tar.gz" in capsys.readouterr().err


def test_the_study_in_the_archive_can_be_loaded(results: Path) -> None:
    assert export(results, results / "demo.tar.gz") == 0
    subprocess.run(["tar", "-xzf", "demo.tar.gz"], cwd=results, check=True)
    unpacked = load_study(str(results / "nagbench-demo/study/demo.yaml"))
    assert unpacked == load_study("demo")
