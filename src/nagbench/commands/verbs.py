"""How a command is added to the parser, and the arguments that several share."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nagbench.runner.devices import DEVICES

if TYPE_CHECKING:
    from nagbench.study.unit import Unit

Verb = Callable[[argparse.Namespace], int | None]


class Verbs:
    """The commands of a parser."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._added = parser.add_subparsers(
            dest="command", required=True, metavar="COMMAND", help=argparse.SUPPRESS
        )
        self.about: dict[str, str] = {}

    def add(
        self, name: str, function: Verb, about: str, runs_code: bool = False
    ) -> argparse.ArgumentParser:
        """A command; `runs_code` if it runs code that a study, a plan or an argument names."""
        warning = " It runs the code of the optimizers that are named, with your rights."
        told = f"{about[0].upper()}{about[1:]}.{warning if runs_code else ''}"
        added = self._added.add_parser(name, description=told)
        self.about[name] = about
        added.set_defaults(verb=function)
        return added


def study(added: argparse.ArgumentParser) -> None:
    added.add_argument("study", help="the name of a shipped study, or the path of a file")


def study_or_plan(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "study",
        help="the name of a shipped study, the path of a file, or a plan (.json) that "
        "`nagbench plan --output` wrote",
    )


def units_of(named: str) -> "list[Unit]":
    """The units of a study, or those that a plan lists; the latter needs no reader of studies."""
    if named.endswith(".json"):
        from nagbench.study.unit import read_plan

        return read_plan(Path(named))
    from nagbench.study.file import load_study
    from nagbench.study.plan import units

    return units(load_study(named))


def files(added: argparse.ArgumentParser, **options: str) -> None:
    for name, about in options.items():
        added.add_argument(f"--{name}", type=Path, required=True, help=about)


def device(added: argparse.ArgumentParser) -> None:
    added.add_argument("--device", choices=DEVICES, default="auto", help="default: auto")
