"""From result tables to figures, tables, numbers and captions: pure functions, then files."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.rendering.figures import NAMES as FIGURES
from nagbench.rendering.tables import TABLES


class ResultTables(Mapping[str, pd.DataFrame]):
    """The result tables of a folder, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> pd.DataFrame:
        path = self.folder / f"{name}.parquet"
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            found = f"not readable ({str(error).splitlines()[0]})"
            raise InputError(path, found, "what `nagbench statistics` wrote") from None

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(sorted(path.stem for path in self.folder.glob("*.parquet")))

    def __len__(self) -> int:
        return len(list(iter(self)))


def write_figure(name: str, folder: Path, outputs: Sequence[Path]) -> None:
    """Draw the figure into every file of `outputs` (PDF or PNG)."""
    if name not in FIGURES:
        raise InputError("figure", f"found {name!r}", ", ".join(FIGURES))
    for output in outputs:
        if output.suffix not in (".pdf", ".png"):
            raise InputError(output, f"a figure as {output.suffix or 'no type'}", ".pdf or .png")
    from matplotlib import pyplot as plt

    from nagbench.rendering import style

    style.use()
    module = importlib.import_module(f"nagbench.rendering.figures.{name}")
    figure = module.render(ResultTables(folder))
    for output in outputs:
        with atomic_path(output) as path:
            style.save(figure, path)
    plt.close(figure)


def write_table(name: str, folder: Path, outputs: Sequence[Path]) -> None:
    """Write the table into every file of `outputs` (.tex, .csv or .md)."""
    if name not in TABLES:
        raise InputError("table", f"found {name!r}", ", ".join(TABLES))
    table = TABLES[name](ResultTables(folder))
    for output in outputs:
        if output.suffix not in table.formats:
            found = f"a table as {output.suffix or 'no type'}"
            raise InputError(output, found, ", ".join(table.formats))
        with atomic_path(output) as path:
            path.write_text(table.formats[output.suffix](), encoding="utf-8")


def write_numbers(folder: Path, output: Path) -> None:
    """Write every number that the paper may quote."""
    from nagbench.rendering.numbers import numbers

    lines = [
        f"\\setresult{{{key}}}{{{value}}}\n"
        for key, value in sorted(numbers(ResultTables(folder)).items())
    ]
    with atomic_path(output) as path:
        path.write_text("".join(lines), encoding="utf-8")


def write_captions(folder: Path, report: Path, output: Path) -> None:
    """Write the captions for the paper: the report's own words, with the study's facts added."""
    from nagbench.rendering.captions import captions

    lines = [
        f"\\setcaption{{{name}}}{{{text}}}\n"
        for name, text in captions(ResultTables(folder), report).items()
    ]
    with atomic_path(output) as path:
        path.write_text("".join(lines), encoding="utf-8")
