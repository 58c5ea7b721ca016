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
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nagbench.optimizers.spec import FAMILIES
from nagbench.rendering.looks import Look, looks
from nagbench.rendering.lookup import foremost
from nagbench.rendering.style import COLUMN, GREY, plain, points, wrapped

_TOGETHER = 7  # lines of one panel; the baseline and a group of six
_GROUPED = 28  # optimizers whose groups a page holds
_CELLS = 6  # of a page; the first workload has as many as it needs
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

    def lines(self) -> Iterator[tuple[str, dict[str, Any], bool]]:
        """Each optimizer, the keywords of its line, and whether it stands in front."""
        for name in self.behind:
            grey = {"color": GREY, "linewidth": 0.6, "marker": "", "linestyle": "-", "zorder": 1.5}
            yield name, grey, False
        for name, look in self.looks().items():
            yield name, look.line(), True

    def looks(self) -> dict[str, Look]:
        """Of the optimizers in front."""
        return looks(self.front["optimizer"])

    def labels(self) -> dict[str, str]:
        """What they are called."""
        return dict(zip(self.front["optimizer"], self.front["label"], strict=True))


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
    without workloads has one set of groups. Workloads without any have none, and so have those
    that a page would not hold."""
    optimizers, baseline = tables["optimizers"], str(tables["study"]["baseline"].iloc[0])
    first = foremost(tables, drawn) if "workload" in drawn else None
    places = [("", "")] if first is None else zip(first["workload"], first["label"], strict=True)
    found: list[Cell] = []
    for workload, label in places:
        own = drawn[drawn["workload"] == workload] if workload else drawn
        here = optimizers[optimizers["optimizer"].isin(own["optimizer"])]
        fronts = groups(here, baseline) if len(here) else []
        if found and len(found) + len(fronts) > _CELLS:
            break
        for front in fronts:
            behind = tuple(
                name for name in here["optimizer"] if name not in set(front["optimizer"])
            )
            found.append(Cell(workload, plain(label), front, behind))
    return found


def panels(drawn: Sequence[Cell], x: str, *y: str) -> tuple[Figure, list[list[Axes]]]:
    """Axes for each cell, one for each word of `y`, under its workload's name.

    Axes of one cell lie side by side; cells of one axes lie two abreast.
    """
    across = len(y) if len(y) > 1 else min(len(drawn), 2)
    down = math.ceil(len(drawn) * len(y) / across)
    high, size = 1.6 if down == 1 else 1.3, rcParams["axes.labelsize"]
    figure, grid = plt.subplots(
        down,
        across,
        figsize=(COLUMN * min(across, 2), min(down * high + 0.35, _PAGE)),
        squeeze=False,
    )
    found = []
    for n, cell in enumerate(drawn):
        own = list(grid.flat[n * len(y) : (n + 1) * len(y)])
        for k, (axis, word) in enumerate(zip(own, y, strict=True)):
            last = (n + 1) * len(y) + across > len(drawn) * len(y)  # nothing lies below
            axis.set_xlabel(x if last else "")
            if len(y) > 1 or n % across == 0:
                axis.set_ylabel("\n".join(wrapped(word, high - 0.3, points(size))))
            if k == 0:
                entitle(axis, cell.label)
        found.append(own)
    for axis in set(grid.flat).difference(*found):
        axis.remove()
    return figure, found


def entitle(axis: Axes, text: str) -> None:
    """The name of a panel, in lines that the space from its axis to the next panel's holds."""
    size = points(rcParams["axes.titlesize"])
    axis.set_title("\n".join(wrapped(text, COLUMN - 0.6, size)), loc="left")


