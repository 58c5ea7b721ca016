"""Figures, drawn from result tables into files."""

import importlib
import math
import multiprocessing
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.rendering import style
from nagbench.rendering.figures import NAMES as FIGURES
from nagbench.rendering.legend import refit
from nagbench.rendering.lookup import Tables
from nagbench.study.wording import perhaps

_INCHES = (0.5, 40.0)
_POINTS = (4.0, 40.0)


def write_figures(
    outputs: Mapping[str, Sequence[Path]],
    tables: Tables,
    width: str | float | None = None,
    font_size: float | None = None,
    processes: int = 1,
) -> None:
    """`write_figure` for every name of `outputs`, with its files, some side by side."""
    write = partial(write_figure, tables=tables, width=width, font_size=font_size)
    if processes == 1:
        for name, files in outputs.items():
            write(name, outputs=files)
        return
    for name in outputs:
        check(name, width, font_size)
        _module(name)  # once, and not in each process
    # Elsewhere than on Linux a fork of a process that has drawn may crash.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        tasks = [pool.submit(write, name, outputs=files) for name, files in outputs.items()]
        for task in tasks:
            task.result()


def write_figure(
    name: str,
    tables: Tables,
    outputs: Sequence[Path],
    width: str | float | None = None,
    font_size: float | None = None,
) -> None:
    """Draw the figure into every file of `outputs`.

    Args:
        name: One of `FIGURES`.
        tables: The result tables.
        outputs: Files whose endings are among `style.FORMATS`.
        width, font_size: As `drawn` takes them.
    """
    check(name, width, font_size)
    for output in outputs:
        if output.suffix not in style.FORMATS:
            found = f"a figure as {output.suffix or 'no type'}"
            raise InputError(output, found, ", ".join(style.FORMATS))
        if output.suffix == ".pgf" and shutil.which("pdflatex") is None:
            found = "no pdflatex, by which the widths of texts are measured"
            raise InputError(output, found, "an installed TeX, or another format")
    style.use(font_size or style.FONT_SIZE)
    with _rendered(name, tables, width) as figure:
        for output in outputs:
            with atomic_path(output) as path:
                style.save(figure, path)


def drawn(
    name: str,
    tables: Tables,
    width: str | float | None = None,
    font_size: float | None = None,
    over: style.Style = (),
) -> Figure:
    """The figure, laid out; what matplotlib has in force stays as it is.

    Args:
        name: One of `FIGURES`.
        tables: The result tables.
        width: In inches, or a name in `style.WIDTHS`, in place of the figure's own; what is wider
            is higher too.
        font_size: Of the text, in points; numbers on axes and legends are a point smaller.
        over: A style of matplotlib's that is put over the project's.
    """
    check(name, width, font_size)
    with mpl.rc_context():
        style.put(font_size, over)
        with _rendered(name, tables, width) as figure:
            figure.draw_without_rendering()  # ticks are made now, in this style
            return style.Drawing.of(figure)


def check(name: str, width: str | float | None, font_size: float | None) -> None:
    """Refuse a figure that there is not, and sizes that cannot be."""
    if name not in FIGURES:
        raise InputError("figure", f"found {name!r}{perhaps(name, FIGURES)}", ", ".join(FIGURES))
    names = f" inches, or {' or '.join(style.WIDTHS)}"
    for option, asked, size, (least, most), unit in (
        ("--width", width, _inches(width), _INCHES, names),
        ("--font-size", font_size, font_size, _POINTS, " points"),
    ):
        if size is not None and not least <= size <= most:
            found = asked if isinstance(asked, str) else f"{asked:g}"
            raise InputError(option, f"found {found}", f"{least:g} to {most:g}{unit}")


def _inches(width: str | float | None) -> float | None:
    """A width as a number, which a text that is none makes NaN."""
    if width is None or not isinstance(width, str):
        return width
    try:
        return style.WIDTHS.get(width) or float(width)
    except ValueError:
        return math.nan


@contextmanager
def _rendered(name: str, tables: Tables, width: str | float | None) -> Iterator[Figure]:
    """The figure in the style in force, until it is laid out."""
    figure = _module(name).render(tables)
    own, height = figure.get_size_inches()
    wanted = _inches(width) or own
    # Words keep their size, so what is narrower needs its height; larger words need more.
    words = max(1.0, style.points(mpl.rcParams["axes.labelsize"]) / style.FONT_SIZE)
    if (wanted, words) != (own, 1.0):
        figure.set_size_inches(wanted, height * max(words, wanted / own))
        refit(figure, own)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "constrained_layout not applied")
            yield figure
    except UserWarning:
        found = "{:g} × {:g} inches are too few for ".format(*figure.get_size_inches())
        found += f"text of {mpl.rcParams['font.size']:g} points"
        raise InputError(f"figure {name}", found, "a larger width or a smaller font") from None
    finally:
        plt.close(figure)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"nagbench.rendering.figures.{name}")
