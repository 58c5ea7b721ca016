"""A stream that shows progress: redrawn at its end on a terminal, lines anywhere else."""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.live import Live

PERIOD = 0.5  # seconds between two pictures


def terminal(stream: TextIO, colours: bool = True) -> "Console | None":
    """The console of a stream on which lines can be redrawn; None of any other.

    None too where `TERM=dumb` or `CI` is set, or `rich` is missing. `NO_COLOR` leaves out colours.
    """
    try:
        if not stream.isatty() or os.environ.get("CI"):
            return None
        from rich.console import Console
    except (ImportError, ValueError):  # or closed
        return None
    plain = None if colours else True
    console = Console(file=stream, no_color=plain, highlight=False, markup=False, emoji=False)
    return console if console.is_interactive else None


class Screen:
    """Draws what `picture` makes of a width, while messages scroll above it."""

    def __init__(
        self,
        stream: TextIO,
        picture: "Callable[[int], Group]",
        console: "Console | None" = None,
    ) -> None:
        self.stream, self.console, self._picture = stream, console, picture
        self._live: Live | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """From now on the picture is drawn, twice a second."""
        if self.console is None or self._live is not None:
            return
        from rich.live import Live

        self._live = Live(
            console=self.console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=sys.stderr.isatty(),
        )
        self._live.start()
        self.draw()
        self._thread = threading.Thread(target=self._keep_drawing, daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """A message, as it is: no line is broken, nothing in it is taken for a command."""
        # The reader of a pipe may have gone; what is under way need not end for that.
        with suppress(OSError, ValueError):
            if self.console is not None:
                from rich.text import Text

                self.console.print(Text(text), soft_wrap=True)
            else:
                self.stream.write(f"{text}\n")
                self.stream.flush()

    def draw(self) -> None:
        """The picture as it is now."""
        if self._live is None or self.console is None:
            return
        self._live.update(self._picture(self.console.width), refresh=True)

    def end(self) -> None:
        """Take the picture away."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        if self._live is not None:
            with suppress(OSError, ValueError):
                self._live.stop()
            self._live = None

    def _keep_drawing(self) -> None:
        while not self._over.wait(PERIOD):
            with suppress(OSError, ValueError):
                self.draw()
