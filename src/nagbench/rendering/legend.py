"""What stands below a figure: a legend, where lines have no ends to name, or a note."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nagbench.rendering.looks import looks
from nagbench.rendering.style import inches, plain, points, wrapped

_MOST = 6  # columns
_HANDLE = 4.6  # of an entry besides its name, in sizes of the font
_LINE = 1.4  # height of a line, in the same
_MARGIN = 0.04  # inches on either side of a note


def legend_below(figure: Figure, optimizers: pd.DataFrame, columns: int | None = None) -> None:
    """Under the figure: the optimizers of the table, in its order."""
    style, labels = looks(optimizers["optimizer"]), list(optimizers["label"])
    entries = [Line2D([], [], **style[name].line()) for name in optimizers["optimizer"]]
    _below(
        figure,
        entries,
        [plain(label) for label in labels],
        columns or fitting(labels, figure.get_figwidth()),
    )


def note_below(figure: Figure, sentences: Sequence[str]) -> None:
    """Under the figure, which grows by its lines: what is not drawn, if there is such."""
    if sentences:
        text = _note(figure, plain(" ".join(sentences)))
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + _high(len(text)))


def by_count(title: str, counts: Mapping[str, str]) -> str:
    """A sentence: `title`, and the names of `counts` with theirs, which is said once if all have
    the same; empty if there is none."""
    if len(set(counts.values())) == 1:
        return f"{title} ({next(iter(counts.values()))}): {'; '.join(counts)}."
    parts = "; ".join(f"{name} {count}" for name, count in counts.items())
    return f"{title}: {parts}." if parts else ""


def refit(figure: Figure, before: float) -> None:
    """Give the legend below a figure, which was so many inches wide `before`, the columns that it
    has room for now, the note its lines, and the figure the height of these."""
    if found := figure.get_supxlabel():
        grown = len(_note(figure, " ".join(found.split()))) - found.count("\n") - 1
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + _high(grown))
    for legend in list(figure.legends):
        labels = [text.get_text() for text in legend.get_texts()]
        width, height = figure.get_size_inches()
        was, now = (math.ceil(len(labels) / fitting(labels, one)) for one in (before, width))
        figure.set_size_inches(width, height + _high(now - was))
        legend.remove()
        _below(figure, legend.legend_handles, labels, fitting(labels, width))


def _below(figure: Figure, entries: Sequence[Any], labels: list[str], columns: int) -> None:
    figure.legend(entries, labels, loc="outside lower center", ncols=columns, columnspacing=1.2)


def _note(figure: Figure, text: str) -> list[str]:
    """The lines of the note that the figure has from now on."""
    size, width = points(rcParams["legend.fontsize"]), figure.get_figwidth()
    lines = wrapped(text, width - 2 * _MARGIN, size)
    figure.supxlabel("\n".join(lines), x=_MARGIN / width, ha="left", size=size, linespacing=1.1)
    return lines


def _high(lines: int) -> float:
    """Inches of lines of a legend or a note."""
    return lines * _LINE * points(rcParams["legend.fontsize"]) / 72


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
