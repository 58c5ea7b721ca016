"""Every run with its curve, in as few characters as a screen can tell from all of them."""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from nagbench.metrics import BROKEN, CLOCKS, final_accuracy
from nagbench.records import CURVE
from nagbench.statistics.roles import Selection
from nagbench.statistics.tidy import tidy

DIGITS = 4  # that count, of what is drawn; tables keep all
MOST = 150_000  # values of all curves: about 0.8 MB
# What a curve may be looked at by: its name in print, and whether it is a share.
METRICS = {
    "validation_accuracy": ("Validation accuracy", True),
    "validation_loss": ("Validation loss", False),
    "train_loss": ("Training loss", False),
    "gradient_norm": ("Gradient norm", False),
    "learning_rate": ("Learning rate", False),
}
_KEYS = ["run", "stage", "workload", "optimizer"]  # entries of a study may share a run
_FACTS = (*_KEYS, "trial", "seed", "settings", "roles", "status")


def curves(runs: pd.DataFrame, records: pd.DataFrame, selection: Selection) -> dict[str, Any]:
    """The runs, and what is drawn of each.

    Args:
        runs, records: The `runs` and `curves` of the records.
        selection: The same, taken apart, which knows what each setting was chosen by.

    Returns:
        `runs`, a mapping for each in the order of stage, workload, optimizer, trial and seed;
        `clocks`, lists of values of a clock, which a run names by their place, since most are the
        same; `kept` and `of`, how many evaluations are drawn, of how many.
    """
    table = tidy(runs, records, selection.chosen)
    ends = _ends(runs, records)
    facts = table.drop_duplicates(_KEYS).set_index(_KEYS, drop=False)
    rows = {key: list(places) for key, places in table.groupby(_KEYS).indices.items()}
    columns = {name: table[name].tolist() for name in (*CLOCKS.values(), *METRICS)}
    most = _most([len(places) for places in rows.values()])
    clocks: dict[tuple[float | None, ...], int] = {}
    listed, kept = [], 0
    for key, of_run in facts[[*_FACTS, "diverged_step", "message"]].to_dict("index").items():
        drawn = [rows[key][place] for place in _spread(len(rows[key]), most)]
        entry = {**{name: of_run[name] for name in _FACTS}, **ends[of_run["run"]]}
        entry["settings"] = worded(of_run["settings"])
        if of_run["status"] in BROKEN:
            entry |= {name: of_run[name] for name in ("diverged_step", "message")}
        for clock, column in CLOCKS.items():
            ticks = tuple(_short(columns[column][place]) for place in drawn)
            entry[clock] = clocks.setdefault(ticks, len(clocks))
        for name in METRICS:
            entry[name] = _cut([_short(columns[name][place]) for place in drawn])
        listed.append(entry)
        kept += len(drawn)
    return {"runs": listed, "clocks": list(clocks), "kept": kept, "of": len(table)}


def metrics() -> list[dict[str, Any]]:
    """What curves may be looked at by."""
    return [
        {"name": name, "label": label, "share": share, "about": CURVE[name]}
        for name, (label, share) in METRICS.items()
    ]


def worded(settings: str) -> str:
    """Settings, JSON in the records, in words."""
    return ", ".join(f"{name} {_plain(value)}" for name, value in json.loads(settings).items())


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _ends(runs: pd.DataFrame, records: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """By run its final accuracies with every digit; one that broke off counts as chance, and one
    that tuning stopped has none."""
    found: dict[str, dict[str, float | None]] = {run: {} for run in runs["run"]}
    whole = runs["status"].isin(["finished", *BROKEN])
    for part, of in (("validation", whole), ("test", whole & (runs["stage"] == "test"))):
        chosen = runs[of]
        values = final_accuracy(chosen, records, part)
        for run, value in zip(chosen["run"], values, strict=True):
            found[run][f"final_{part}"] = None if math.isnan(value) else float(value)
    return found


def _most(lengths: Sequence[int]) -> int:
    """Evaluations of a run that may be drawn, at most, so that all together are not too many."""
    most = max(lengths, default=0)
    while most > 2 and len(METRICS) * sum(min(length, most) for length in lengths) > MOST:
        most -= 1
    return most


def _spread(length: int, most: int) -> np.ndarray:
    """Places of so many of a run's evaluations, evenly, the first and the last among them."""
    return np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(int))


def _cut(values: list[float | None]) -> list[float | None]:
    """Without the last ones that repeat the one before; whoever draws goes on with that."""
    while len(values) > 1 and values[-1] == values[-2]:
        values = values[:-1]
    return values


def _short(value: float) -> float | int | None:
    """With the digits that are drawn; None where nothing was measured or it is infinite."""
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() else short
