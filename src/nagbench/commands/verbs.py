"""How a command is added to the parser, and the arguments that several share."""

import argparse
from collections.abc import Callable
from pathlib import Path

from nagbench.devices import DEVICES

Verb = Callable[[argparse.Namespace], int | None]


class Verbs:
    """The commands of a parser."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._added = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(self, name: str, function: Verb, about: str) -> argparse.ArgumentParser:
        added = self._added.add_parser(name, help=about, description=about)
        added.set_defaults(verb=function)
        return added


def study(added: argparse.ArgumentParser) -> None:
    added.add_argument("study", help="a study of workflow/studies, or the path of a file")


def files(added: argparse.ArgumentParser, **options: str) -> None:
    for name, about in options.items():
        added.add_argument(f"--{name}", type=Path, required=True, help=about)


def device(added: argparse.ArgumentParser) -> None:
    added.add_argument("--device", choices=DEVICES, default="auto", help="default: auto")
