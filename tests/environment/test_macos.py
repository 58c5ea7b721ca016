"""What macOS lacks, taken away here: affinities, /proc, the GNU tools, and bash after 3.2."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from nagbench.data.images import ImageSet, save

SCRIPTS = sorted(
    path
    for folder in ("envs", ".ci", "workflow", "profiles")
    for path in Path(folder).rglob("*")
    if path.is_file() and path.read_bytes().startswith(b"#!/usr/bin/env bash")
)
# In bash since 4, or in the GNU tools alone.
NEWER = {
    "bash": r"\b(mapfile|readarray|coproc)\b|declare -[A-Za-z]*A|\$\{\w+(,,|\^\^)|\|&|&>>",
    "tools": r"sed -i |readlink -f|grep -\w*P|date -d|stat -c|cp --|xargs -r|sort -V|\bnproc\b",
}
# Runs on Debian alone, and says so.
DEBIAN = {"apt-install.sh"}
# As the process finds its system: no affinities, nothing in /proc.
MACOS = """\
import os, pathlib
del os.sched_getaffinity
_read, _exists = pathlib.Path.read_text, pathlib.Path.exists
def gone(path): return str(path).startswith("/proc/")
def read(self, *a, **k):
    if gone(self): raise FileNotFoundError(2, "No such file or directory", str(self))
    return _read(self, *a, **k)
pathlib.Path.read_text = read
pathlib.Path.exists = lambda self, **k: not gone(self) and _exists(self, **k)
"""


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_no_script_needs_a_newer_bash_or_gnu_tools(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    for what, words in NEWER.items():
        found = re.search(words, text)
        assert found is None or script.name in DEBIAN, f"{script}: {found} ({what})"


def test_the_words_that_are_looked_for_are_found() -> None:
    for what, text in (
        ("bash", "mapfile -t a < b"),
        ("bash", "declare -gA x"),
        ("bash", "${name,,}"),
        ("tools", "sed -i s/a/b/ f"),
        ("tools", "grep -oP x"),
    ):
        assert re.search(NEWER[what], text)
    assert len(SCRIPTS) > 5


@pytest.fixture
def macos(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that finds its system like that."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(MACOS)
    return {**os.environ, "PYTHONPATH": str(tmp_path / "site")}


@pytest.mark.slow
def test_without_affinities_and_proc_a_study_is_planned_and_trained(
    macos: dict[str, str], tmp_path: Path, small: dict[str, Any], images: ImageSet
) -> None:
    def nagbench(*arguments: str) -> str:
        command = [sys.executable, "-m", "nagbench", *arguments]
        done = subprocess.run(
            command, env=macos, capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    lacks = "import os; print(hasattr(os, 'sched_getaffinity'), os.path.exists('/proc/self'))"
    said = subprocess.run([sys.executable, "-c", lacks], env=macos, capture_output=True, text=True)
    assert said.stdout.split() == ["False", "True"]
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small))
    save(images, tmp_path / "data.npz")
    assert "tune/tiny/sgd" in nagbench("plan", "small.yaml", "--stage", "tune")
    nagbench("train", "small.yaml", "--units", "tune/tiny/sgd", "--data", "data.npz")
    assert list((tmp_path / "results").rglob("*.parquet"))


def test_without_affinities_all_cores_count(monkeypatch: pytest.MonkeyPatch) -> None:
    from nagbench.runner.devices import cores

    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert cores() == 7
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert cores() == 1
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert cores() == 2


def test_the_affinity_is_asked_for_in_one_place() -> None:
    asking = [
        path for path in Path("src").rglob("*.py") if "sched_getaffinity" in path.read_text("utf-8")
    ]
    assert [path.name for path in asking] == ["devices.py"]
