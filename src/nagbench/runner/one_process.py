"""Trains runs on one device, in this process, into the store of finished runs."""

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import torch

from nagbench.data.images import ImageSet
from nagbench.engine import numerics
from nagbench.engine.clock import now
from nagbench.engine.loop import train
from nagbench.engine.outcome import Outcome
from nagbench.engine.recipe import Recipe, digest
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import Splits, place_splits
from nagbench.errors import InputError
from nagbench.runner.parallel_runs import measured_lanes
from nagbench.runner.provenance import environment, utc
from nagbench.runner.stop import Interrupted, Stop
from nagbench.runner.store import Store, part
from nagbench.sources import ENGINE, Snapshot, closure, code_digest, distributions

_MESSAGE = 300  # characters of an error's message that a record keeps
# A run's key, the epochs that it has trained, and whether it is over.
Report = Callable[[str, int, bool], None]


class Trainer(Protocol):
    """Puts the outcome of every run into a store; raises `Interrupted` if it has to stop."""

    def train(self, recipes: Mapping[str, Recipe], report: Report, epochs: int) -> None:
        """Train `recipes`, named by their keys in the store; they are those of one unit.

        A run whose recipe wants more than `epochs` is stopped there and kept as that part of it,
        beside a checkpoint from which it can go on.
        """


class OneProcess:
    """Trains `lanes` runs side by side on one device; as many as pay if that is None.

    An optimizer that raises, or ends its process by `sys.exit`, leaves a run that has failed, with
    the message; with `strict` the error goes on.
    """

    def __init__(
        self,
        images: ImageSet,
        store: Store,
        stop: Stop,
        device: str,
        code: Snapshot,
        lanes: int | None = 1,
        processes: int = 1,
        strict: bool = False,
    ) -> None:
        self._images, self._store, self._stop, self._code = images, store, stop, code
        self._device, self._lanes, self._processes = torch.device(device), lanes, processes
        self._strict = strict
        self._placed: tuple[object, Splits] | None = None

    def train(self, recipes: Mapping[str, Recipe], report: Report, epochs: int) -> None:
        one = next(iter(recipes.values()))
        files = closure([ENGINE, *one.modules()])
        self._code.add(files)
        self._code.check(files)
        numerics.establish(self._device)
        provenance = {
            **environment(str(self._device)),
            "precision": one.precision,
            "code": code_digest(one.modules()),
            "libraries": distributions(one.modules()),
            "data": self._images.digest,
            "processes": self._processes,
        }
        splits = self._splits(one)
        lanes = self._lanes or self._measured_lanes(list(recipes.values()), splits)
        pending = dict(recipes)

        def keep(key: str, group: "SideBySide", outcome: Outcome, message: str = "") -> None:
            self._code.check(files)
            row = record(outcome, message, group, key, provenance)
            if outcome.status == "stopped":
                self._store.put(part(key, epochs), row)
            else:
                self._store.put(key, row)
                self._store.checkpoint(key).remove()
            del pending[key]
            report(key, int(max(outcome.curve["epoch"], default=0)), True)

        for key, recipe in recipes.items() if epochs < one.epochs else ():
            alone = SideBySide({key: recipe}, self._store, self._device)
            if alone.trained(key) >= epochs:  # the part lies behind the checkpoint
                keep(key, alone, alone.outcomes[key].until(epochs))
        while pending:
            group = SideBySide(dict(list(pending.items())[:lanes]), self._store, self._device)
            error: BaseException | None = None
            for key in group.recipes:
                report(key, group.trained(key), False)
            try:
                for runs in group.epochs(splits, self._stop, epochs):
                    for run in runs:
                        if run.over:
                            keep(group.key_of(run), group, run.outcome)
                        else:
                            report(group.key_of(run), run.epoch, False)
            except (Interrupted, InputError, MemoryError):
                raise
            except (Exception, SystemExit, GeneratorExit) as raised:
                error = raised
            # Outside of the handler, which keeps the runs alive.
            if error is not None and len(group.recipes) > 1:
                lanes = len(group.recipes) // 2  # for memory, or until the one that fails is alone
                torch.cuda.empty_cache()
            elif isinstance(error, torch.OutOfMemoryError):
                found = "a single run does not fit into the device's memory"
                raise InputError(one.optimizer, found, "a smaller batch or a larger device")
            elif error is not None:
                if self._strict:
                    allowed = (
                        "an optimizer that trains; without --strict its run is recorded as failed"
                    )
                    raise InputError(f"optimizer {one.optimizer}", in_a_line(error), allowed)
                (key,) = group.recipes
                keep(key, group, replace(group.outcomes[key], status="failed"), in_a_line(error))

    def _splits(self, recipe: Recipe) -> Splits:
        """The data as the recipe wants them, kept until another one wants others."""
        wanted = (recipe.validation_size, recipe.train_size, recipe.precision, recipe.padding)
        if self._placed is None or self._placed[0] != wanted:
            self._placed = None  # before the next are placed, so that one set is held at a time
            self._placed = wanted, place_splits(self._images, recipe, self._device)
        return self._placed[1]

    def _measured_lanes(self, recipes: list[Recipe], splits: Splits) -> int:
        """As measured before on such a device, or measured now."""
        device = environment(str(self._device))
        words = {**recipes[0].definition(), "settings": {}, "seed": 0}
        key = digest(["lanes", words, device["device"], device["torch"]])
        kept = self._store.get(key)
        if kept is None:
            kept = {"lanes": measured_lanes(recipes, splits, self._device)}
            if kept["lanes"] < len(recipes):  # else more might have paid
                self._store.put(key, kept)
        return int(kept["lanes"])


