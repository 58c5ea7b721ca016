"""How far a unit is, in epochs: what was kept from before counts from the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nagbench.study.halving import Scores
from nagbench.study.unit import Run, Unit

Pair = tuple[int, int]  # a run's trial and seed


@dataclass(frozen=True)
class Progress:
    """How far a unit is.

    Attributes:
        done: Epochs that its runs have trained; never less than before.
        epochs: Epochs that they will have trained in the end, as far as is known now. It grows
            where tuning widens its space, and falls where a run breaks off.
        running: Runs that train now; 0 before any has begun.
    """

    done: int
    epochs: int
    running: int = 0


class Tracker:
    """Counts the epochs of a unit's runs while they train."""

    def __init__(self, unit: Unit, choice: Mapping[str, Any] | None) -> None:
        self._unit, self._choice = unit, choice
        self._expected: Mapping[Pair, int] = {}
        self._trained: dict[Pair, int] = {}
        self._broken: set[Pair] = set()
        self._running: set[Pair] = set()

    def expect(self, kept: Mapping[Pair, tuple[Run, Mapping[str, Any]]], scores: Scores) -> None:
        """Take what the store has, and what its scores say of the runs to come."""
        self._expected = self._unit.expected(scores, self._choice)
        self._running.clear()
        for pair, (run, outcome) in kept.items():
            epoch = int(max(outcome["curve_epoch"], default=0))
            self.train(pair, epoch, run.epochs, over=True)

    def train(self, pair: Pair, epoch: int, until: int, over: bool) -> None:
        """A run has trained so many epochs; if it is over before `until`, it broke off."""
        self._trained[pair] = max(epoch, self._trained.get(pair, 0))
        (self._running.discard if over else self._running.add)(pair)
        if over and epoch < until:
            self._broken.add(pair)

    def progress(self) -> Progress:
        """How far the unit is by now."""
        ends = {
            pair: self._trained[pair] if pair in self._broken else epochs
            for pair, epochs in self._expected.items()
        }
        return Progress(sum(self._trained.values()), sum(ends.values()), len(self._running))
