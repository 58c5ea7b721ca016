"""A session runs parts, each a process, in a time that is over when it is over.

Every minute, at a signal, after each part and at the end all that was reached is saved.
"""

import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import nagbench
from nagbench.errors import InputError
from nagbench.session.archives import Archives

_POLL = 0.5  # seconds between two looks at whether to save or to end


@dataclass(frozen=True)
class Times:
    """Seconds.

    Attributes:
        tests: What tests may take.
        checks: What tests and bench may take together.
        training: What must be left for training at least.
        end: Before the end, when training is to have stopped by itself; half of it later it is
            ended, and the rest is for saving.
        between: From one save to the next.
        grace: For a part that was asked to end.
    """

    tests: float = 75
    checks: float = 115
    training: float = 60
    end: float = 30
    between: float = 60
    grace: float = 8


@dataclass(frozen=True)
class Ended:
    """How a part ended: its exit status, None where its time was up, and its seconds."""

    part: str
    status: int | None
    seconds: float


class Session:
    """Runs parts one after the other until the end, and saves.

    Attributes:
        times: What may take how long.
        ended: The parts that have run.
        signalled: Whether it was asked to end.
    """

    def __init__(self, archives: Archives, printed: Path, minutes: float, times: Times) -> None:
        self._archives, self._printed, self.times = archives, printed, times
        self.began = time.monotonic()
        self.end = self.began + 60 * minutes
        self.ended: list[Ended] = []
        self._saved = self.began
        self.signalled = False

    @property
    def number(self) -> int:
        """Of the sessions of this campaign."""
        return self._archives.session

    def left(self) -> float:
        """Seconds to the end."""
        return self.end - time.monotonic()

    def listen(self) -> None:
        """Take a signal as a wish to save all and end; the part that runs is asked to end, too."""

        def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            self.signalled = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask)

    def run(self, part: str, command: Sequence[str], seconds: float) -> int | None:
        """Run a part for so long at most; its status. What it prints is kept."""
        if self.signalled:
            return None
        began = time.monotonic()
        path = self._printed / f"{self.number:04}-{part}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as printed:
            # A group of its own, so that nothing that it started outlives it.
            process = subprocess.Popen(
                command,
                stdout=printed,
                stderr=subprocess.STDOUT,
                env=environment(),
                process_group=0,
            )
            try:
                self._wait(process, began + seconds)
            finally:
                _send(process, signal.SIGKILL)
                status = process.wait()
        found = None if status == -signal.SIGKILL else status
        self.ended.append(Ended(part, found, time.monotonic() - began))
        self.save()
        return found

    def _wait(self, process: subprocess.Popen[bytes], end: float) -> None:
        """Until the part has ended; at `end`, or at a signal, it is asked to."""
        asked = False
        while True:
            if self.signalled and not asked:
                _send(process, signal.SIGTERM)
                self.save()  # at once: who asks may not wait
                asked, end = True, min(end, time.monotonic() + self.times.grace)
            now = time.monotonic()
            if now >= end:
                if asked:
                    return
                _send(process, signal.SIGTERM)
                asked, end = True, now + self.times.grace
            if now - self._saved >= self.times.between:
                self.save()
            try:
                process.wait(min(_POLL, max(0.0, end - now)))
            except subprocess.TimeoutExpired:
                continue
            return

    def save(self) -> None:
        """Bring the archives up to date."""
        self._archives.save()
        self._saved = time.monotonic()


def _send(process: subprocess.Popen[bytes], number: int) -> None:
    """To the process and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def environment() -> dict[str, str]:
    """That of this process, in which this package is found first, and carried libraries too."""
    folder = os.fspath(Path(nagbench.__file__).resolve().parents[1])
    paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def check_minutes(minutes: float, checks: bool, times: Times) -> None:
    """Refuse a session that would have no time to train."""
    least = (checks * times.checks + times.training + times.end) / 60
    if not minutes >= least:
        raise InputError(
            "--minutes", f"found {minutes:g}", f"{math.ceil(10 * least) / 10:g} or more"
        )


def python(*words: str) -> list[str]:
    """A command of this Python."""
    return [sys.executable, "-m", *words]
