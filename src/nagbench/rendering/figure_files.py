"""A figure, drawn from result tables into files."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from matplotlib import pyplot as plt

from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.rendering import style
from nagbench.rendering.figures import NAMES as FIGURES
from nagbench.rendering.result_tables import ResultTables


def write_figure(name: str, folder: Path, outputs: Sequence[Path]) -> None:
    """Draw the figure into every file of `outputs` (PDF or PNG)."""
    if name not in FIGURES:
        raise InputError("figure", f"found {name!r}", ", ".join(FIGURES))
    for output in outputs:
        if output.suffix not in (".pdf", ".png"):
            raise InputError(output, f"a figure as {output.suffix or 'no type'}", ".pdf or .png")
    style.use()
    module = importlib.import_module(f"nagbench.rendering.figures.{name}")
    figure = module.render(ResultTables(folder))
    for output in outputs:
        with atomic_path(output) as path:
            style.save(figure, path)
    plt.close(figure)
