"""One run being trained: a network, its optimizer, and what they have left so far."""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nagbench.engine import build, numerics
from nagbench.engine.divergence import DivergenceDetector
from nagbench.engine.outcome import CURVE, STEP_COLUMNS, Outcome
from nagbench.engine.penalty import penalized
from nagbench.engine.randomness import epoch_plan
from nagbench.engine.recipe import Recipe
from nagbench.engine.resident import ResidentSet
from nagbench.errors import InputError
from nagbench.models.layers import planned_dropouts

_WHITENING_IMAGES = 5000
# What importing an optimizer's module changed, by its reference: it happens once in a process.
_CHANGED_BY_IMPORT: dict[str, set[str]] = {}


class LiveRun:
    """A run between two of its steps.

    Everything a step reads and writes lies at fixed places on the device: the epoch's plan, which
    step it is, a row for each step's numbers. So a step asks the host for nothing and can be
    captured once and replayed; its numbers are read once an epoch.

    Attributes:
        images, labels: The batch of the step that is taken.
        numbers: What it has measured of `STEP_COLUMNS`: all but the last.
    """

    images: Tensor
    labels: Tensor
    numbers: Sequence[Tensor]

    def __init__(
        self,
        recipe: Recipe,
        data: ResidentSet,
        device: torch.device,
        state: dict[str, Any] | None = None,
        epochs: int | None = None,
    ) -> None:
        """A run at its beginning, or where `state` left it; `data` is what it trains on.

        It trains so many `epochs`, all of its recipe if None.
        """
        self.recipe, self.data, self.device = recipe, data, device
        self.last_epoch = min(recipe.epochs, epochs or recipe.epochs)
        self._numerics = numerics.establish(device)
        build.optimizer_class(recipe.optimizer, recipe.closure)
        changed = _CHANGED_BY_IMPORT.setdefault(recipe.optimizer, numerics.changed(self._numerics))
        numerics.establish(device)
        self.model = build.network(recipe, data.inputs, data.classes)
        if hasattr(self.model, "whiten"):
            model: Any = self.model
            model.whiten(data.of_first(_WHITENING_IMAGES, model.patch_moment))
        weights = torch.float64 if recipe.precision == "float64" else torch.float32
        self.model.to(device=device, dtype=weights)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.penalized = penalized(self.model)
        self.dropouts = planned_dropouts(self.model)
        self.loss = build.loss(recipe)
        self.schedule = build.schedule(recipe)
        numerics.seed(recipe.seed, 0)
        self.optimizer = build.optimizer(recipe, self.parameters, "cuda" if self.on_gpu else "cpu")
        if hasattr(self.optimizer, "train"):
            self.optimizer.train()
        # What a schedule multiplies. A restored optimizer holds rates that are multiplied already.
        self._rates: list[Any] = [group.get("lr") for group in self.optimizer.param_groups]
        self._factors: np.ndarray | None = None  # of the epoch's steps
        self._factors_there: Tensor | None = None  # the same on the device
        self._generators: tuple[Any, ...] | None = None  # where the epoch's last steps left them
        self._tables: list[Tensor] = []

        self.steps = len(data) // recipe.batch_size
        self.passes: list[int] = []  # that each step of the epoch took; a gradient counts `PASSES`
        self._step = torch.zeros(1, dtype=torch.int64, device=device)
        self._rows = torch.arange(self.steps, device=device)[:, None]
        self._within = torch.arange(recipe.batch_size, device=device)
        shape = self.steps, len(STEP_COLUMNS)
        self._measured = torch.zeros(shape, dtype=torch.float64, device=device)
        self._weights: list[Tensor] = [parameter.detach() for parameter in self.parameters]
        self._before = [weight.clone() for weight in self._weights]

        self.epoch = 0  # the last one trained
        self.outcome = Outcome()
        self.losses = np.empty(0)  # of all steps so far
        if state is not None:
            self._restore(state)
        self._note_changes(changed)
        self.detector = DivergenceDetector(
            recipe.divergence_factor, recipe.divergence_steps, self.losses
        )

    @property
    def on_gpu(self) -> bool:
        """Whether what it does can be captured there."""
        return self.device.type == "cuda"

    @property
    def over(self) -> bool:
        """Whether its last epoch is trained, or it has diverged."""
        return self.epoch == self.last_epoch or self.outcome.status == "diverged"

    def state(self) -> dict[str, Any]:
        """All that the next epoch depends on beside the recipe: copies, of plain types and tensors.

        Random generators are seeded anew for each epoch, so they are no part of it.
        """
        return {
            "recipe": self.recipe.id,
            "model": _copied(self.model.state_dict()),
            "optimizer": _copied(self.optimizer.state_dict()),
            "attributes": _plain_attributes(self.optimizer),
            "outcome": asdict(self.outcome),
            "losses": torch.from_numpy(self.losses.copy()),
            "epoch": self.epoch,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        assert state["recipe"] == self.recipe.id, "a state of another run"
        state = _copied(state)  # else training would go on in the caller's tensors and lists
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        vars(self.optimizer).update(state["attributes"])
        self.outcome = Outcome(**state["outcome"])
        if self.outcome.status == "stopped":
            self.outcome.status = "finished"
        self.losses = state["losses"].cpu().numpy()
        self.epoch = state["epoch"]

    # ---- an epoch

    def plan(self, epoch: int) -> list[Tensor]:
        """What chance decides in an epoch; on the CPU, so it can be made ahead of time."""
        features = [dropout.features for dropout in self.dropouts]
        side = self.data.inputs[1:]
        plan = epoch_plan(self.recipe.seed, epoch, len(self.data), side, self.recipe, features)
        return [torch.from_numpy(table) for table in plan.tables()]

    def begin_epoch(self, tables: list[Tensor]) -> None:
        """Put the next epoch's plan where the steps look for it, and begin at its first step."""
        if self._tables:
            for here, new in zip(self._tables, tables, strict=True):
                here.copy_(new)
        else:
            self._tables = [table.to(self.device, copy=True) for table in tables]
        losses = self.outcome.at_whole_epochs("validation_loss")
        factors = self.schedule(self.recipe, self.epoch + 1, self.steps, losses)
        if factors is not None:
            self._scale_rates(factors)
        self.rewind()

    def _scale_rates(self, factors: np.ndarray) -> None:
        if None in self._rates:
            place, found = f"optimizer {self.recipe.optimizer}", "no setting `lr`"
            raise InputError(place, found, "one, or `own_schedule: true`, under a schedule")
        if self._factors is None:  # a state that was replayed before left tensors here
            for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
                group["lr"] = rate
        self._factors = factors
        if self._factors_there is not None:
            self._factors_there.copy_(torch.from_numpy(factors))

    def put_rates_on_device(self) -> None:
        """Let rates that a schedule changes be read where a captured step can read them."""
        if self._factors is None or self._factors_there is not None or not self.on_gpu:
            return
        self._factors_there = torch.from_numpy(self._factors).to(self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = torch.tensor(group["lr"], device=self.device)

    def rewind(self) -> None:
        """Back to the epoch's first step."""
        self.passes, self._generators = [], None
        self._step.zero_()
        self.model.train()

    # ---- a step, in the order of its parts

    def set_rates(self) -> None:
        """The rate of the step that comes: a number, or written into the tensor that it is."""
        if self._factors is None:
            return
        for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
            if self._factors_there is not None:
                factor = self._factors_there.index_select(0, self._step).squeeze(0)
                group["lr"].copy_(rate * factor)
            else:
                group["lr"] = rate * float(self._factors[len(self.passes)])

    @torch.no_grad()
    def begin_step(self) -> None:
        """Put the step's batch in place, and keep a copy of the weights, from which it is
        measured."""
        self.images, self.labels = self.next_batch()
        torch._foreach_copy_(self._before, self._weights)

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """Images and labels of the step that comes, its dropout masks put in place."""
        now = self._step * len(self._within) + self._within
        index, rows, columns, flips, *rest = (table.index_select(0, now) for table in self._tables)
        holes = rest.pop(0) if self.recipe.cutout else None
        for dropout, chances in zip(self.dropouts, rest, strict=True):
            dropout.chances = chances
        images = self.data.crops(index, rows, columns, flips, holes, self.recipe.cutout)
        return images, self.data.labels[index]

    def first_batches(self, count: int) -> Iterator[Tensor]:
        """The images of the epoch's first steps; the step that comes stays the same."""
        here = self._step.clone()
        self._step.zero_()
        for _ in range(count):
            yield self.next_batch()[0]
            self._step += 1
        self._step.copy_(here)

    def forward(self, images: Tensor) -> Tensor:
        """The network's logits (images, classes), in the recipe's number type."""
        if self.recipe.precision != "bfloat16":
            logits: Tensor = self.model(images)
            return logits
        # Weights are cast anew in every pass: a cache would outlive a captured step.
        with torch.autocast(self.device.type, dtype=torch.bfloat16, cache_enabled=False):
            cast: Tensor = self.model(images)
            return cast

    def gradient_norms(self) -> tuple[Tensor, Tensor]:
        """Length of the whole gradient, and of the first layer's weights' over the last's."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        norms = torch._foreach_norm(gradients)
        layers = [norm for norm, g in zip(norms, gradients, strict=True) if g.ndim > 1]
        return _norm(norms), (layers[0] / layers[-1]).double()

    @torch.no_grad()
    def measure(self) -> None:
        """Write the step's row of `STEP_COLUMNS`: its numbers, and its length."""
        torch._foreach_sub_(self._before, self._weights)
        row = torch.stack([*self.numbers, _norm(torch._foreach_norm(self._before))])
        # Written by arithmetic: writing at an index is slow where it must be deterministic.
        self._measured.copy_(torch.where(self._rows == self._step, row, self._measured))
        self._step += 1

    # ---- what it has left

    def last_loss(self) -> float:
        """The loss of the step just taken; it waits for the device."""
        return float(self._measured[len(self.passes) - 1, 0])

    def measured(self) -> np.ndarray:
        """One row of `STEP_COLUMNS` for each step taken in this epoch."""
        if int(self._step) != len(self.passes):
            found = f"{int(self._step)} steps taken where {len(self.passes)} were replayed"
            raise InputError(f"device {self.device}", found, "a device that repeats captured work")
        return self._measured[: len(self.passes)].cpu().numpy().copy()

    def learning_rate(self) -> float:
        """The rate in force, NaN for a method that has none."""
        return float(self.optimizer.param_groups[0].get("lr", math.nan))

    def before_training(self) -> dict[str, float]:
        """The curve's first entry, but for what an evaluation measures."""
        unknown = dict.fromkeys(CURVE, math.nan)
        return {**unknown, "epoch": 0.0, "learning_rate": self.learning_rate()}

    @contextlib.contextmanager
    def alone(self, training: bool = False) -> Iterator[None]:
        """Torch's settings and random generators as this run has them in its next epoch.

        In `training` the generators go on from where the epoch's steps left them. What the
        optimizer changes of the settings is kept with the outcome.
        """
        self._numerics = numerics.establish(self.device)
        if training and self._generators is not None:
            numerics.put_back(self._generators)
        else:
            numerics.seed(self.recipe.seed, self.epoch + 1)
        try:
            yield
        finally:
            if training:
                self._generators = numerics.generators()
            self._note_changes(numerics.changed(self._numerics))

    def _note_changes(self, names: set[str]) -> None:
        self.outcome.changed = sorted({*self.outcome.changed, *names})


def _copied(state: Any) -> Any:
    """A state whose tensors training no longer changes."""
    if isinstance(state, Tensor):
        return state.detach().clone()
    if isinstance(state, Mapping):
        return {key: _copied(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(_copied(value) for value in state)
    return state


def _plain_attributes(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Counters and flags that a class keeps on itself, where its `state_dict` does not look."""
    kinds = (bool, int, float, str)
    return {name: value for name, value in vars(optimizer).items() if type(value) in kinds}


def _norm(parts: Sequence[Tensor]) -> Tensor:
    """Euclidean length of the whole, from those of its parts."""
    return torch.linalg.vector_norm(torch.stack(list(parts)).double())
