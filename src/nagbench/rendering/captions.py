"""Captions: written once, in workflow/report, for the HTML report and for the paper alike."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.rendering.latex import escape
from nagbench.rendering.lookup import seeds
from nagbench.rendering.result_tables import ResultTables

_OF_NO_STUDY = ("theory", "rates", "calibration", "rules", "computing", "checklist")
_OF_TUNING = ("sensitivity", "settings", "tuning")
_OF_FIRST = ("answer", "gains", "ranks")  # they show the first workload alone
_OF_CLAIMS = (
    "workloads",
    "headlines",
    "verdicts",
    "untested",
    "elsewhere",
    "claims",
)  # they say their own n


def write_captions(folder: Path, report: Path, output: Path) -> None:
    """Write the captions for the paper: the report's own words, with the study's facts added."""
    lines = [
        f"\\setcaption{{{name}}}{{{text}}}\n"
        for name, text in captions(ResultTables(folder), report).items()
    ]
    with atomic_path(output) as path:
        path.write_text("".join(lines), encoding="utf-8")


def captions(tables: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, str]:
    """By name of figure or table: the text of its file, then the data and the number of seeds of
    what it shows."""
    facts = tables["study"].iloc[0]
    failed = f" Failed with an error, counted as chance: {facts['failures']}."
    outcomes, first = tables["outcomes"], tables["workloads"].iloc[0]["workload"]
    here = {**tables, "outcomes": outcomes[outcomes["workload"] == first]}
    tested, first_tested = (
        f"{seeds(shown)}.{failed if facts['failed'] else ''}" for shown in (tables, here)
    )
    most = facts["tuning_seeds"]
    tuned = "1 tuning seed." if most == 1 else f"up to {most} tuning seeds."
    found = {}
    files = sorted(folder.glob("*.rst"))
    if not files:
        raise InputError(folder, "no caption (.rst)", "workflow/report, for one")
    for path in files:
        if path.stem == "workflow":
            continue
        words = " ".join(path.read_text(encoding="utf-8").split())
        if not words:
            raise InputError(path, "an empty caption", "a sentence")
        # What theory and simulations say holds whatever the study's data.
        if path.stem not in _OF_NO_STUDY:
            words += f" Data: {facts['edition']}"
            if path.stem in _OF_CLAIMS:
                words += "."
            elif path.stem in _OF_TUNING:
                words += f"; {tuned}"
            else:
                words += f"; {first_tested if path.stem in _OF_FIRST else tested}"
        found[path.stem] = escape(words)
    return found
