"""The guide docs/everyday.md, typed as it stands, on the committed records of the pilot."""

import contextlib
import io
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from nagbench.cli import main

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/everyday.md").read_text(encoding="utf-8")
COMMANDS = "".join(re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)).splitlines()
(PYTHON,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the project's has, and the pilot's result tables."""
    folder = tmp_path_factory.mktemp("everyday")
    for name in ("paper", "src", "workflow", "profiles", "Snakefile"):
        (folder / name).symlink_to(ROOT / name)
    records = ROOT / "paper/records"
    files = {name: f"{records}/validation/{name}.parquet" for name in ("theory", "calibration")}
    files |= {"records": f"{records}/pilot", "output": f"{folder}/results/pilot/statistics"}
    options = [word for name, file in files.items() for word in (f"--{name}", file)]
    assert main(["statistics", "pilot", *options]) == 0
    return folder


def typed(line: str) -> str:
    """What a command of the guide prints."""
    assert line in COMMANDS
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert main(shlex.split(line)[1:]) == 0
    return said.getvalue()


def test_it_is_typed_as_it_stands(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    said = {line: typed(line) for line in COMMANDS if line.startswith("nagbench")}
    for line, text in said.items():
        if "--json" not in line:
            assert max(map(len, text.splitlines()), default=0) <= 80, line
    assert json.loads(said["nagbench show pilot --json"])
    assert "nagbench verify pilot --run" in said["nagbench explain pilot main.leader.accuracy"]
    assert "learning_curves " in said["nagbench figure"]
    assert re.search(r"about [\d.]+ \w+ on this cpu", said["nagbench plan demo --device cpu"])
    assert {path.name for path in Path("plots").iterdir()} == {
        *("learning_curves.pdf", "learning_curves.svg", "learning_curves.pgf"),
        *("results.tex", "results.csv"),
    }
    assert Path("plots/results.tex").read_text().startswith("% needs \\usepackage{")
    rows = Path("plots/results.csv").read_text().splitlines()
    assert [("Ours" in row, "Adam" in row) for row in rows[1:]] == [(True, False), (False, True)]


def test_its_part_of_a_study_is_one(project: Path) -> None:
    """As far as a dry run shows; tests/workflow/test_part.py trains one."""
    (line,) = (line for line in COMMANDS if line.startswith("snakemake"))
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
    Path("plots").mkdir(exist_ok=True)
    names: dict[str, object] = {}
    exec(compile(PYTHON, "the guide", "exec"), names)  # noqa: S102 - that is what is tested
    assert Path("plots/curves.pdf").read_bytes().startswith(b"%PDF")
    assert set(names["trained"]["status"]) == {"finished"}  # type: ignore[index]
