"""Whole steps of a study's optimizers, timed side by side: each has its turn in every round."""

import time
from collections.abc import Sequence
from dataclasses import replace

import torch

from nagbench.benchmark.progress import Progress, load
from nagbench.engine.capture import WARM_UP, Eager, Execution, Whole
from nagbench.engine.clock import now
from nagbench.engine.evaluation import evaluate
from nagbench.engine.graph import NotCapturable, capture_graph
from nagbench.engine.loop import gradient, step
from nagbench.engine.objective import objective
from nagbench.engine.outcome import PASSES
from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError
from nagbench.runner.noise import run_on_noise
from nagbench.runner.provenance import environment
from nagbench.step_costs import BASELINE, FEWEST, StepCost, StepCosts
from nagbench.study.unit import Unit, first_settings

_STEPS = 4  # of a turn
_RATE = 1e-6  # at most: so small that nothing diverges


class _Stepper:
    """Runs of one optimizer beside each other, begun and warm."""

    def __init__(self, recipe: Recipe, device: torch.device, lanes: int) -> None:
        self._device = device
        seeds = [replace(recipe, seed=seed) for seed in range(lanes)]
        self._runs = [
            run_on_noise(one, recipe.settings, recipe.batch_size, device) for one in seeds
        ]
        self._execution: Execution = Eager(step)
        if device.type == "cuda":
            self._execution = Whole(step, gradient, objective, capture_graph)
        left = WARM_UP + 1  # the first steps, and the one that is captured
        while left:
            try:
                self._next()
                left -= 1
            except NotCapturable as why:
                assert not isinstance(self._execution, Eager)
                self._execution, left = self._execution.without(why), WARM_UP + 1
        self.execution = self._execution.name
        self.gradients = self._runs[0].passes[0] / PASSES  # of the last step

    def _next(self) -> None:
        for run in self._runs:
            run.rewind()  # the noise is one batch
        if isinstance(self._execution, Whole):
            self._execution.train(self._runs, 1)
        else:
            for run in self._runs:
                self._execution.step(run)

    def turn(self) -> float:
        """Seconds of a step of one run."""
        began = now(self._device)
        for _ in range(_STEPS):
            self._next()
        return (now(self._device) - began) / _STEPS / len(self._runs)

    def judged(self) -> float:
        """Seconds of judging an image."""
        run = self._runs[0]
        began = now(self._device)
        evaluate(run, run.data)
        return (now(self._device) - began) / len(run.data)


def recipes_of(units: Sequence[Unit]) -> dict[tuple[str, str], Recipe]:
    """By workload and optimizer, what is timed: the first setting, at a rate that moves nothing.

    The baseline is timed on every workload, whether the study has it or not.
    """
    found: dict[tuple[str, str], Recipe] = {}
    first = first_settings(units)
    for unit in units:
        plain = replace(
            unit.base,
            optimizer="torch.optim:SGD",
            settings={"lr": 1e-6},
            closure=False,
            create_graph=False,
            matrices=False,
        )
        found.setdefault((unit.workload, BASELINE), plain)
        settings = dict(first.get(unit.optimizer, {}))
        if "lr" in settings:
            settings["lr"] = min(_RATE, settings["lr"])
        if (unit.workload, unit.optimizer) not in found:
            found[unit.workload, unit.optimizer] = unit.recipe(settings, 0)
    return found


def measure(
    units: Sequence[Unit], device: str, lanes: int, rounds: int, minutes: float, progress: Progress
) -> tuple[StepCosts, dict[str, str]]:
    """Time every optimizer of the units on every workload, in rounds.

    Args:
        units: Of a study; both stages of a workload and optimizer take the same steps.
        device: Where.
        lanes: Runs side by side, one on a CPU.
        rounds: How often each has its turn; fewer, but six at least, where time runs out.
        minutes: What all may take.
        progress: Is told what is under way.

    Returns:
        The costs, and for each optimizer that could not be made here why.
    """
    if rounds < FEWEST:
        raise InputError("--rounds", f"found {rounds}", f"{FEWEST} at least")
    place, recipes = torch.device(device), recipes_of(units)
    workloads = list(dict.fromkeys(workload for workload, _ in recipes))
    costs, images, missing = [], {}, {}
    machine, began = {**environment(device), "load": load()}, time.perf_counter()
    for done, workload in enumerate(workloads, start=1):
        until = began + 60 * minutes * done / len(workloads)
        steppers = {}
        for (where, name), recipe in recipes.items():
            if where == workload:
                progress(f"{workload}: made ready, {name}")
                try:
                    steppers[name] = _Stepper(recipe, place, lanes)
                except InputError as error:
                    missing[name] = str(error)
        seconds: dict[str, list[float]] = {name: [] for name in steppers}
        for turn in range(1, rounds + 1):
            started = time.perf_counter()
            first = turn % len(steppers)  # another one, so that no place in a round is anybody's
            for name in [*steppers][first:] + [*steppers][:first]:
                progress(f"{workload}: round {turn} of {rounds}, {name}")
                seconds[name].append(steppers[name].turn())
            ended = time.perf_counter()
            if turn >= FEWEST and ended + (ended - started) > until:
                break
        costs += [
            StepCost(workload, name, one.execution, lanes, one.gradients, tuple(seconds[name]))
            for name, one in steppers.items()
        ]
        images[workload] = steppers[BASELINE].judged()
    return StepCosts(machine, costs, images), missing
