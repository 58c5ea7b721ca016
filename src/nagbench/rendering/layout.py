"""Layouts that hold two optimizers as well as forty.

Lines: where too many would cross, each panel shows one group of the catalogue's families, with the
baseline, in front of all the others in grey. Rows: one an optimizer, with its name beside it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nagbench.optimizers.entry import FAMILIES
from nagbench.rendering.legend import fitting, legend_below, legend_under
from nagbench.rendering.style import COLUMN, GREY, looks, plain

_TOGETHER = 7  # lines of one panel; the baseline and a group of six
_GROUPS = 4  # about so many: larger studies have larger groups
_ABREAST = 4
_PAGE = 9.4  # inches
_NAME = 0.135  # inches of a row with a name of the usual size


@dataclass(frozen=True)
class Cell:
    """What one panel shows: a workload, the optimizers in front, and those behind."""

    workload: str
    label: str
    front: pd.DataFrame
    behind: tuple[str, ...]
    names: tuple[str, ...]

    def lines(self) -> Iterator[tuple[str, dict[str, Any], bool]]:
        """Each optimizer, the keywords of its line, and whether it stands in front."""
        for name in self.behind:
            grey = {"color": GREY, "linewidth": 0.6, "marker": "", "linestyle": "-", "zorder": 1.5}
            yield name, grey, False
        style = looks(list(self.names))
        for name in self.front["optimizer"]:
            yield name, style[name].line(), True


def groups(optimizers: pd.DataFrame, baseline: str) -> list[pd.DataFrame]:
    """All, if they are few; else by family, the small families together, and the baseline with
    each."""
    if len(optimizers) <= _TOGETHER:
        return [optimizers]
    most = max(_TOGETHER - 1, math.ceil(len(optimizers) / _GROUPS))
    known = [name for name in FAMILIES if name in set(optimizers["family"])]
    found: list[list[str]] = [[]]
    for family in dict.fromkeys([*known, *optimizers["family"]]):
        own = list(optimizers.loc[optimizers["family"] == family, "optimizer"])
        for part in np.array_split(own, math.ceil(len(own) / most)):
            if len(found[-1]) + len(part) > most:
                found.append([])
            found[-1] += list(part)
    return [
        optimizers[optimizers["optimizer"].isin([*group, baseline])].sort_values(
            "optimizer", key=lambda column: column != baseline, kind="stable"
        )
        for group in found
    ]


def cells(tables: Mapping[str, pd.DataFrame], drawn: pd.DataFrame) -> list[Cell]:
    """One for each workload and group, of the optimizers that the table `drawn` has there; a table
    without workloads has one set of groups."""
    optimizers, baseline = tables["optimizers"], str(tables["study"]["baseline"].iloc[0])
    everybody = tuple(optimizers["optimizer"])
    found = []
    for workload, label in (
        zip(tables["workloads"]["workload"], tables["workloads"]["label"], strict=True)
        if "workload" in drawn
        else [("", "")]
    ):
        own = drawn[drawn["workload"] == workload] if workload else drawn
        here = optimizers[optimizers["optimizer"].isin(own["optimizer"])]
        for front in groups(here, baseline):
            behind = tuple(name for name in here["optimizer"] if name not in set(front["optimizer"]))
            found.append(Cell(workload, plain(label), front, behind, everybody))
    return found


def panels(
    tables: Mapping[str, pd.DataFrame], drawn: Sequence[Cell], rows: int = 1, height: float = 1.6
) -> tuple[Figure, list[list[Axes]]]:
    """Axes for each cell, `rows` of them, with a legend under each cell, or one for all.

    Where one legend serves all, the axes of a cell lie side by side, else on top of each other.
    """
    together = not any(cell.behind for cell in drawn)
    count = len(drawn)
    if together and rows > 1:
        across, down, of_cell = rows, count, 1
    else:
        across = math.ceil(count / math.ceil(count / _ABREAST))
        down, of_cell = math.ceil(count / across), rows
    deepest = 0.35 if together else 0.2 + 0.125 * max(len(cell.front) for cell in drawn)
    each = of_cell * height + (0 if together else deepest)
    total = down * each + (_legend(tables["optimizers"], across) if together else 0)
    figure, axes = plt.subplots(
        down * of_cell,
        across,
        figsize=(COLUMN * min(across, 2), min(total, _PAGE)),
        squeeze=False,
    )
    if together and rows > 1:
        found = [list(row) for row in axes]
    else:
        found = [
            [axes[n // across * rows + row, n % across] for row in range(rows)]
            for n in range(count)
        ]
        for axis in axes.flat[::-1]:
            if axis not in [one for cell in found for one in cell]:
                axis.remove()
    if together:
        legend_below(figure, tables["optimizers"])
    else:
        for cell, (*_, last) in zip(drawn, found, strict=True):
            legend_under(last, cell.front, looks(list(cell.names)))
    return figure, found


def _legend(optimizers: pd.DataFrame, across: int) -> float:
    labels = list(optimizers["label"])
    return 0.1 + 0.14 * math.ceil(len(labels) / fitting(labels, COLUMN * min(across, 2)))


def rows(
    names: Sequence[Sequence[str]], columns: int = 1, wide: bool = False, room: float = 0.4
) -> tuple[Figure, np.ndarray]:
    """A block of rows for each list of names, `columns` of axes; the first name on top.

    `room` inches are for a block's title and axis.
    """
    heights = [max(len(block), 1) + 0.8 for block in names]
    total = min(_NAME * sum(heights) + room * len(names) + 0.2, _PAGE)
    figure, axes = plt.subplots(
        len(names),
        columns,
        figsize=((2 if wide else 1) * COLUMN, total),
        gridspec_kw={"height_ratios": heights},
        sharex="col",
        squeeze=False,
    )
    size = min(7.0, 72 * (total - room * len(names)) / sum(heights) * 0.8)
    for block, line in zip(names, axes, strict=True):
        for n, axis in enumerate(line):
            axis.set_ylim(max(len(block), 1) - 0.4, -0.6)
            axis.set_yticks(range(len(block)), map(plain, block) if n == 0 else [], fontsize=size)
            axis.tick_params(axis="y", length=0)
            axis.tick_params(axis="x", labelbottom=True)
            axis.spines["left"].set_visible(False)
    return figure, axes


def runs_of_equals(places: Sequence[float], difference: float) -> list[tuple[int, int]]:
    """The longest stretches of sorted `places` that lie within `difference`: first and last."""
    found: list[tuple[int, int]] = []
    for first, place in enumerate(places):
        last = max(n for n, other in enumerate(places) if other - place <= difference)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found
