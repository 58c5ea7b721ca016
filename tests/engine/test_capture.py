"""Captured steps: what may be captured, and that replays train as steps do.

A CPU captures no graph. What a capture relies on can be tried all the same: that a step asks the
host for nothing, writes where it wrote before, and that an optimizer keeps nothing on the host.
With a GPU the graph itself is held against the steps.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from nagbench.data.images import ImageSet
from nagbench.engine import build, capture
from nagbench.engine.graph import NotCapturable
from nagbench.engine.host_state import host_state
from nagbench.engine.loop import step
from nagbench.engine.recipe import Recipe
from nagbench.engine.run import LiveRun
from nagbench.models.registry import MODELS
from nagbench.optimizers.catalogue import CATALOGUE
from no_waiting import NoWaiting
from small_runs import CPU, assert_same_outcomes, outcomes, placed, recipe_of, trained

CUDA = pytest.mark.gpu
GPU = torch.device("cuda:0")


def four(model: str = "tiny_cnn", breaking: Sequence[int] = (), **changes: Any) -> list[Recipe]:
    """Four recipes of three epochs, some with a rate that breaks them at once."""
    rates = [1e30 if n in breaking else 0.01 + n / 1000 for n in range(4)]
    return [
        recipe_of(model, **{"epochs": 3, **changes}, settings={"lr": rate}, seed=n)
        for n, rate in enumerate(rates)
    ]


class Capture:
    """Stands in for a graph: its replay does the work that it was made with."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(
        self, branches: Sequence[Callable[[], object]], _: torch.device
    ) -> Callable[[], None]:
        self.sizes.append(len(branches))

        def replay() -> None:
            for branch in branches:
                branch()

        return replay


@pytest.mark.parametrize("breaking", [None, 0, 3])
@pytest.mark.parametrize("model", ["tiny_cnn", "seed_cnn"])
def test_replays_train_as_steps_do(images: ImageSet, model: str, breaking: int | None) -> None:
    """Warm-up steps, replays, and a run that is over, which must not disturb the others."""
    recipes = four(model, [] if breaking is None else [breaking])
    stand_in = Capture()
    eager = outcomes(recipes, images)
    replayed = outcomes(recipes, images, stand_in)
    if breaking is not None:
        assert eager[recipes[breaking].id][0]["status"] == "diverged"
    assert_same_outcomes(eager, replayed)
    assert stand_in.sizes == [4]
    assert {how for _, how in eager.values()} == {"eager"}
    assert {how for _, how in replayed.values()} == {"graph"}


@pytest.mark.parametrize("schedule", ["cosine", "warmup_linear"])
def test_replays_follow_a_schedule(images: ImageSet, schedule: str) -> None:
    recipes = four(schedule=schedule)
    assert_same_outcomes(outcomes(recipes, images), outcomes(recipes, images, Capture()))


def test_when_half_of_the_runs_are_over_the_others_are_captured_anew(images: ImageSet) -> None:
    recipes = four(breaking=(0, 2))
    stand_in = Capture()
    replayed = outcomes(recipes, images, stand_in)
    assert stand_in.sizes == [4, 2]
    assert_same_outcomes(outcomes(recipes, images), replayed)


def test_what_cannot_be_captured_is_trained_step_by_step_and_says_so(images: ImageSet) -> None:
    def refuse(*_: object) -> Callable[[], None]:
        raise NotCapturable("not capturable: a reason")

    replayed = outcomes(four(), images, refuse)
    assert {how for _, how in replayed.values()} == {"eager (not capturable: a reason)"}
    assert_same_outcomes(outcomes(four(), images), replayed)


def test_a_second_capture_that_fails_goes_on_from_the_epoch_before(images: ImageSet) -> None:
    """By then the runs have epochs behind them, which must be neither lost nor repeated."""

    class Once(Capture):
        def __call__(
            self, branches: Sequence[Callable[[], object]], device: torch.device
        ) -> Callable[[], None]:
            if self.sizes:
                raise NotCapturable("no more")
            return super().__call__(branches, device)

    recipes = four(breaking=(0, 2))
    replayed = outcomes(recipes, images, Once())
    assert_same_outcomes(outcomes(recipes, images), replayed)
    assert {replayed[recipes[n].id][1] for n in (1, 3)} == {"eager (no more)"}


def test_the_warm_up_is_no_more_than_an_epoch_has(images: ImageSet) -> None:
    assert capture.WARM_UP > 160 // 80
    recipes = four(batch_size=80)
    assert_same_outcomes(outcomes(recipes, images), outcomes(recipes, images, Capture()))


