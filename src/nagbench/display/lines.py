"""Progress as lines, for files and pipes: what a job's log says, and how it is read again."""

import re

from nagbench.display.study import StudyState, UnitState
from nagbench.display.words import clock, count

WIDTH = 80
_SAID = re.compile(r"^(\S+/\S+/\S+): (\d+) of (\d+) epochs\b")


class Seldom:
    """Says when another line is due: the first at once, then the more seldom the longer it goes on.

    So a log of hours has some hundred lines, and what it says last is never older than a twentieth
    of the time that has passed.
    """

    def __init__(self, least: float = 2.0, share: float = 0.05) -> None:
        self._least, self._share = least, share
        self._began: float | None = None
        self._last = 0.0

    def due(self, now: float) -> bool:
        if self._began is None:
            self._began = now
        elif now - self._last < max(self._least, self._share * (now - self._began)):
            return False
        self._last = now
        return True


def unit_line(state: StudyState, unit: UnitState) -> str:
    """`tune/cnn/nag: 41 of 64 epochs, 820 images/s, 0:11 left`."""
    parts = [f"{unit.name}: {unit.done} of {unit.epochs} epochs"]
    if unit.complete and unit.began is not None:
        parts.append(f"done in {clock(state.clock() - unit.began)}")
        return ", ".join(parts)
    rate, left = state.images_a_second(unit), state.left(unit)
    if rate is not None:
        parts.append(f"{rate:,.0f} images/s")
    if left is not None and unit.done < unit.epochs:
        parts.append(f"{clock(left)} left")
    return ", ".join(parts)


def study_line(state: StudyState) -> str:
    """`demo: 7 of 13 units, 412 of 930 epochs, ~4:05 left`."""
    units, epochs = state.counts(), state.epochs()
    parts = [f"{state.name}: {units[0]} of {count(units[1], 'unit')}"]
    parts.append(f"{epochs[0]} of {epochs[1]} epochs")
    if units[0] < units[1] and (said := left_of_all(state)):
        parts.append(f"{said} left")
    return ", ".join(parts)


def left_of_all(state: StudyState) -> str:
    """`~4:05`; `>4:05` where the speed of some units is not known yet; empty where none is."""
    left = state.left_of_all()
    return f"{'~' if left.whole else '>'}{clock(left.seconds)}" if left else ""


def read_unit_line(line: str) -> tuple[str, int, int] | None:
    """The name, the epochs done and those in the end that `unit_line` wrote."""
    found = _SAID.match(line)
    return (found[1], int(found[2]), int(found[3])) if found else None
