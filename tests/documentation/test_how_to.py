"""How-tos typed as they stand, where result tables of committed records are all they need."""

import contextlib
import io
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from guides import blocks, commands
from nagbench.cli import main

ROOT = Path(__file__).parents[2]
PAGES = ("terminal", "figures", "parts", "python")
GUIDES = {name: (ROOT / f"docs/how-to/{name}.md").read_text(encoding="utf-8") for name in PAGES}
COMMANDS = {
    name: [line for _, kind, text in blocks(guide) if kind == "sh" for line in commands(text)]
    for name, guide in GUIDES.items()
}
PYTHON = next(text for _, kind, text in blocks(GUIDES["python"]) if kind == "python")
TABLES = [line for name in ("terminal", "figures") for line in COMMANDS[name]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, committed_tables: Path) -> Path:
    """A folder with what the project's has, and what `make results` makes for these commands."""
    folder = tmp_path_factory.mktemp("how-to")
    for name in ("paper", "src", "workflow", "profiles", "Snakefile"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "results/cifar10-cnn").mkdir(parents=True)
    (folder / "results/cifar10-cnn/statistics").symlink_to(committed_tables)
    return folder


def typed(line: str) -> str:
    """What a command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert main(shlex.split(line)[1:]) == 0
    return said.getvalue()


def test_it_is_typed_as_it_stands(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    said = {line: typed(line) for line in TABLES if line.startswith("nagbench")}
    for line, text in said.items():
        if "--json" not in line:
            assert max(map(len, text.splitlines()), default=0) <= 80, line
    assert json.loads(said["nagbench show cifar10-cnn --json"])
    explained = said["nagbench explain cifar10-cnn main.leader.accuracy"]
    assert "nagbench verify cifar10-cnn --run" in explained
    assert "learning_curves " in said["nagbench figure"]
    assert {path.name for path in Path("plots").iterdir()} == {
        *("learning_curves.pdf", "learning_curves.svg", "learning_curves.pgf"),
        *("results.tex", "results.csv"),
    }
    assert Path("plots/results.tex").read_text().startswith("% needs \\usepackage{")
    rows = Path("plots/results.csv").read_text().splitlines()
    assert [("Ours" in row, "Heavy" in row) for row in rows[1:]] == [(True, False), (False, True)]


def test_its_part_of_a_study_is_one(project: Path) -> None:
    """As far as a dry run shows; tests/workflow/test_part.py trains one."""
    line = COMMANDS["parts"][0]
    words = line.replace(" --config", " --dry-run --config")
    ended = subprocess.run(
        shlex.split(words), cwd=project, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "A part of it, as the study results/parts/demo-" in ended.stderr
    named = re.findall(r"results/demo-\S+/tune/(\w+)/(\w+)\.parquet", ended.stdout + ended.stderr)
    assert set(named) == {("tiny_cnn", "sgd"), ("tiny_cnn", "nag")}


def test_its_python_runs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    exec(compile(PYTHON, "the guide", "exec"), {})  # noqa: S102 - that is what is tested
    assert Path("curves.pdf").read_bytes().startswith(b"%PDF")
