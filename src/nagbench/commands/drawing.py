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

_PROCESSES = (1, 64)


def add(verbs: Verbs) -> None:
    for name, function, about, formats in (
        ("figure", _figure, "draw a figure from the result tables", "pdf, svg, png, pgf"),
        ("table", _table, "write a table from the result tables", "tex, csv, md"),
    ):
        added = verbs.add(name, function, about)
        added.add_argument(
            "names", nargs="*", metavar="NAME", help=f"which; without it, every {name} is listed"
        )
        place = added.add_mutually_exclusive_group()
        place.add_argument(
            "--study", help="whose tables the workflow made: results/STUDY/statistics"
        )
        place.add_argument("--statistics", type=Path, help="folder of the result tables")
        files = added.add_mutually_exclusive_group()
        files.add_argument("--output", type=Path, nargs="+", help=f"files to write of one {name}")
        files.add_argument("--format", help=f"as NAME.FORMAT, of {formats}; several by commas")
        added.add_argument(
            "--folder", type=Path, default=Path(), help="for NAME.FORMAT (default: this one)"
        )
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
            added.add_argument("--processes", type=int, default=1, help="that draw (default: 1)")


def _figure(options: argparse.Namespace) -> None:
    from nagbench.rendering.figure_files import write_figures
    from nagbench.rendering.figures import NAMES

    if not options.names:
        modules = (importlib.import_module(f"nagbench.rendering.figures.{one}") for one in NAMES)
        _list(NAMES, [module.__doc__ or "" for module in modules])
        return
    if not _PROCESSES[0] <= options.processes <= _PROCESSES[1]:
        found = f"found {options.processes}"
        raise InputError("--processes", found, "{} to {}".format(*_PROCESSES))
    outputs, tables = _outputs(options, "pdf"), _tables(options)
    write_figures(outputs, tables, options.width, options.font_size, options.processes)


def _table(options: argparse.Namespace) -> None:
    from nagbench.rendering.table_files import TABLES, write_table

    if not options.names:
        _list(list(TABLES), [function.__doc__ or "" for function in TABLES.values()])
        return
    outputs, tables = _outputs(options, "tex"), _tables(options)
    for name, files in outputs.items():
        write_table(name, tables, files)


def _list(names: Sequence[str], texts: Sequence[str]) -> None:
    for name, text in zip(names, texts, strict=True):
        about = text.strip().splitlines()[0].rstrip(".")
        print(textwrap.fill(f"{name:18} {about}", 80, subsequent_indent=" " * 19))


def _outputs(options: argparse.Namespace, usual: str) -> dict[str, list[Path]]:
    """The files to write of each figure or table that is named."""
    names: list[str] = options.names
    if options.output:
        if len(names) > 1:
            raise InputError("--output", f"found {len(names)} names", "one; --folder and --format")
        return {names[0]: options.output}
    kinds = _names(options.format or usual)
    return {name: [options.folder / f"{name}.{kind}" for kind in kinds] for name in names}


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
