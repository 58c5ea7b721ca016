"""The units of a study while they train: how far each is, how fast it trains, what time is left.

Time left is worked out from the speed of epochs measured since this process began, those of the
same workload and optimizer if there are any, else those of the workload. Before that it is None.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

_ENOUGH = 2  # epochs from which a speed is told


@dataclass
class UnitState:
    """A unit's epochs, and what was measured of them.

    Attributes:
        name, workload, optimizer: Names; `name` is stage/workload/optimizer.
        images: That a run trains on in an epoch; 0 if that is not known.
        done, epochs: Epochs trained, and in the end.
        runs: That train now, side by side.
        began: When the unit was begun; None before.
        ended: When it ended; None before, and for one that was complete from the start.
        complete: Whether nothing is left of it.
        first, last: When runs began to train, with the epochs done then; when an epoch ended last.
    """

    name: str
    workload: str
    optimizer: str
    images: int
    done: int
    epochs: int
    runs: int = 0
    began: float | None = None
    ended: float | None = None
    complete: bool = False
    first: tuple[float, int] | None = None
    last: float = 0.0

    def update(self, done: int, epochs: int, runs: int, now: float) -> None:
        """Take how far it is; epochs done never become fewer."""
        if self.first is None and runs:
            self.first, self.last = (now, max(done, self.done)), now
        if done > self.done:
            self.last = now
        self.done, self.epochs, self.runs = max(done, self.done), max(epochs, done, self.done), runs

    def measured(self) -> tuple[int, float]:
        """Epochs that were timed, and their seconds; none while they are too few to tell."""
        if self.first is None:
            return 0, 0.0
        began, kept = self.first
        epochs, seconds = self.done - kept, self.last - began
        return (epochs, seconds) if epochs >= max(_ENOUGH, self.runs) and seconds > 0 else (0, 0.0)

    def rate(self) -> float | None:
        """Epochs a second."""
        epochs, seconds = self.measured()
        return epochs / seconds if epochs else None

    def seconds_left(self, now: float, pace: float) -> float:
        """With `pace`, the seconds of an epoch; what has passed since the last one is taken off."""
        left = (self.epochs - self.done) * pace
        since = now - self.last if self.first else 0.0
        return max(left - since, left - pace, 0.0)


@dataclass(frozen=True)
class Left:
    """Seconds left; `whole` says whether the speed of all that is left was known."""

    seconds: float
    whole: bool


class StudyState:
    """All units of a study that are to be trained or are complete; see the module."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.clock, self.began = name, clock, clock()
        self.units: dict[str, UnitState] = {}

    def add(
        self, name: str, images: int, done: int, epochs: int, complete: bool = False
    ) -> UnitState:
        """Take a unit, stage/workload/optimizer."""
        _, workload, optimizer = name.split("/")
        done = epochs if complete else done
        self.units[name] = UnitState(
            name, workload, optimizer, images, done, epochs, complete=complete
        )
        return self.units[name]

    def begin(self, name: str) -> UnitState:
        """A unit begins, perhaps anew; one that was not added becomes known."""
        unit = self.units.get(name) or self.add(name, 0, 0, 0)
        unit.began, unit.ended, unit.complete, unit.first = self.clock(), None, False, None
        return unit

    def update(self, name: str, done: int, epochs: int, runs: int = 1) -> None:
        """A unit has trained so many epochs."""
        self.units[name].update(done, epochs, runs, self.clock())

    def end(self, name: str, complete: bool = True) -> UnitState:
        """A unit's training ends: complete, or for this time."""
        unit = self.units[name]
        unit.ended, unit.complete = self.clock(), complete
        unit.update(unit.epochs if complete else unit.done, unit.epochs, 0, unit.ended)
        return unit

    def running(self) -> list[UnitState]:
        """Units under way, the earliest first."""
        found = [u for u in self.units.values() if u.began is not None and u.ended is None]
        return sorted(found, key=lambda unit: unit.began or 0.0)

    def counts(self) -> tuple[int, int]:
        """Units that are complete, and all."""
        return sum(unit.complete for unit in self.units.values()), len(self.units)

    def epochs(self) -> tuple[int, int]:
        """Epochs trained, and in the end, as far as that is known."""
        units = self.units.values()
        return sum(unit.done for unit in units), sum(unit.epochs for unit in units)

    def images_a_second(self, unit: UnitState) -> float | None:
        """Of a unit, over all of its runs; None while that is not known."""
        rate = unit.rate()
        return rate * unit.images if rate and unit.images else None

    def all_images_a_second(self) -> float | None:
        """Of all units under way."""
        rates = [self.images_a_second(unit) for unit in self.running()]
        known = [rate for rate in rates if rate is not None]
        return sum(known) if known else None

    def left(self, unit: UnitState) -> float | None:
        """Seconds until a unit under way ends; None while that is not known."""
        pace = self._pace(unit)
        return None if pace is None else unit.seconds_left(self.clock(), pace)

    def left_of_all(self) -> Left | None:
        """Seconds until all units are complete, with as many at a time as train now."""
        times, whole = list[float](), True
        active = sum(unit.runs > 0 for unit in self.running())
        for unit in self.units.values():
            if unit.complete or unit.ended is not None:
                continue
            left = self.left(unit)
            if left is None:
                whole = False
            else:
                times.append(left)
        if not times:
            return None
        return Left(max(sum(times) / max(active, 1), *times), whole)

    def _pace(self, unit: UnitState) -> float | None:
        """Seconds of an epoch."""
        same = [
            [unit],
            [u for u in self._of(unit.workload) if u.optimizer == unit.optimizer],
            self._of(unit.workload),
        ]
        for units in same:
            timed = [one.measured() for one in units]
            epochs = sum(count for count, _ in timed)
            if epochs:
                return sum(seconds for _, seconds in timed) / epochs
        return None

    def _of(self, workload: str) -> list[UnitState]:
        return [unit for unit in self.units.values() if unit.workload == workload]