@pytest.mark.parametrize("model", MODELS)
def test_a_step_asks_the_host_for_nothing(images: ImageSet, model: str) -> None:
    run = LiveRun(recipe_of(model, "nag", cutout=8, l1=1e-4, l2=1e-4), placed(images), CPU)
    trained(run, steps=1)
    with NoWaiting():
        step(run)


def changes_the_host(run: LiveRun) -> bool:
    """Whether the optimizer's second step changes what it keeps on the host."""
    trained(run, steps=1)
    before = host_state(run.optimizer)
    step(run)
    return host_state(run.optimizer) != before


@pytest.mark.parametrize("name", [name for name, row in CATALOGUE.items() if not row.closure])
def test_a_step_writes_where_it_wrote_before(images: ImageSet, name: str) -> None:
    """A replay repeats its addresses: weights, state and plan may not move between steps."""
    run = LiveRun(recipe_of("tiny_cnn", name), placed(images), CPU)
    if changes_the_host(run):
        return  # is never captured

    def places() -> list[int]:
        held: list[torch.Tensor] = [*run.parameters, *run.model.buffers(), run._measured]
        for state in run.optimizer.state.values():
            held += [value for value in state.values() if isinstance(value, torch.Tensor)]
        return [tensor.data_ptr() for tensor in [*held, *run._tables]]

    step(run)
    before = places()
    step(run)
    run.begin_epoch(run.plan(2))
    step(run)
    assert places() == before


def test_numbers_on_the_host_are_found() -> None:
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.grad = torch.ones(3)
    for name, changes in (("SGD", False), ("Adam", True)):
        optimizer = getattr(torch.optim, name)([parameter], lr=0.1)
        optimizer.step()
        before = host_state(optimizer)
        optimizer.step()
        # Adam counts its steps on the host, unless it is told that it will be captured.
        assert (host_state(optimizer) != before) == changes

    class Counting(torch.optim.SGD):
        count = 0

        def step(self, closure=None):  # type: ignore[no-untyped-def]
            self.count += 1
            return super().step(closure)

    counting = Counting([parameter], lr=0.1)
    counting.step()
    before = host_state(counting)
    counting.step()
    assert host_state(counting) != before


def test_an_optimizer_that_counts_on_the_host_is_not_captured(images: ImageSet) -> None:
    for name, capturable in (("nag", True), ("nag_sutskever", True), ("adam", False)):
        ((_, how),) = outcomes([recipe_of("tiny_cnn", name)], images, Capture()).values()
        assert (how == "graph") == capturable
        assert capturable or "on the host" in how  # on a GPU adam is built `capturable`


def test_where_all_else_fails_steps_are_taken_as_they_are(images: ImageSet) -> None:
    """Whole, then beside the optimizer, then one operation after the other: the last reason."""

    def refuse(branches: Sequence[object], _: torch.device) -> Any:
        raise NotCapturable(f"no {len(branches)} branches")

    found = outcomes(four(), images, refuse)
    assert {how for _, how in found.values()} == {"eager (no 1 branches)"}


def test_on_a_gpu_optimizers_are_asked_to_be_capturable() -> None:
    parameter = torch.nn.Parameter(torch.ones(3))
    adam, sgd = recipe_of("tiny_cnn", "adam"), recipe_of()
    assert build.optimizer(adam, [parameter], "cuda").defaults["capturable"]
    assert not build.optimizer(adam, [parameter]).defaults["capturable"]
    defaults = build.optimizer(sgd, [parameter], "cuda").defaults
    assert defaults["fused"]
    assert "capturable" not in defaults


@CUDA
@pytest.mark.parametrize("model", MODELS)
def test_a_gpu_agrees_with_the_cpu(images: ImageSet, model: str) -> None:
    """Eight steps in float64, captured on the GPU."""
    recipes = four(model, precision="float64", batch_size=8, train_size=64, epochs=1)[:2]
    cpu, gpu = outcomes(recipes, images), outcomes(recipes, images, device=GPU)
    assert torch.are_deterministic_algorithms_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] in (":4096:8", ":16:8")
    for name, (row, _) in cpu.items():
        assert gpu[name][1] == "graph"
        for column, value in row.items():
            if column.startswith("curve"):
                np.testing.assert_allclose(gpu[name][0][column], value, rtol=1e-7, atol=1e-9)


@CUDA
@pytest.mark.parametrize("lanes", [2, 8, 16])
def test_runs_side_by_side_on_a_gpu_are_those_of_a_run_alone(images: ImageSet, lanes: int) -> None:
    recipes = [replace(recipe_of("seed_cnn"), seed=n) for n in range(lanes)]
    together = outcomes(recipes, images, device=GPU)
    assert {how for _, how in together.values()} == {"graph"}
    alone: dict[str, Any] = {}
    for recipe in recipes:
        alone |= outcomes([recipe], images, device=GPU)
    assert_same_outcomes(alone, together)