class SideBySide:
    """A group of runs of one unit.

    Attributes:
        recipes: What to train, by key in the store.
        started: When each began, in UTC; one that goes on from a checkpoint began before.
        outcomes: What each had left after its last epoch.
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
        self.execution = next((state["execution"] for state in states.values() if state), "eager")

    def key_of(self, run: LiveRun) -> str:
        """The run's key in the store."""
        return self._keys[run.recipe.id]

    def trained(self, key: str) -> int:
        """How many epochs the run of this key had trained before, by its checkpoint."""
        state = self._states[key]
        return 0 if state is None else int(state["epoch"])

    def epochs(self, splits: Splits, stop: Stop, epochs: int) -> Iterator[list[LiveRun]]:
        """The runs after each of the engine's epochs, `epochs` at most; `Interrupted` if it has to
        stop before."""
        if stop.wanted():
            raise Interrupted
        began = now(self._device)
        recipes, states = list(self.recipes.values()), list(self._states.values())
        self._states = {}  # which the engine alone holds from here on
        for runs, execution in train(recipes, splits, self._device, states, epochs=epochs):
            self.execution = execution
            self.outcomes |= {self.key_of(run): deepcopy(run.outcome) for run in runs}
            for run in runs:
                if run.outcome.status == "stopped":  # it must be able to go on once it is kept
                    self._save(run)
            yield runs
            live = [run for run in runs if not run.over]
            stopping = bool(live) and stop.wanted(now(self._device) - began)
            for run in live:
                if stopping or self._checkpoints[self.key_of(run)].due():
                    self._save(run)
            if stopping:
                raise Interrupted
            began = now(self._device)

    def _save(self, run: LiveRun) -> None:
        key = self.key_of(run)
        words = {"started": self.started[key], "execution": self.execution}
        self._checkpoints[key].save({**run.state(), **words})


def record(
    outcome: Outcome, message: str, group: SideBySide, key: str, provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """The part of a run's record that its training decides: a row of `records`, without names."""
    row = outcome.as_row()
    words = {
        **provenance,
        "execution": group.execution,
        "lanes": len(group.recipes),
        "changed": row.pop("changed"),
    }
    return {
        **row,
        "started": group.started[key],
        "ended": utc(),
        "message": message,
        "code": provenance["code"],
        "provenance": json.dumps(words, sort_keys=True),
    }


def in_a_line(error: BaseException) -> str:
    """An error's type, its message, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    try:
        text = " ".join(str(error).encode(errors="backslashreplace").decode().split())
    except Exception:
        text = "a message that cannot be made"
    return f"{type(error).__name__}: {text[:_MESSAGE]}{where}"
