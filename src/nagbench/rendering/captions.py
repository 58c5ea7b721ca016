"""Captions: written once, in workflow/report, for the HTML report and for the paper alike."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.rendering.latex import escape

_OF_NO_STUDY = ("theory", "rates", "calibration")


def captions(tables: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, str]:
    """By name of figure or table: the text of its file, then the data and the number of seeds."""
    facts = tables["study"].iloc[0]
    origin = f"Data: {facts['edition']}; {facts['testing_seeds']} seeds."
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
