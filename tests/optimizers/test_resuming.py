"""Stopped between epochs, and beside or after other runs: an optimizer ends where it would alone.

Runs are the engine's own, on a network so small that every optimizer has its turn.
"""

import io
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from rows import recipe_of
from torch import Tensor, nn

from nagbench.data.images import ImageSet
from nagbench.engine import numerics
from nagbench.engine.loop import train
from nagbench.engine.recipe import Recipe
from nagbench.engine.splits import Splits, place_splits
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.spec import OptimizerSpec

EPOCHS, STEPS, BATCH = 3, 5, 16
SCHEDULES = ("constant", "cosine", "warmup_linear")
BROKEN = {"gradient_scaling", "gradient_scaling_up"}  # their articles' factors are not finite
SOON = {"begin": 2, "every": 4}  # so that wrappers do their part, and not at an epoch's end alone
FEWER = {"lbfgs": {"max_iter": 5}}  # twenty evaluations a step prove no more
DEVICE = torch.device("cpu")
TIMES = {"train_seconds", "evaluation_seconds"}


class SmallNetwork(nn.Module):
    """conv 4 – batch normalisation – pool – dense: every kind of parameter that networks have."""

    def __init__(self, inputs: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        channels, height, width = inputs
        self.conv = nn.Conv2d(channels, 4, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.hidden = nn.Linear(4 * height * width // 64, 8)
        self.dense = nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.avg_pool2d(nn.functional.relu(self.norm(self.conv(x))), 4)
        return self.dense(nn.functional.relu(self.hidden(x.flatten(1))))


def recipe_for(
    row: OptimizerSpec, settings: Mapping[str, Any] | None = None, **changes: Any
) -> Recipe:
    wanted = {
        "data": "synthetic",
        "validation_size": 40,
        "train_size": STEPS * BATCH,
        "batch_size": BATCH,
        "epochs": EPOCHS,
        "network": f"{__name__}:SmallNetwork",
        "seed": 1,
    }
    return recipe_of(row, settings, **{**wanted, **changes})


@pytest.fixture(scope="module")
def splits(images: ImageSet) -> Splits:
    return place_splits(images, recipe_for(CATALOGUE["sgd"]), DEVICE)


State = dict[str, Any]


def trained(
    recipes: Sequence[Recipe], splits: Splits, states: Sequence[State | None] | None = None
) -> list[list[State]]:
    """For each run its state after each epoch that it trained, as it comes back from a file."""
    after: dict[str, list[State]] = {recipe.id: [] for recipe in recipes}
    for runs, _ in train(recipes, splits, DEVICE, states or [None] * len(recipes)):
        for run in runs:
            after[run.recipe.id].append(through_a_file(run.state()))
    return list(after.values())


def through_a_file(state: State) -> State:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: State = torch.load(file, weights_only=True)
    return loaded


def alone(recipe: Recipe, splits: Splits, state: State | None = None) -> list[State]:
    (states,) = trained([recipe], splits, [state])
    return states


def in_parts(recipe: Recipe, splits: Splits) -> list[State]:
    """Trained in as many sittings as there are epochs, stopped after each."""
    states: list[State] = []
    while len(states) < recipe.epochs:
        sitting = train([recipe], splits, DEVICE, states[-1:] or [None])
        (run,), _ = next(sitting)
        states.append(through_a_file(run.state()))
        sitting.close()
    return states


def assert_same(found: Any, expected: Any, place: str = "state") -> None:
    """Bit-equal, but for the seconds that it took."""
    assert type(found) is type(expected), place
    if isinstance(found, Tensor):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape), place
        assert found.numpy().tobytes() == expected.numpy().tobytes(), place
    elif isinstance(found, Mapping):
        assert list(found) == list(expected), place
        for key in found:
            if key not in TIMES:
                assert_same(found[key], expected[key], f"{place}.{key}")
    elif isinstance(found, list | tuple):
        assert len(found) == len(expected), place
        for n, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_same(one, other, f"{place}[{n}]")
    else:
        assert found == expected or (found != found and expected != expected), place


def rate_after(schedule: str, rate: float, epoch: float) -> float:
    """The rate of the last step before `epoch`, in closed form; one step of fifteen is warm-up."""
    step, total = math.floor(STEPS * epoch) - 1, STEPS * EPOCHS
    factors = {
        "constant": 1.0,
        "cosine": math.cos(math.pi * step / total / 2) ** 2,
        "warmup_linear": (total - step) / (total - 1),
    }
    return rate * factors[schedule]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("row", CATALOGUE.values(), ids=CATALOGUE)
def test_stopped_after_every_epoch_it_ends_bit_equal(
    splits: Splits, row: OptimizerSpec, schedule: str
) -> None:
    soon = {name: value for name, value in SOON.items() if name in row.defaults}
    settings = {**row.defaults, **soon, **FEWER.get(row.name, {})}
    kept = "constant" if row.own_schedule else schedule  # as a plan has it
    recipe = recipe_for(row, settings, schedule=kept)
    whole = alone(recipe, splits)
    if row.name in BROKEN:
        assert whole[-1]["outcome"]["status"] == "diverged"
        assert alone(recipe, splits, whole[-1]) == []
        return
    assert len(whole) == EPOCHS
    assert_same(in_parts(recipe, splits), whole)
    rates = [rate_after(kept, row.defaults["lr"], half / 2) for half in range(1, 2 * EPOCHS + 1)]
    assert whole[-1]["outcome"]["curve"]["learning_rate"][1:] == pytest.approx(rates, rel=1e-9)


class Drawing(torch.optim.SGD):
    """Adds noise to each parameter, from the three global generators."""

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, lr)
        self.scale = 1.0

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        super().step()
        for group in self.param_groups:
            for parameter in group["params"]:
                size = 0.01 * self.scale * (np.random.random() + random.random())  # noqa: NPY002
                parameter.add_(torch.randn_like(parameter), alpha=size)


class DrawingAtFirst(Drawing):
    """Draws the size of its noise once, when it is made."""

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, lr)
        self.scale = random.random() + np.random.random() + float(torch.rand(()))  # noqa: NPY002