def align(drawn: Sequence[Cell], axes: Sequence[Sequence[Axes]]) -> None:
    """Give panels of one workload and of one quantity the same limits."""
    for workload in dict.fromkeys(cell.workload for cell in drawn):
        own = [line for cell, line in zip(drawn, axes, strict=True) if cell.workload == workload]
        for column in zip(*own, strict=True):
            limits = np.array([axis.get_ylim() for axis in column])
            for axis in column:
                axis.set_ylim(limits[:, 0].min(), limits[:, 1].max())


def rows(names: Sequence[Sequence[str]], *x: str, above: float = 0) -> tuple[Figure, np.ndarray]:
    """A block of rows for each list of names, the first on top; in each block axes for each word of
    `x`, and room for so many rows `above`."""
    heights = [max(len(block), 1) + 0.8 + above for block in names]
    total = min(_NAME * sum(heights) + 0.28 * len(names) + 0.3, _PAGE)
    figure, axes = plt.subplots(
        len(names),
        len(x),
        figsize=((2 if len(x) > 1 else 1) * COLUMN, total),
        gridspec_kw={"height_ratios": heights},
        sharex="col",
        squeeze=False,
    )
    size = max(6.0, min(7.0, 0.8 * 72 * (total - 0.28 * len(names) - 0.3) / sum(heights)))
    for place, (block, line) in enumerate(zip(names, axes, strict=True), start=1):
        for n, (axis, word) in enumerate(zip(line, x, strict=True)):
            axis.set_ylim(max(len(block), 1) - 0.4, -0.6 - above)
            axis.set_yticks(range(len(block)), map(plain, block) if n == 0 else [], fontsize=size)
            axis.tick_params(axis="y", length=0)
            axis.spines["left"].set_visible(False)
            if place == len(names):
                axis.set_xlabel(word)
    return figure, axes


def heading(axis: Axes, text: str) -> None:
    """The name of a block of rows, from the figure's left edge on, as it may be wider than they."""
    size = points(rcParams["axes.titlesize"])
    lines = wrapped(text, COLUMN, size)
    axis.set_title("\n".join([" "] * len(lines)))  # which keeps room for the lines, at no width
    axis.annotate(
        "\n".join(map(plain, lines)),
        (0, 1),
        (2, rcParams["axes.titlepad"]),
        xycoords=("figure fraction", "axes fraction"),
        textcoords="offset points",
        annotation_clip=False,
        in_layout=False,
        size=size,
        va="bottom",
    )


def beyond(axis: Axes, place: int, text: str, look: Look, *, right: bool = True) -> None:
    """An arrow over the end of the axis in a row, and what lies there: outside on the right,
    inside on the left."""
    axis.annotate(
        text,
        (float(right), place),
        (12, 0),
        xycoords=axis.get_yaxis_transform(),
        textcoords="offset points",
        annotation_clip=False,
        size=points(rcParams["legend.fontsize"]),
        color=look.ink,
        va="center",
        arrowprops={
            "arrowstyle": "<|-" if right else "-|>", "mutation_scale": 5, "linewidth": 0.6,
            "color": look.colour, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5),
        },
    )  # fmt: skip


def aside(axis: Axes, place: float, text: str) -> None:
    """Words to the right of a row."""
    axis.annotate(
        text,
        (1, place),
        (6, 0),
        xycoords=axis.get_yaxis_transform(),
        textcoords="offset points",
        annotation_clip=False,
        size=points(rcParams["legend.fontsize"]),
        va="center",
    )


def fitting_blocks(blocks: Sequence[Any]) -> list[Any]:
    """The first blocks of rows, as many as a page holds on top of each other."""
    ends = np.cumsum([len(block) + 0.8 for block in blocks])
    return [block for n, block in enumerate(blocks) if n == 0 or ends[n] <= _ROWS]


def runs_of_equals(places: Sequence[float], difference: float) -> list[tuple[int, int]]:
    """The longest stretches of sorted `places` that lie within `difference`: first and last."""
    found: list[tuple[int, int]] = []
    for first, place in enumerate(places):
        last = max(n for n, other in enumerate(places) if other - place <= difference)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found
