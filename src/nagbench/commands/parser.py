"""The command line's parser: commands by subject in its help, near misses in its errors."""

import argparse
import difflib
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import NoReturn

# Commands by what one wants with them, in the order in which one does.
SUBJECTS: Mapping[str, Sequence[str]] = {
    "prepare a study": (
        "data",
        "new-study",
        "plan",
        "power",
        "register",
        "optimizers",
        "schema",
    ),
    "train": ("train", "session", "choose", "collect", "records", "verify", "preflight", "bench"),
    "look at results": (
        "show",
        "explain",
        "explore",
        "compare",
        "shift",
        "judge",
        "export",
        "submit",
    ),
    "make the paper": ("statistics", "figure", "table", "numbers", "captions", "readme"),
    "test what verdicts rest on": ("theory", "calibrate", "cross-check"),
}
_WIDTH = 80
_INDENT = 15
_CHOICE = re.compile(r"argument (\S+): invalid choice: '(.*)' \(choose from (.*)\)", re.DOTALL)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line: what was found, what may be meant, what is allowed."""

    def error(self, message: str) -> NoReturn:
        if match := _CHOICE.fullmatch(message):
            place, found, allowed = match.groups()
            known = re.findall(r"'([^']*)'", allowed) or allowed.split(", ")
            near = difflib.get_close_matches(found, known, 1)
            meant = f" (is {near[0]} meant?)" if near else ""
            place = "a command" if place == "COMMAND" else place
            message = f"{place}: found {found!r}{meant}; allowed: {', '.join(known)}"
        self.exit(2, f"{self.prog}: {message}\n")


def listed(about: Mapping[str, str]) -> str:
    """The commands of a help text with what each is about, by subject."""
    lines = []
    for subject, names in SUBJECTS.items():
        lines += ["", f"to {subject}:"]
        for name in names:
            lines += textwrap.wrap(
                about[name],
                _WIDTH,
                initial_indent=f"  {name:{_INDENT - 2}}",
                subsequent_indent=" " * _INDENT,
            )
    return "\n".join(lines)
