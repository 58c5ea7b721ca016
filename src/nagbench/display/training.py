"""What `nagbench train` shows while it trains."""

import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self, TextIO

from nagbench.display.lines import Seldom, study_line, unit_line
from nagbench.display.screen import Screen, terminal
from nagbench.display.study import StudyState

if TYPE_CHECKING:
    from rich.console import Console, Group

    from nagbench.runner.progress import Progress


class TrainingDisplay:
    """Bars of the study and of the unit that trains on a terminal, lines elsewhere; a context
    manager. The units are added to its `state` first."""

    def __init__(
        self,
        study: str,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        console: "Console | None" = None,
    ) -> None:
        stream = stream or sys.stdout
        self.state = StudyState(study, clock)
        self.screen = Screen(stream, self._picture, console or terminal(stream))
        self._lines, self._lock = Seldom(), threading.Lock()
        self._told: int | None = None  # the epochs that the last line named

    def __enter__(self) -> Self:
        self.screen.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.screen.end()

    def begin(self, name: str) -> None:
        """A unit begins."""
        with self._lock:
            self.state.begin(name)
        self._lines, self._told = Seldom(), None

    def report(self, name: str, progress: "Progress") -> None:
        """A unit is so far."""
        with self._lock:
            self.state.update(name, progress.done, progress.epochs, progress.running)
            line = unit_line(self.state, self.state.units[name])
        if self.screen.console is not None or progress.done == self._told:
            return
        if self._lines.due(self.state.clock()):
            kept = " are kept from before" if self._told is None and progress.done else ""
            self.screen.say(line + kept)
            self._told = progress.done

    def end(self, name: str) -> None:
        """A unit has its records."""
        with self._lock:
            unit = self.state.end(name)
            lines = [unit_line(self.state, unit)]
            ended, units = self.state.counts()
            if units > 1 and (ended == units or self.screen.console is None):
                lines.append(study_line(self.state))
        self.screen.say("\n".join(lines))

    def _picture(self, width: int) -> "Group":
        from nagbench.display.bars import picture, study_bars

        with self._lock:
            return picture(study_bars(self.state), width)
