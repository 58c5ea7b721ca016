"""Optimizers of other authors, compared as a user would type it."""

import json
from pathlib import Path

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
