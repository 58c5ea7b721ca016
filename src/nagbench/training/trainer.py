"""Trains runs of a unit on one device, in this process, into the store of finished runs."""

import json
from collections.abc import Callable, Mapping
from typing import Protocol

import torch

from nagbench.data.images import ImageSet
from nagbench.errors import InputError
from nagbench.provenance import code_digest, environment, training_sources
from nagbench.study import Run, Unit, digest
from nagbench.training.interruption import Interrupted, Stop
from nagbench.training.lane_count import measured_lanes
from nagbench.training.run import RunInTraining
from nagbench.training.splits import Splits, place_splits
from nagbench.training.store import Store
from nagbench.training.together import train_together

Report = Callable[[int, int], None]  # runs finished, and the epoch that the next is at


class Trainer(Protocol):
    """Puts the outcome of every run into a store; raises `Interrupted` if it has to stop."""

    def train(self, unit: Unit, runs: Mapping[str, Run], report: Report) -> None:
        """Train `runs`, named by their keys in the store."""


class OneDevice:
    """Trains `lanes` runs side by side on one device; as many as pay if that is None."""

    def __init__(
        self,
        images: ImageSet,
        store: Store,
        stop: Stop,
        device: str,
        lanes: int | None = 1,
        processes: int = 1,
    ) -> None:
        self._images, self._store, self._stop = images, store, stop
        self._device, self._lanes, self._processes = torch.device(device), lanes, processes
        if self._device.type == "cpu":
            torch.set_num_threads(1)  # a run's result must not depend on the number of cores
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        # float32 means float32: no shortened mantissas unless a study asks for bfloat16.
        torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
        torch.backends.cuda.matmul.fp32_precision = "ieee"
        self._placed: tuple[object, Splits] | None = None

    def train(self, unit: Unit, runs: Mapping[str, Run], report: Report) -> None:
        splits = self._splits(unit)
        lanes = self._lanes or self._measured_lanes(unit, list(runs.values()), splits)
        keys = {run.id: key for key, run in runs.items()}
        provenance = {
            **environment(str(self._device)),
            "precision": unit.workload.precision,
            "code": code_digest(training_sources(unit)),
            "data": self._images.digest,
            "processes": self._processes,
        }
        pending = list(runs)
        while pending:
            if self._stop.wanted():
                raise Interrupted
            group = pending[:lanes]

            def finish(training: RunInTraining, execution: str, beside: int = len(group)) -> None:
                words = {**provenance, "execution": execution, "lanes": beside}
                row = training.outcome.as_row()
                row["provenance"] = json.dumps(words, sort_keys=True)
                key = keys[training.run.id]
                self._store.put(key, row)
                pending.remove(key)

            def after_epoch(epoch: int) -> None:
                report(len(runs) - len(pending), epoch)

            beginning = [(runs[key], self._store.checkpoint(key)) for key in group]
            too_many = False
            try:
                train_together(
                    beginning, unit, splits, self._device, finish, self._stop, after_epoch
                )
            except torch.OutOfMemoryError:
                too_many = True
            if too_many:  # outside of the handler, which keeps the lanes alive
                if len(group) == 1:
                    found = "a single run does not fit into the device's memory"
                    raise InputError(unit.name, found, "a smaller batch or a larger device")
                lanes = len(group) // 2
                torch.cuda.empty_cache()
            report(len(runs) - len(pending), 0)

    def _splits(self, unit: Unit) -> Splits:
        """The data as the unit's workload wants them, kept until another one wants others."""
        wanted = [unit.study.validation_size, unit.workload.definition()]
        if self._placed is None or self._placed[0] != wanted:
            self._placed = None  # before the next are placed, so that one set is held at a time
            self._placed = wanted, place_splits(self._images, unit, self._device)
        return self._placed[1]

    def _measured_lanes(self, unit: Unit, runs: list[Run], splits: Splits) -> int:
        """As measured before on such a device, or measured now."""
        device = environment(str(self._device))
        key = digest(
            [
                "lanes",
                unit.workload.definition(),
                unit.optimizer.reference,
                device["device"],
                device["torch"],
            ]
        )
        kept = self._store.get(key)
        if kept is None:
            kept = {"lanes": measured_lanes(unit, runs, splits, self._device)}
            if kept["lanes"] < len(runs):  # else more might have paid
                self._store.put(key, kept)
        return int(kept["lanes"])
