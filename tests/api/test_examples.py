"""The notebook, and the lines of the guide to Python, run as they are.

Their code is executed without Jupyter, which would bring some twenty packages into the lock for a
page: the notebook is plain Python, and is checked against the format by `nbformat`.
"""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from matplotlib.figure import Figure

import nagbench

ROOT = Path(__file__).parents[2]
NOTEBOOK = nbformat.read(ROOT / "examples/python_api.ipynb", as_version=4)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the committed records, and nothing that was made of them."""
    (tmp_path / "examples").mkdir()
    (tmp_path / "paper").symlink_to(ROOT / "paper")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def executed(*texts: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "__main__"}
    for text in texts:
        exec(compile(text, "a cell", "exec"), names)  # noqa: S102 - that is what is tested
    return names


@pytest.mark.slow
def test_the_notebook_runs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its own folder, where Jupyter begins."""
    monkeypatch.chdir(project / "examples")
    names = executed(*(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code"))
    assert isinstance(names["figure"], Figure)
    assert names["by_seed"]["nag"].notna().sum() == 14
    assert set(names["trained"]["seed"]) == {1, 2}
    assert names["trained"]["epoch"].max() == 2
    assert {path.name for path in project.iterdir()} == {"examples", "paper", "results"}


def test_the_notebook_is_valid_and_committed_without_outputs() -> None:
    nbformat.validate(NOTEBOOK)
    code = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    shown = {word for cell in code for word in re.findall(r"nagbench\.(\w+)\(", cell.source)}
    assert shown == {"draw", "load", "train"} == set(nagbench.__all__) - {"__version__"}


def test_the_lines_of_the_guide_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    optimizer, guide = (
        (ROOT / f"docs/{name}.md").read_text(encoding="utf-8")
        for name in ("guide/own-optimizer", "how-to/python")
    )
    (mine,) = re.findall(r"```python\n(.*?)```", optimizer, re.DOTALL)
    Path("mine.py").write_text(mine, encoding="utf-8")
    names = executed(*re.findall(r"```python\n(.*?)```", guide, re.DOTALL))
    assert (project / "curves.pdf").read_bytes().startswith(b"%PDF")
    assert "nag" in capsys.readouterr().out
    assert set(names["mine"]["optimizer"]) == {"mine"}
    assert set(names["mine"]["status"]) == {"finished"}
