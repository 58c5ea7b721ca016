"""The hand-written picture of the workflow has its rules and arrows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.documentation
def test_the_picture_of_the_rules_is_that_of_the_workflow() -> None:
    snakemake = str(Path(sys.executable).with_name("snakemake"))
    command = [snakemake, "--cores", "1", "--config", "study=demo", "--rulegraph", "dot"]
    dot = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', dot))
    arrows = {(names[one], names[other]) for one, other in re.findall(r"(\d+) -> (\d+)", dot)}
    assert len(arrows) > 15
    picture = Path("figures/readme/rules.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'data-rules="(\w+) (\w+)"', picture)) == arrows
    assert set(re.findall(r'class="name"[^>]*>(\w+)<', picture)) == set(names.values())
