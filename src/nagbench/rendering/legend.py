"""Legends: every optimizer's colour, marker and name."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from nagbench.rendering.style import Look, inches, looks, plain, points

_MOST = 6  # columns
_HANDLE = 4.6  # of an entry besides its name, in sizes of the font
_LINE = 1.4  # height of a line, in the same


def legend_below(figure: Figure, optimizers: pd.DataFrame, columns: int | None = None) -> None:
    """Under the figure: the study's optimizers in their order."""
    entries = handles(optimizers, looks(list(optimizers["optimizer"])))
    labels = list(optimizers["label"])
    _below(
        figure,
        entries,
        [plain(label) for label in labels],
        columns or fitting(labels, figure.get_figwidth()),
    )


def refit(figure: Figure, before: float) -> None:
    """Give the legend below a figure, which was so many inches wide `before`, the columns that it
    has room for now, and the figure the height of its lines."""
    for legend in list(figure.legends):
        labels = [text.get_text() for text in legend.get_texts()]
        width, height = figure.get_size_inches()
        was, now = (math.ceil(len(labels) / fitting(labels, one)) for one in (before, width))
        figure.set_size_inches(
            width, height + (now - was) * _LINE * points(rcParams["legend.fontsize"]) / 72
        )
        legend.remove()
        _below(figure, legend.legend_handles, labels, fitting(labels, width))


def _below(figure: Figure, entries: Sequence[Any], labels: list[str], columns: int) -> None:
    figure.legend(entries, labels, loc="outside lower center", ncols=columns, columnspacing=1.2)


def legend_under(
    axis: Axes, optimizers: pd.DataFrame, style: dict[str, Look], columns: int
) -> None:
    """Under one panel: those that it shows."""
    figure = axis.get_figure(root=True)
    assert figure is not None
    down = ScaledTranslation(0, -0.4, figure.dpi_scale_trans)  # below the axis' own words
    axis.legend(
        handles=handles(optimizers, style),
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=axis.transAxes + down,
        borderaxespad=0,
        borderpad=0,
        ncols=columns,
    )


def handles(optimizers: pd.DataFrame, style: dict[str, Look]) -> list[Line2D]:
    """A line with its marker for each."""
    return [
        Line2D([], [], **style[row.optimizer].line(), label=plain(row.label))
        for row in optimizers.itertuples()
    ]


def fitting(labels: list[str], width: float) -> int:
    """The most columns, filled from above, that `width` inches hold."""
    size = points(rcParams["legend.fontsize"])
    long = [inches(label, size) for label in labels]
    for columns in range(min(len(labels), _MOST), 1, -1):
        deep, more = divmod(len(labels), columns)
        ends = [n * deep + min(n, more) for n in range(columns + 1)]
        names = sum(max(long[a:b]) for a, b in pairwise(ends))
        if names + _HANDLE * columns * size / 72 <= width:
            return columns
    return 1
