"""Layouts that hold two optimizers as well as forty.

Lines: where too many would cross, each panel shows one group of the catalogue's families, with the
baseline, in front of all the others in grey; where even the groups are too many, the first ones
that the study names. Rows: one an optimizer, with its name beside it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nagbench.optimizers.spec import FAMILIES
from nagbench.rendering.legend import fitting, legend_below, legend_under
from nagbench.rendering.lookup import foremost
from nagbench.rendering.style import COLUMN, GREY, looks, plain

_TOGETHER = 7  # lines of one panel; the baseline and a group of six
_GROUPED = 28  # optimizers whose groups a page holds
_ABREAST = 3
_PAGE = 9.4  # inches
_NAME = 0.135  # inches of a row with a name of the usual size
_ROWS = 60  # of a page


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
    """All, if they are few; by family, the small families together and the baseline with each; of
    very many, the study's first."""
    if len(optimizers) <= _TOGETHER:
        return [optimizers]
    if len(optimizers) > _GROUPED:
        return [optimizers.head(_TOGETHER)]
    most = _TOGETHER - 1
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
    first, everybody = foremost(tables), tuple(optimizers["optimizer"])
    found = []
    for workload, label in (
        zip(first["workload"], first["label"], strict=True) if "workload" in drawn else [("", "")]
    ):
        own = drawn[drawn["workload"] == workload] if workload else drawn
        here = optimizers[optimizers["optimizer"].isin(own["optimizer"])]
        for front in groups(here, baseline):
            behind = tuple(
                name for name in here["optimizer"] if name not in set(front["optimizer"])
            )
            found.append(Cell(workload, plain(label), front, behind, everybody))
    return found


def panels(
    tables: Mapping[str, pd.DataFrame],
    drawn: Sequence[Cell],
    x: str,
    *y: str,
    height: float = 1.45,
) -> tuple[Figure, list[list[Axes]]]:
    """Axes for each cell, one for each word of `y`, under its workload's name.

    One legend serves all cells where all show the same; then the axes of a cell lie side by side.
    Else they lie on top of each other, with the cell's own legend under them.
    """
    optimizers, together = tables["optimizers"], not any(cell.behind for cell in drawn)
    beside = len(y) if together else 1
    stacked = len(y) // beside
    across = math.ceil(len(drawn) / math.ceil(len(drawn) / _ABREAST)) if beside == 1 else 1
    down = math.ceil(len(drawn) / across)
    wide = COLUMN * min(across * beside, 2)
    columns = 2 if across < _ABREAST else 1
    under = 0.0 if together else _entries(max(len(cell.front) for cell in drawn), columns)
    over = _entries(len(optimizers), fitting(list(optimizers["label"]), wide)) if together else 0.0
    figure, grid = plt.subplots(
        down * stacked,
        across * beside,
        figsize=(wide, min(down * (stacked * height + 0.35 + under) + over, _PAGE)),
        squeeze=False,
    )
    found = []
    for n, cell in enumerate(drawn):
        row, column = n // across * stacked, n % across * beside
        own = [grid[row + k // beside, column + k % beside] for k in range(len(y))]
        for axis, word in zip(own, y, strict=True):
            # Said once: on the left, on top, below.
            axis.set_ylabel(word if column == 0 or beside > 1 else "")
            axis.set_title(cell.label if axis is own[0] or beside > 1 else "")
            axis.set_xlabel(x if axis is own[-1] or beside > 1 else "")
        if not together:
            legend_under(own[-1], cell.front, looks(list(cell.names)), columns)
        found.append(own)
    for axis in set(grid.flat).difference(*found):
        axis.remove()
    if together:
        legend_below(figure, optimizers)
    return figure, found


def _entries(count: int, columns: int) -> float:
    """Inches of a legend."""
    return 0.1 + 0.135 * math.ceil(count / columns)


def rows(names: Sequence[Sequence[str]], *x: str, above: float = 0) -> tuple[Figure, np.ndarray]:
    """A block of rows for each list of names, the first on top; in each block axes for each word of
    `x`, and room for so many rows `above`.

    Blocks lie on top of each other; those of one column side by side where a page would not hold
    them.
    """
    heights = [max(len(block), 1) + 0.8 + above for block in names]
    beside = len(x) == 1 and len(names) > 1 and sum(heights) > _ROWS
    wide = len(x) > 1 or beside
    down, longest = (1, max(heights)) if beside else (len(names), sum(heights))
    total = min(_NAME * longest + 0.28 * down + 0.3, _PAGE)
    figure, grid = plt.subplots(
        down,
        len(names) if beside else len(x),
        figsize=((2 if wide else 1) * COLUMN, total),
        gridspec_kw={"height_ratios": [longest] if beside else heights},
        sharex="all" if beside else "col",
        squeeze=False,
    )
    axes = grid.T if beside else grid
    size = min(7.0, 0.8 * 72 * (total - 0.28 * down - 0.3) / longest)
    for place, (block, line) in enumerate(zip(names, axes, strict=True), start=1):
        for n, (axis, word) in enumerate(zip(line, x, strict=True)):
            axis.set_ylim(max(len(block), 1) - 0.4, -0.6 - above)
            axis.set_yticks(range(len(block)), map(plain, block) if n == 0 else [], fontsize=size)
            axis.tick_params(axis="y", length=0)
            axis.spines["left"].set_visible(False)
            if beside or place == len(names):
                axis.set_xlabel(word, **({"loc": "right"} if beside else {}))
    return figure, axes


def runs_of_equals(places: Sequence[float], difference: float) -> list[tuple[int, int]]:
    """The longest stretches of sorted `places` that lie within `difference`: first and last."""
    found: list[tuple[int, int]] = []
    for first, place in enumerate(places):
        last = max(n for n, other in enumerate(places) if other - place <= difference)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found
