"""Figures, drawn from result tables into files."""

import importlib
import multiprocessing
import shutil
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from types import ModuleType

from matplotlib import pyplot as plt

from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.rendering import style
from nagbench.rendering.figures import NAMES as FIGURES
from nagbench.rendering.lookup import Tables
from nagbench.study.wording import perhaps


def write_figures(
    outputs: Mapping[str, Sequence[Path]],
    tables: Tables,
    width: float | None = None,
    font_size: float = style.FONT_SIZE,
    processes: int = 1,
) -> None:
    """`write_figure` for every name of `outputs`, with its files, some side by side."""
    write = partial(write_figure, tables=tables, width=width, font_size=font_size)
    if processes == 1:
        for name, files in outputs.items():
            write(name, outputs=files)
        return
    for name in outputs:
        _module(name)  # once, and not in each process
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, context) as pool:
        tasks = [pool.submit(write, name, outputs=files) for name, files in outputs.items()]
        for task in tasks:
            task.result()


def write_figure(
    name: str,
    tables: Tables,
    outputs: Sequence[Path],
    width: float | None = None,
    font_size: float = style.FONT_SIZE,
) -> None:
    """Draw the figure into every file of `outputs`.

    Args:
        name: One of `FIGURES`.
        tables: The result tables.
        outputs: Files whose endings are among `style.FORMATS`.
        width: In inches, in place of the figure's own; what is wider is higher too.
        font_size: Of the text, in points; numbers on axes and legends are a point smaller.
    """
    module = _module(name)
    for output in outputs:
        if output.suffix not in style.FORMATS:
            found = f"a figure as {output.suffix or 'no type'}"
            raise InputError(output, found, ", ".join(style.FORMATS))
        if output.suffix == ".pgf" and shutil.which("pdflatex") is None:
            found = "no pdflatex, by which the widths of texts are measured"
            raise InputError(output, found, "an installed TeX, or another format")
    style.use(font_size)
    figure = module.render(tables)
    if width is not None:
        own, height = figure.get_size_inches()
        # Words keep their size, so what is narrower needs its height.
        figure.set_size_inches(width, height * max(1.0, width / own))
    try:
        for output in outputs:
            with atomic_path(output) as path, warnings.catch_warnings():
                warnings.filterwarnings("error", "constrained_layout not applied")
                style.save(figure, path)
    except UserWarning:
        found = "{:g} × {:g} inches are too few for ".format(*figure.get_size_inches())
        found += f"text of {font_size:g} points"
        raise InputError(f"figure {name}", found, "a larger width or a smaller font") from None
    finally:
        plt.close(figure)


def _module(name: str) -> ModuleType:
    if name not in FIGURES:
        raise InputError("figure", f"found {name!r}{perhaps(name, FIGURES)}", ", ".join(FIGURES))
    return importlib.import_module(f"nagbench.rendering.figures.{name}")
