"""Replays of captured work train as the steps themselves do, for every optimizer.

Capture is emulated, as `recording` says. Numbers that the host had baked in, and tensors that lie
elsewhere by the next step, would show; so would any operation that waits for the device.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from recording import as_on_a_gpu, record  # noqa: F401
from test_loop import noisy

from nagbench.data.images import ImageSet
from nagbench.engine import build
from nagbench.engine.capture import WARM_UP
from nagbench.engine.loop import train
from nagbench.engine.recipe import Recipe
from nagbench.engine.splits import place_splits
from nagbench.errors import InputError
from nagbench.optimizers.base import FormulaOptimizer
from nagbench.optimizers.catalogue import CATALOGUE
from small_runs import CPU, assert_same_outcomes, ended, outcomes, recipe_of

pytestmark = pytest.mark.usefixtures("as_on_a_gpu")
BESIDE = "graph beside the optimizer ("
# At its defaults it diverges on these images.
TAME = {"sgdn_hd": {"hyper_lr": 1e-5}}


def masked(optimizer: str, **changes: Any) -> Recipe:
    """Three epochs of five steps on a network with dropout and batch normalisation."""
    words = {"network": "masked:Masked", "network_options": {}, "epochs": 3, "train_size": 80}
    row = CATALOGUE[optimizer]
    settings = {**row.fixed, **row.defaults, **TAME.get(optimizer, {})}
    return recipe_of(optimizer=optimizer, **{**words, "settings": settings, **changes})


def taken(branches: Sequence[Callable[[], object]], _: torch.device) -> Callable[[], None]:
    """In place of a capture: each replay does the work itself."""

    def replay() -> None:
        for branch in branches:
            branch()

    return replay


def steps_themselves(recipes: Sequence[Recipe], how: str, images: ImageSet) -> dict[str, Any]:
    """What runs leave that are not captured, but read their rates where captured ones do."""
    scheduled = how == "graph" and recipes[0].schedule != "constant"
    return outcomes(recipes, images, taken if scheduled else None)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("optimizer", CATALOGUE)
def test_replays_are_the_steps_and_go_on_from_checkpoints(
    images: ImageSet, optimizer: str, schedule: str
) -> None:
    """Only who differentiates the gradient is left to train operation by operation."""
    recipe = masked(optimizer, schedule=schedule)
    splits = place_splits(images, recipe, CPU)
    ways, states = [], []
    for (run,), way in train([recipe], splits, CPU, [None], record):
        ways.append(way)
        states.append(run.state())
    how = ways[-1]
    found = {recipe.id: (kept(run.outcome.as_row()), how)}
    if recipe.create_graph:
        assert how == "eager (the optimizer differentiates the gradient)"
    else:
        assert how == "graph" or how.startswith(BESIDE)
    assert_same_outcomes(steps_themselves([recipe], how, images), found)
    for state in states[:2] if run.outcome.status == "finished" else ():
        again = ended(train([recipe], splits, CPU, [state], record))
        assert_same_outcomes(found, again)
        assert again[recipe.id][1] == how


def kept(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if "seconds" not in name}


def class_of(optimizer: str) -> Any:
    row = CATALOGUE[optimizer]
    return build.optimizer_class(row.reference, row.closure)


FORMULAS = [
    name
    for name in CATALOGUE
    if isinstance(class_of(name), type) and issubclass(class_of(name), FormulaOptimizer)
]


@pytest.mark.parametrize("optimizer", FORMULAS)
def test_optimizers_of_our_own_are_captured_with_their_steps(
    images: ImageSet, optimizer: str
) -> None:
    """Unless they say that they wait for the device."""
    recipe = masked(optimizer, epochs=1)
    ((_, how),) = outcomes([recipe], images, record).values()
    assert (how == "graph") == ("cannot be captured" not in (class_of(optimizer).__doc__ or ""))


TORCHS = ("sgd", "heavy_ball", "nag", "adam")


@pytest.mark.parametrize("optimizer", TORCHS)
def test_torchs_are_captured_whole(images: ImageSet, optimizer: str) -> None:
    """Fused, they note on the host, once, that types and devices have been looked at."""
    run = build.optimizer(masked(optimizer), [torch.nn.Parameter(torch.ones(3))], "cuda")
    assert run.defaults["fused" if "SGD" in type(run).__name__ else "capturable"]
    ((_, how),) = outcomes([masked(optimizer, epochs=1)], images, record).values()
    assert how == "graph"


LANES = [
    *(("nag", schedule, False) for schedule in ("constant", "cosine")),
    ("lbfgs", "constant", False),
    pytest.param("lbfgs", "cosine", False, marks=pytest.mark.slow),
    *((name, "warmup_cosine", True) for name in ("nag", "adam", "schedule_free_sgd")),
]


@pytest.mark.parametrize(("optimizer", "schedule", "breaking"), LANES)
def test_lanes_replay_as_runs_alone(
    images: ImageSet, optimizer: str, schedule: str, breaking: bool
) -> None:
    """Four side by side; where two of them diverge, those that are left are captured anew."""
    recipe = masked(optimizer, schedule=schedule, epochs=4)
    rates = [1e38 if breaking and seed % 2 else recipe.settings["lr"] for seed in range(4)]
    recipes = [
        replace(recipe, seed=seed, settings={**recipe.settings, "lr": rate})
        for seed, rate in enumerate(rates)
    ]
    together = outcomes(recipes, images, record)
    how = {how for _, how in together.values()}
    for recipe in recipes:
        alone = outcomes([recipe], images, record)
        assert_same_outcomes(alone, {recipe.id: together[recipe.id]})
    assert len(how) == 1
    statuses = [together[recipe.id][0]["status"] for recipe in recipes]
    assert statuses == ["finished", "diverged" if breaking else "finished"] * 2


def test_an_optimizer_that_draws_random_numbers_is_launched_beside(images: ImageSet) -> None:
    recipes = [noisy(seed) for seed in (1, 2)]
    found = outcomes(recipes, images, record)
    assert {how for _, how in found.values()} == {BESIDE + "the optimizer draws random numbers)"}
    assert_same_outcomes(outcomes(recipes, images), found)


class Keeping(torch.optim.SGD):
    """Moves by the gradient of the step before, of which it keeps no copy."""

    def step(self, closure=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        for parameter in self.param_groups[0]["params"]:
            before = self.state[parameter].get("before", torch.zeros_like(parameter))
            parameter.data.sub_(before, alpha=0.01)
            self.state[parameter]["before"] = parameter.grad


class Renewing(torch.optim.SGD):
    """Makes its weights anew."""

    def step(self, closure=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        for parameter in self.param_groups[0]["params"]:
            parameter.data = parameter.data - 0.01 * parameter.grad


class Hiding(torch.optim.SGD):
    """Counts its steps in an object of its own."""

    class Counter:
        count = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.counter = self.Counter()

    def step(self, closure=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        self.counter.count += 1
        for parameter in self.param_groups[0]["params"]:
            parameter.data.sub_(parameter.grad, alpha=0.1 / self.counter.count)


class Asking(torch.optim.SGD):
    """Looks at its gradient before it moves."""

    def step(self, closure=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        for parameter in self.param_groups[0]["params"]:
            if float(parameter.grad.norm()) < 1e9:
                parameter.data.sub_(parameter.grad, alpha=0.01)


class Particular(torch.optim.SGD):
    """Wants a rate that is a number."""

    def step(self, closure=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        if not isinstance(self.param_groups[0]["lr"], float):
            raise TypeError("not a number")
        for parameter in self.param_groups[0]["params"]:
            parameter.data.sub_(parameter.grad, alpha=self.param_groups[0]["lr"])


WAYS = {
    Keeping: "eager (the optimizer keeps a gradient, which the next one overwrites)",
    Renewing: "eager (the optimizer makes its weights anew)",
    Hiding: BESIDE + "the optimizer changes numbers on the host, or makes its tensors anew)",
    Asking: BESIDE + "not capturable: aten._local_scalar_dense.default waits for the device)",
    Particular: BESIDE + "the optimizer fails: TypeError)",
}


@pytest.mark.parametrize("kind", WAYS)
def test_what_a_replay_would_not_repeat_is_done_another_way(
    images: ImageSet, kind: type[torch.optim.Optimizer]
) -> None:
    changes = {"optimizer": f"{__name__}:{kind.__name__}", "settings": {"lr": 0.01}}
    recipe = replace(masked("sgd"), **changes, schedule="cosine")
    found = outcomes([recipe], images, record)
    assert found[recipe.id][1] == WAYS[kind]
    assert_same_outcomes(outcomes([recipe], images), found)


def test_a_search_counts_every_gradient(images: ImageSet) -> None:
    """A closure replays its passes, as often as the optimizer calls it."""
    recipe = masked("lbfgs")
    found = outcomes([recipe], images, record)
    assert found[recipe.id][0]["gradient_evaluations"] > 2 * 15
    assert_same_outcomes(outcomes([recipe], images), found)


@pytest.mark.parametrize("size", [32, 48])
def test_epochs_shorter_than_the_warm_up_are_captured_later(images: ImageSet, size: int) -> None:
    """Two steps an epoch, or three, judged at half of it: a capture comes after three steps."""
    recipe = masked("nag", train_size=size, epochs=4)
    assert size // 16 <= WARM_UP
    found = outcomes([recipe], images, record)
    assert found[recipe.id][1] == "graph"
    assert_same_outcomes(outcomes([recipe], images), found)
    counting = masked("prodigy", train_size=size, epochs=4)
    assert outcomes([counting], images, record)[counting.id][1].startswith(BESIDE)


def test_a_replay_that_takes_no_steps_is_found_out(images: ImageSet) -> None:
    """As where a graph was captured on another device than the one that was worked on."""

    def empty(branches: Sequence[Callable[[], object]], device: torch.device) -> Callable[[], None]:
        record(branches, device)
        return lambda: None

    for optimizer in ("nag", "lbfgs"):
        with pytest.raises(InputError, match=r"device cpu: \d steps taken where 5 were replayed"):
            outcomes([masked(optimizer, epochs=6)], images, empty)
