"""Captions: written once, in workflow/report, for the HTML report and for the paper alike."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.rendering.latex import escape
from nagbench.rendering.result_tables import ResultTables

_OF_NO_STUDY = ("theory", "rates", "calibration")


def write_captions(folder: Path, report: Path, output: Path) -> None:
    """Write the captions for the paper: the report's own words, with the study's facts added."""
    lines = [
        f"\\setcaption{{{name}}}{{{text}}}\n"
        for name, text in captions(ResultTables(folder), report).items()
    ]
    with atomic_path(output) as path:
        path.write_text("".join(lines), encoding="utf-8")


def captions(tables: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, str]:
    """By name of figure or table: the text of its file, then the data and the number of seeds."""
    facts = tables["study"].iloc[0]
    origin = f"Data: {facts['edition']}; {facts['testing_seeds']} seeds."
    if facts["failed"]:
        origin += f" Failed with an error, counted as chance: {facts['failures']}."
    found = {}
    for path in sorted(folder.glob("*.rst")):
        if path.stem == "workflow":
            continue
        words = " ".join(path.read_text(encoding="utf-8").split())
        if not words:
            raise InputError(path, "an empty caption", "a sentence")
        # What theory and simulations say holds whatever the study's data.
        found[path.stem] = escape(words if path.stem in _OF_NO_STUDY else f"{words} {origin}")
    return found
