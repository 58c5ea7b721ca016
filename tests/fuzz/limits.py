"""What a case of damaged input may take and leave: one message, little time, little memory."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from nagbench.errors import InputError

SECONDS = 5  # of a processor
MEMORY = 300  # MiB that a case may add to what the process holds


@dataclass
class Tally:
    """What the cases of a test did.

    Attributes:
        cases, refused: How many ended well, and of these with a message.
    """

    cases: int = 0
    refused: int = 0


tally = Tally()


def cases(few: int, kind: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Marks a test of the fuzz suite: `few` cases of that kind of input, always the same;
    NAGBENCH_FUZZ new ones."""
    asked = os.environ.get("NAGBENCH_FUZZ")

    def marked(test: Callable[..., None]) -> Callable[..., None]:
        chosen = settings(
            max_examples=int(asked or few),
            deadline=None,
            derandomize=asked is None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        )
        # Of a case that fails every byte is shown, which may be many.
        whole = pytest.mark.filterwarnings("ignore:Generating overly large repr")
        return pytest.mark.fuzz(kind)(whole(chosen(test)))

    return marked


def refusal(read: Callable[[], object]) -> str:
    """What the reader refuses, in its words; empty if it takes what it read.

    All else that it could do fails: another error, no end within `SECONDS`, or `MEMORY`.
    """
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before, wrong = _held("VmRSS"), None
    with _alarm():
        try:
            read()
        except InputError as error:
            wrong = error
    assert _held("VmHWM") - before < MEMORY, "it took too much memory"
    tally.cases += 1
    if wrong is None:
        return ""
    tally.refused += 1
    assert all(word.strip() for word in (wrong.place, wrong.found, wrong.allowed))
    return str(wrong)


def _held(name: str) -> float:
    """MiB that the process holds, VmRSS, or held since its peak began anew, VmHWM."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{name}:")[2].split()[0]) / 1024


@contextmanager
def _alarm() -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"no end within {SECONDS} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
