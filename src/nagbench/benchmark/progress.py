"""What a benchmark is doing, on the terminal, while it does it; and what others were doing."""

import os
import shutil
import sys

from nagbench.display.words import cut
from nagbench.runner.devices import cores

_IDLE = 0.25  # of the cores, which a machine's own chores may take


class Progress:
    """Tells what is under way: in one line that changes on a terminal, else in a line each."""

    def __init__(self) -> None:
        self._stream, self._last = sys.stderr, ""
        self._rewrites = self._stream.isatty()

    def __call__(self, doing: str) -> None:
        if self._rewrites:
            doing = cut(doing, shutil.get_terminal_size().columns - 1)
            print(f"\r{doing:<{len(self._last)}}", end="", file=self._stream, flush=True)
            self._last = doing
        elif doing.partition(",")[0] != self._last:  # a log is told of rounds, not of each turn
            self._last = doing.partition(",")[0]
            print(self._last, file=self._stream, flush=True)

    def done(self) -> None:
        """Clear the line, for what is printed next."""
        if self._rewrites:
            print(f"\r{'':<{len(self._last)}}\r", end="", file=self._stream, flush=True)
            self._last = ""


def load() -> float:
    """Processes that wanted a core in the last minute, the mean; a warning where they are many.

    Asked before anything is timed: beside others, times are too long and ratios uneven.
    """
    found, count = os.getloadavg()[0], cores()
    if found > _IDLE * count:
        print(
            f"WARNING: others use {found:.1f} of {count} cores: times beside them are no good",
            file=sys.stderr,
        )
    return found
