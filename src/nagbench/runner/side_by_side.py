"""Runs that train side by side, from their checkpoints on, with checkpoints between epochs."""

from collections.abc import Iterator, Mapping
from copy import deepcopy

import torch

from nagbench.engine.clock import now
from nagbench.engine.loop import train
from nagbench.engine.outcome import Outcome
from nagbench.engine.recipe import Recipe
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import Splits
from nagbench.runner.provenance import utc
from nagbench.runner.stop import Interrupted, Stop
from nagbench.runner.store import Store


class SideBySide:
    """A group of runs of one unit.

    Attributes:
        recipes: What to train, by key in the store.
        started: When each began, in UTC; one that goes on from a checkpoint began before.
        outcomes: What each had left after its last whole epoch.
        execution: How they were executed.
    """

    def __init__(self, recipes: Mapping[str, Recipe], store: Store, device: torch.device) -> None:
        self.recipes, self._device = recipes, device
        self._checkpoints = {key: store.checkpoint(key) for key in recipes}
        self._states = {key: kept.load(device) for key, kept in self._checkpoints.items()}
        self._keys = {recipe.id: key for key, recipe in recipes.items()}
        states = {key: state or {} for key, state in self._states.items()}
        self.started = {key: state.get("started", utc()) for key, state in states.items()}
        self.outcomes = {key: Outcome(**state.get("outcome", {})) for key, state in states.items()}
        self.execution = "eager"

    def key_of(self, run: LiveRun) -> str:
        """The run's key in the store."""
        return self._keys[run.recipe.id]

    def epochs(self, splits: Splits, stop: Stop) -> Iterator[list[LiveRun]]:
        """The runs after each epoch of the engine; `Interrupted` if it has to stop."""
        if stop.wanted():
            raise Interrupted
        began = now(self._device)
        recipes, states = list(self.recipes.values()), list(self._states.values())
        self._states = {}  # which the engine alone holds from here on
        for runs, execution in train(recipes, splits, self._device, states):
            self.execution = execution
            self.outcomes |= {self.key_of(run): deepcopy(run.outcome) for run in runs}
            yield runs
            live = [run for run in runs if not run.over]
            stopping = bool(live) and stop.wanted(now(self._device) - began)
            for run in live:
                key = self.key_of(run)
                if stopping or self._checkpoints[key].due():
                    self._checkpoints[key].save({**run.state(), "started": self.started[key]})
            if stopping:
                raise Interrupted
            began = now(self._device)
