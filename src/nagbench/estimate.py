"""What a study would take on this machine: time and memory of its units, from a few timed steps.

A workload's network is timed once, and each optimizer's step by itself on that network's
parameters; of methods that evaluate several gradients in a step these are counted.
"""

import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from nagbench.data import SETS
from nagbench.data.resident import ResidentSet
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.entry import Optimizer
from nagbench.study import Run, Study, Unit, Workload
from nagbench.training.clock import now
from nagbench.training.evaluation import evaluate
from nagbench.training.lane import Lane, compute_dtype
from nagbench.training.objective import loss_of

_REPEATS, _PATIENCE = 3, 1.0  # how often something is timed, and for how many seconds at most
_SMALL = 16  # examples
_RATE = 1e-6  # so small that nothing diverges while it is timed


@dataclass(frozen=True)
class UnitEstimate:
    """A unit: its runs, the seconds of one alone, and the bytes of one beside the data."""

    unit: Unit
    runs: int
    seconds: float
    bytes: int


@dataclass(frozen=True)
class Estimate:
    """What a study takes with so many lanes on a device; bytes are those of its largest unit."""

    units: list[UnitEstimate]
    lanes: int

    @property
    def runs(self) -> int:
        return sum(unit.runs for unit in self.units)

    @property
    def hours(self) -> float:
        """As if no core ever waited, and lanes on a GPU won nothing."""
        return sum(unit.runs * unit.seconds for unit in self.units) / 3600 / self.lanes

    def memory(self, study: Study) -> int:
        """The data of the largest unit for every process, and the states of its lanes."""
        largest = max(unit.bytes for unit in self.units)
        return self.lanes * (largest + _data_bytes(study))


def estimate(study: Study, device: str) -> Estimate:
    """Time each workload and optimizer on noise and work out what each unit takes."""
    lanes = 1 if device != "cpu" else len(os.sched_getaffinity(0))
    if device == "cpu":
        torch.set_num_threads(1)
    training, test = SETS[study.data]
    costs = {}
    for workload in study.workloads.values():
        network = _Network(workload, torch.device(device))
        for name in study.optimizers_of(workload.name):
            costs[workload.name, name] = network.with_optimizer(study.optimizers[name])
    units = []
    for unit in study.units():
        step, image, state = costs[unit.workload.name, unit.optimizer.name]
        workload = unit.workload
        size = workload.train_size or training - study.validation_size
        judged = study.validation_size + (test if unit.stage == "test" else 0)
        one = workload.epochs * (size // workload.batch_size * step + judged * image)
        trials = len(unit.trials()) if unit.stage == "tune" else 1
        units.append(UnitEstimate(unit, trials * len(unit.seeds), one, state))
    return Estimate(units, lanes)


def _data_bytes(study: Study) -> int:
    """Bytes of the decoded, padded set on the device."""
    padding = max(workload.padding for workload in study.workloads.values())
    return sum(SETS[study.data]) * (32 + 2 * padding) ** 2 * 3


class _Network:
    """A workload's network: timed, and its activations weighed."""

    def __init__(self, workload: Workload, device: torch.device) -> None:
        self._workload, self._device = workload, device
        lane = self._lane(CATALOGUE["sgd"], {"lr": _RATE}, workload.batch_size)
        self._activations = _kept_for_backward(lane)

        def step() -> None:
            lane.rewind()
            lane.step()

        self._step = self._seconds(step) - self._seconds(lane.optimizer.step)
        self._image = self._seconds(lambda: evaluate(lane, lane.data)) / len(lane.data)

    def with_optimizer(self, optimizer: Optimizer) -> tuple[float, float, int]:
        """Seconds of a step and of judging an image, and bytes that a run holds."""
        settings = dict(optimizer.defaults)
        if "lr" in settings:
            settings["lr"] = min(_RATE, settings["lr"])
        # What a step does beside the network depends on no batch: a small one will do.
        lane = self._lane(optimizer, settings, min(_SMALL, self._workload.batch_size))
        lane.step()
        (evaluations,) = lane.evaluations
        alone = 0.0 if optimizer.closure else self._seconds(lane.optimizer.step)
        weights = sum(p.numel() * p.element_size() for p in lane.parameters)
        held = [
            value
            for state in lane.optimizer.state.values()
            for value in state.values()
            if isinstance(value, Tensor)
        ]
        state = sum(tensor.numel() * tensor.element_size() for tensor in held)
        # Weights, gradients, and the copy that the length of a step is measured with.
        bytes_held = 3 * weights + state + self._activations
        return evaluations * self._step + alone, self._image, bytes_held

    def _lane(self, optimizer: Optimizer, settings: dict[str, object], batch: int) -> Lane:
        """A run on noise, at the first step of its epoch."""
        noise = np.random.default_rng(0)
        pixels = noise.integers(0, 256, (batch, 32, 32, 3), dtype=np.uint8)
        labels = noise.integers(0, 10, batch)
        dtype, padding = compute_dtype(self._workload.precision), self._workload.padding
        data = ResidentSet.place(pixels, labels, padding, self._device, dtype)
        workload = replace(self._workload, batch_size=batch)
        lane = Lane(Run(0, 0, settings, {}), workload, optimizer, self._device, data)
        lane.begin_epoch(lane.plan_tables(1))
        return lane

    def _seconds(self, work: Callable[[], object]) -> float:
        """The median of three, after one that is not timed; of fewer, if they take long."""
        work()
        found: list[float] = []
        while len(found) < _REPEATS and sum(found) < _PATIENCE:
            began = now(self._device)
            work()
            found.append(now(self._device) - began)
        return statistics.median(found)


def _kept_for_backward(lane: Lane) -> int:
    """Bytes that a forward pass keeps for the backward pass: its activations."""
    kept: dict[int, int] = {}

    def weigh(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    images, labels = lane.next_batch()
    with torch.autograd.graph.saved_tensors_hooks(weigh, lambda tensor: tensor):
        loss = loss_of(lane.forward(images), labels, lane.workload)
    del loss  # alive until here, so that no storage was counted under another's address
    return sum(kept.values())
