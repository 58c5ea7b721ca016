"""Stopping between epochs: because time is up, or because the system asks for the machine."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):  # noqa: N818 - no error: what was reached is kept
    """Training stopped early; finished runs and a checkpoint of the current one are kept."""


class Stop:
    """Whether to stop at the end of the epoch: asked by a signal, or no time for another one."""

    def __init__(
        self,
        minutes: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        end: float | None = None,
        asked: Callable[[], bool] = lambda: False,
    ) -> None:
        """Time is up after `minutes`, or when the clock shows `end`."""
        self._clock = clock
        self.end = end if minutes is None else clock() + 60 * minutes
        self._signalled = False
        self._asked = asked

    def wanted(self, seconds_needed: float = 0.0) -> bool:
        """Whether to stop now, when going on would take `seconds_needed` at least."""
        if self._signalled or self._asked():
            return True
        return self.end is not None and self._clock() + seconds_needed > self.end

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as a wish to stop, not as an order to die at once."""

        def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            self._signalled = True

        before = {number: signal.signal(number, ask) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