class DrawingWhenJudged(Drawing):
    """Proposes weights with noise on them."""

    @torch.no_grad()
    def eval(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                size = 0.01 * (np.random.random() + random.random())  # noqa: NPY002
                parameter.add_(torch.randn_like(parameter), alpha=size)

    def train(self) -> None:
        """The engine puts the weights back."""


def outsider(reference: str, **settings: Any) -> OptimizerSpec:
    return OptimizerSpec(
        name="outsider",
        label="",
        reference=reference,
        family="yours",
        citation="",
        defaults={"lr": 0.05, **settings},
        space={},
    )


DRAWING = {
    "in a step": outsider(f"{__name__}:Drawing"),
    "when made": outsider(f"{__name__}:DrawingAtFirst"),
    "when judged": outsider(f"{__name__}:DrawingWhenJudged"),
    # Draws a number with NumPy in each step and a tensor with torch where it updates its factors.
    "Kron": outsider(
        "pytorch_optimizer:Kron", pre_conditioner_update_probability=0.7, balance_prob=0.5
    ),
}
DRAWS = pytest.mark.parametrize("row", DRAWING.values(), ids=DRAWING)


class Counting(torch.optim.SGD):
    """Divides its rate by the steps taken and turns every other one, by numbers kept on itself."""

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, lr)
        self.taken, self.back = 0, False

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        self.taken += 1
        self.back = not self.back
        for group in self.param_groups:
            rate = (-0.1 if self.back else 1) * group["lr"] / self.taken
            for parameter in group["params"]:
                parameter.sub_(rate * parameter.grad)


def test_counters_and_flags_on_the_optimizer_itself_are_resumed(splits: Splits) -> None:
    recipe = recipe_for(outsider(f"{__name__}:Counting"))
    assert_same(in_parts(recipe, splits), alone(recipe, splits))


@pytest.mark.parametrize("name", ["adam", "nag_sutskever", "lbfgs", "aggmo"])
def test_what_a_run_is_resumed_from_is_left_as_it_was(splits: Splits, name: str) -> None:
    """So that it can be resumed from it again, if the first attempt fails."""
    recipe = recipe_for(CATALOGUE[name])
    sitting = train([recipe], splits, DEVICE, [None])
    (run,), _ = next(sitting)
    state = run.state()
    kept = through_a_file(state)
    whole = alone(recipe, splits, state)
    assert_same(state, kept)
    assert_same(alone(recipe, splits, state), whole)


@DRAWS
def test_one_that_draws_is_repeatable_after_others(splits: Splits, row: OptimizerSpec) -> None:
    recipe = recipe_for(row)
    first = alone(recipe, splits)
    alone(replace(recipe, seed=2), splits)
    assert_same(alone(recipe, splits), first)


@DRAWS
def test_one_that_draws_is_the_same_beside_others(splits: Splits, row: OptimizerSpec) -> None:
    recipe = recipe_for(row)
    beside = [replace(recipe, seed=2), recipe, replace(recipe, seed=3)]
    assert_same(trained(beside, splits)[1], alone(recipe, splits))


@DRAWS
def test_one_that_draws_is_resumed_bit_equal(splits: Splits, row: OptimizerSpec) -> None:
    recipe = recipe_for(row)
    assert_same(in_parts(recipe, splits), alone(recipe, splits))


@DRAWS
def test_what_it_draws_matters_and_is_the_seeds(
    splits: Splits, row: OptimizerSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the engine's seeding two runs of one recipe part: the tests above can fail."""

    def seed(run: int, epoch: int) -> None:
        pass

    monkeypatch.setattr(numerics, "seed", seed)
    recipe = recipe_for(row)
    with pytest.raises(AssertionError, match="state"):
        assert_same(alone(recipe, splits), alone(recipe, splits))
