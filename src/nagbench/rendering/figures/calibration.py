"""What the statistics promise beside what simulations find, a panel a claim."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nagbench.rendering.style import COLUMN

TABLES = ("calibration",)
_HOLDS, _FAILS = "#0173b2", "#d55e00"
_TITLES = {"level": "No difference", "coverage": "Coverage", "power": "Power"}


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Bars are three standard errors; what does not hold is hollow."""
    found = tables["calibration"]
    found = found[np.isfinite(found[["stated", "found", "error"]].astype(float)).all(axis=1)]
    claims = [found[found["claim"] == claim] for claim in _TITLES]
    figure, axes = plt.subplots(1, 3, figsize=(2 * COLUMN, 2.3))
    for axis, group in zip(axes[:2], claims[:2], strict=True):
        if len(group):
            _by_procedure(axis, group)
    _against_computed(axes[2], claims[2])
    for axis, title in zip(axes, _TITLES.values(), strict=True):
        axis.set_title(title)
    return figure


def _by_procedure(axis: Axes, group: pd.DataFrame) -> None:
    """One promise for all: a line; below each other the situations, few seeds first."""
    names = list(dict.fromkeys(group["procedure"]))
    place = np.empty(len(group))
    for n, name in enumerate(names):
        own = (group["procedure"] == name).to_numpy()
        place[own] = n + np.linspace(-0.38, 0.38, own.sum())
    for good, colour in ((True, _HOLDS), (False, _FAILS)):
        chosen = (group["holds"] == good).to_numpy()
        axis.errorbar(
            group["found"][chosen],
            place[chosen],
            xerr=3 * group["error"][chosen],
            **_marks(colour, good),
        )
    axis.axvline(group["stated"].iloc[0], color="0.4", linewidth=0.7)
    axis.set(yticks=range(len(names)), yticklabels=names, xlabel="Found")
    axis.set_ylim(len(names) - 0.5, -0.5)


def _against_computed(axis: Axes, group: pd.DataFrame) -> None:
    axis.plot([0, 1], [0, 1], color="0.4", linewidth=0.7)
    for good, colour in ((True, _HOLDS), (False, _FAILS)):
        chosen = group[group["holds"] == good]
        axis.errorbar(
            chosen["stated"], chosen["found"], yerr=3 * chosen["error"], **_marks(colour, good)
        )
    axis.set(xlabel="Computed", ylabel="Found")


def _marks(colour: str, filled: bool) -> dict[str, Any]:
    return {
        "fmt": "o",
        "color": colour,
        "markersize": 2.2,
        "elinewidth": 0.5,
        "markerfacecolor": colour if filled else "white",
        "markeredgewidth": 0.6,
    }
