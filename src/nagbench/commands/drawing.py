"""Commands that draw figures and write tables, for this project's paper or for another."""

import argparse
import importlib
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nagbench.commands.verbs import Verbs
from nagbench.errors import InputError

if TYPE_CHECKING:
    from nagbench.rendering.excerpt import Excerpt


def add(verbs: Verbs) -> None:
    for name, function, about, formats in (
        ("figure", _figure, "draw a figure from the result tables", "pdf, svg, png, pgf"),
        ("table", _table, "write a table from the result tables", "tex, csv, md"),
    ):
        added = verbs.add(name, function, about)
        added.add_argument("name", nargs="?", help=f"which; without it, every {name} is listed")
        place = added.add_mutually_exclusive_group()
        place.add_argument(
            "--study", help="whose tables the workflow made: results/STUDY/statistics"
        )
        place.add_argument("--statistics", type=Path, help="folder of the result tables")
        files = added.add_mutually_exclusive_group()
        files.add_argument("--output", type=Path, nargs="+", help="files to write")
        files.add_argument("--format", help=f"as NAME.FORMAT here, of {formats}; several by commas")
        added.add_argument("--optimizers", default="", help="these alone, by commas, in this order")
        added.add_argument("--workloads", default="", help="these alone, by commas")
        added.add_argument(
            "--label", action="append", default=[], metavar="NAME=TEXT", help="what it is called"
        )
        if name == "figure":
            added.add_argument(
                "--width",
                help="inches, or single or double, of a paper's columns; wider ones are higher too",
            )
            added.add_argument("--font-size", type=float, help="points (default: 8)")


def _figure(options: argparse.Namespace) -> None:
    from nagbench.rendering.figure_files import write_figure
    from nagbench.rendering.figures import NAMES

    if options.name is None:
        modules = (importlib.import_module(f"nagbench.rendering.figures.{one}") for one in NAMES)
        _list(NAMES, [module.__doc__ or "" for module in modules])
        return
    tables, outputs = _tables(options), _outputs(options, "pdf")
    write_figure(options.name, tables, outputs, options.width, options.font_size)


def _table(options: argparse.Namespace) -> None:
    from nagbench.rendering.table_files import TABLES, write_table

    if options.name is None:
        _list(list(TABLES), [function.__doc__ or "" for function in TABLES.values()])
        return
    write_table(options.name, _tables(options), _outputs(options, "tex"))


def _list(names: Sequence[str], texts: Sequence[str]) -> None:
    for name, text in zip(names, texts, strict=True):
        about = text.strip().splitlines()[0].rstrip(".")
        print(textwrap.fill(f"{name:18} {about}", 80, subsequent_indent=" " * 19))


def _outputs(options: argparse.Namespace, usual: str) -> list[Path]:
    return options.output or [
        Path(f"{options.name}.{kind}") for kind in _names(options.format or usual)
    ]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _tables(options: argparse.Namespace) -> "Excerpt":
    """The result tables that are named, or the only ones that are here."""
    from nagbench.rendering.excerpt import Excerpt
    from nagbench.rendering.result_tables import ResultTables

    folder: Path | None = options.statistics
    if options.study is not None:
        folder = Path("results", Path(options.study).stem, "statistics")
    if folder is None:
        there = sorted(Path("results").glob("*/statistics"))
        if len(there) != 1:
            found = ", ".join(path.parts[1] for path in there) or "no result tables in results/"
            raise InputError("--study", f"missing; here: {found}", "a study, or --statistics")
        (folder,) = there
    labels = {}
    for entry in options.label:
        name, equals, text = entry.partition("=")
        if not equals:
            raise InputError("--label", f"found {entry!r}", "NAME=TEXT, as nag=NAG")
        labels[name] = text
    wanted = _names(options.optimizers), _names(options.workloads)
    return Excerpt(ResultTables(folder), *wanted, labels)
