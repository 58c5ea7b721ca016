"""The command line: `nagbench VERB …`, called by the workflow's rules and by hand."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from nagbench.commands import (
    comparing,
    drawing,
    exploring,
    judging,
    planning,
    registering,
    results,
    sessions,
    submitting,
    training,
    validating,
)
from nagbench.commands.parser import Parser, listed
from nagbench.commands.verbs import Verbs
from nagbench.display.words import harmless
from nagbench.errors import InputError
from nagbench.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; bad input ends it with one message and status 2."""
    options = parser().parse_args(arguments)
    verb: Callable[[argparse.Namespace], int | None] = options.verb
    try:
        status = verb(options) or 0
        sys.stdout.flush()
        return status
    except InputError as error:
        print(f"nagbench {options.command}: {harmless(str(error))}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        if error.filename is None:
            raise
        wrong = InputError(error.filename, str(error.strerror), "a file or folder that is there")
        print(f"nagbench {options.command}: {harmless(str(wrong))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"nagbench {options.command}: interrupted; finished runs are kept", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """All verbs with their arguments."""
    made = Parser(
        prog="nagbench",
        description="Optimizers of the Nesterov family and their rivals, compared so that a\n"
        "verdict can be believed.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"nagbench {__version__}")
    verbs = Verbs(made)
    parts = (
        *(training, sessions, results, drawing, exploring, comparing, judging, submitting),
        *(validating, planning, registering),
    )
    for module in parts:
        module.add(verbs)
    made.epilog = f"{listed(verbs.about)}\n\nnagbench COMMAND --help says more of each."
    return made
