"""Strangers with optimizers of their own, who type what the guides say."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_compare import folder, write_small  # noqa: F401

from nagbench import records
from nagbench.cli import main

pytestmark = pytest.mark.outside
# Compiling takes minutes and a compiler, so its author offers to do without.
HEAVY = """
import heavyball
import heavyball.utils

heavyball.utils.compile_mode = None


def heavy(params, lr=0.0025):
    return heavyball.AdamW(params, lr=lr)
"""


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("lion_pytorch:Lion", "lion"),
        ("prodigyopt:Prodigy", "prodigy"),
        ("adan_pytorch:Adan", "adan"),
        ("heavy.py:heavy", "heavy"),
        ("patient.py:Patient", "patient"),
    ],
)
def test_it_has_a_card(folder: Path, reference: str, name: str) -> None:  # noqa: F811
    Path("heavy.py").write_text(HEAVY)
    words = ["compare", reference, "--study", "small.yaml", "--device", "cpu", "--quick"]
    assert main(words) == 0
    made = Path(f"results/compare-small-{name}")
    runs, _ = records.read_tables(made / "records")
    own = runs[runs["optimizer"] == name]
    assert set(own["status"]) <= {"finished", "stopped"}
    assert (made / "card.html").is_file()
    assert (made / "card.pdf").is_file()
    assert all(json.loads(text)["lr"] > 0 for text in own["settings"])


def test_the_guide_to_submitting_is_true_to_the_letter(tmp_path: Path) -> None:
    """In a clone of its own, as a stranger has it."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(Path.cwd()), str(clone)], check=True)
    guide = Path("docs/submitting.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    (clone / "mine.py").write_text(code)
    lines = "".join(re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)).splitlines()
    typed = ["compare", "submit", "data", "submit", "submit"]
    assert [shlex.split(line)[1] for line in lines] == typed
    path = f"{clone / 'src'}:{os.environ.get('PYTHONPATH', '')}"
    words: Any = {"cwd": clone, "env": {**os.environ, "PYTHONPATH": path, "RUNS": "1"}}
    for line in [*lines, ".ci/submissions"]:
        done = subprocess.run(["bash", "-c", line], capture_output=True, check=False, **words)
        assert done.returncode == 0, f"{line}: {done.stderr.decode()}"
        if "list" in line:
            assert b"| Mine | SGD |" in done.stdout
