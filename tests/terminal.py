"""A command on a terminal of 80 columns: what its screen shows at any moment."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte

COLUMNS, LINES = 80, 24


class Terminal:
    """A command under a terminal of its own, in whose foreground it runs; a context manager.

    Attributes:
        screen: What is to be seen.
        bytes: All that was written.
        process: The command.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
    ) -> None:
        self.screen = pyte.HistoryScreen(COLUMNS, LINES, history=1000, ratio=1)
        self._stream, self.bytes = pyte.ByteStream(self.screen), b""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        words = {k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR", "COLUMNS")}
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
            env={**words, "TERM": "xterm-256color", **environment},
        )  # fmt: skip
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    def until(self, holds: Callable[[str], object], seconds: float = 300) -> str:
        """Read until something holds of the text on the screen; that text."""
        end = time.monotonic() + seconds
        while not holds(self.text()):
            assert time.monotonic() < end, f"not within {seconds:g} s:\n{self.text()}"
            assert self._read(), f"it ended before:\n{self.text()}"
        return self.text()

    def rest(self) -> int:
        """Read to the end; the command's status."""
        while self._read():
            pass
        return self.process.wait()

    def type(self, keys: bytes) -> None:
        """As if typed: `\\x03` is Ctrl-C."""
        os.write(self._ours, keys)

    def text(self) -> str:
        """What is to be seen, and what has scrolled away, without what the lines end in."""
        gone = ["".join(line[x].data for x in range(COLUMNS)) for line in self.screen.history.top]
        return "\n".join(line.rstrip() for line in [*gone, *self.screen.display]).rstrip()

    def _read(self) -> bool:
        """Take what has come within a moment; False after the end."""
        ready, _, _ = select.select([self._ours], [], [], 0.1)
        if not ready:
            return True
        try:
            more = os.read(self._ours, 65536)
        except OSError:  # the other end is closed
            return False
        self.bytes += more
        self._stream.feed(more)
        return bool(more)
