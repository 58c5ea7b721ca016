"""What a study would take on this machine: time and memory of its units, from a few timed steps.

A workload's network is timed once, and each optimizer's step by itself on that network's
parameters; of methods that evaluate several gradients in a step these are counted. On a CPU every
other core trains meanwhile, as it will.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nagbench.engine import numerics
from nagbench.engine.clock import now
from nagbench.engine.evaluation import evaluate
from nagbench.engine.loop import step
from nagbench.engine.outcome import PASSES
from nagbench.engine.recipe import Recipe
from nagbench.runner.devices import cores
from nagbench.runner.neighbours import neighbours
from nagbench.runner.noise import RATE, descent_on_noise, kept_for_backward, run_on_noise
from nagbench.runner.requests import data_bytes, run_seconds
from nagbench.step_costs import StepCosts
from nagbench.study.unit import Unit, first_settings

_REPEATS, _PATIENCE = 3, 1.0  # how often something is timed, and for how many seconds at most
_SMALL = 16  # examples


@dataclass(frozen=True)
class UnitEstimate:
    """A unit: its runs, the seconds of one (the mean), and its bytes beside the data."""

    unit: Unit
    runs: int
    seconds: float
    bytes: int


@dataclass(frozen=True)
class Estimate:
    """What a study takes with so many lanes on a device."""

    units: list[UnitEstimate]
    lanes: int

    @property
    def runs(self) -> int:
        return sum(unit.runs for unit in self.units)

    @property
    def seconds(self) -> float:
        """As if no core ever waited, and lanes on a GPU won nothing."""
        return sum(unit.runs * unit.seconds for unit in self.units) / self.lanes

    def memory(self) -> int:
        """The data of the largest unit for every process, and the states of its lanes."""
        largest = max(unit.bytes for unit in self.units)
        return self.lanes * (largest + max(data_bytes(unit.unit.base) for unit in self.units))


def estimate(units: Sequence[Unit], device: str, measured: StepCosts | None = None) -> Estimate:
    """Time each workload and optimizer on noise and work out what each unit takes.

    Args:
        units: Of a study, with those that tune.
        device: Where they would train.
        measured: What steps cost there, side by side; times are then taken from it, and the device
            need not be here.
    """
    lanes = 1 if device != "cpu" else cores()
    place = torch.device("cpu" if measured else device)
    numerics.establish(place)
    bases = {unit.workload: unit.base for unit in reversed(units)}
    pairs = {(unit.workload, unit.optimizer): unit for unit in reversed(units)}
    settings = first_settings(units)
    with neighbours(list(bases.values()), 0 if measured else lanes - 1):
        networks = {name: _Network(recipe, place) for name, recipe in bases.items()}
        costs = {
            pair: networks[pair[0]].with_optimizer(one.recipe(settings.get(one.optimizer, {}), 0))
            for pair, one in pairs.items()
        }
    estimates = []
    for unit in units:
        seconds, image, state = costs[unit.workload, unit.optimizer]
        if measured:
            seconds = measured.of(unit.workload, unit.optimizer).median
            image = measured.images[unit.workload]
        one = run_seconds(unit, seconds, image)
        estimates.append(UnitEstimate(unit, len(unit.planned()), one, state))
    return Estimate(estimates, lanes)


class _Network:
    """A workload's network: timed, and its activations weighed."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self._recipe, self._device = recipe, device
        run = descent_on_noise(recipe, device)
        self._activations = kept_for_backward(run)

        def one_step() -> None:
            run.rewind()
            step(run)

        self._step = self._seconds(one_step) - self._seconds(run.optimizer.step)
        self._image = self._seconds(lambda: evaluate(run, run.data)) / len(run.data)

    def with_optimizer(self, recipe: Recipe) -> tuple[float, float, int]:
        """Seconds of a step and of judging an image, and bytes that a run holds."""
        settings = dict(recipe.settings)
        if "lr" in settings:
            settings["lr"] = min(RATE, settings["lr"])
        # What a step does beside the network depends on no batch: a small one will do.
        run = run_on_noise(recipe, settings, min(_SMALL, recipe.batch_size), self._device)
        step(run)
        (passes,) = run.passes
        alone = 0.0 if recipe.closure else self._seconds(run.optimizer.step)
        weights = sum(p.numel() * p.element_size() for p in run.parameters)
        tensors = [
            value
            for state in run.optimizer.state.values()
            for value in state.values()
            if isinstance(value, Tensor)
        ]
        state = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        # Weights, gradients, and the copy that the length of a step is measured with.
        bytes_held = 3 * weights + state + self._activations
        return passes / PASSES * self._step + alone, self._image, bytes_held

    def _seconds(self, work: Callable[[], object]) -> float:
        """The median of three, after one that is not timed; of fewer, if they take long."""
        work()
        times: list[float] = []
        while len(times) < _REPEATS and sum(times) < _PATIENCE:
            began = now(self._device)
            work()
            times.append(now(self._device) - began)
        return statistics.median(times)
