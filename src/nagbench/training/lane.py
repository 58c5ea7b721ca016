"""One run being trained: a network, its optimizer, and what each step leaves to be measured."""

import contextlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nagbench import models
from nagbench.data.resident import ResidentSet
from nagbench.models.layers import planned_dropouts, statistics_held
from nagbench.optimizers.entry import Optimizer
from nagbench.study import Run, Workload
from nagbench.training.objective import loss_of, penalized, penalty
from nagbench.training.plan import epoch_plan

STEP_COLUMNS = ("loss", "accuracy", "gradient_norm", "gradient_ratio", "update_norm")
_WHITENING_IMAGES = 5000
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}


def compute_dtype(precision: str) -> torch.dtype:
    """The type of images and activations. Weights stay in float32 beside bfloat16 activations."""
    return _DTYPES[precision]


class Lane:
    """A network and an optimizer that take one step at a time.

    Everything a step reads and writes lies at fixed places on the device: the epoch's plan, which
    step it is, a row for each step's numbers. So a step asks the host for nothing and can be
    recorded once and replayed; its numbers are read once an epoch.
    """

    def __init__(
        self,
        run: Run,
        workload: Workload,
        optimizer: Optimizer,
        device: torch.device,
        data: ResidentSet,
    ) -> None:
        self.run, self.workload, self.device, self.data = run, workload, device, data
        self.closure_wanted = optimizer.closure
        self.model = models.build(
            workload.model, run.seed, workload.batch_norm, workload.initializer
        )
        whiten: Any = getattr(self.model, "whiten", None)
        if whiten is not None:
            whiten(data.first(_WHITENING_IMAGES))
        weights = torch.float64 if workload.precision == "float64" else torch.float32
        self.model.to(device=device, dtype=weights)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.penalized = penalized(self.model)
        self.dropouts = planned_dropouts(self.model)
        self.optimizer = optimizer.build(self.parameters, run.settings, device.type)
        if hasattr(self.optimizer, "train"):
            self.optimizer.train()
        self.steps = len(data) // workload.batch_size
        self.evaluations: list[int] = []  # gradients that each step of the epoch took
        self._tables: list[Tensor] = []
        self._factors: Tensor | None = None
        self._rates: list[float] | None = None  # without the schedule
        self._step = torch.zeros(1, dtype=torch.int64, device=device)
        self._rows = torch.arange(self.steps, device=device)[:, None]
        self._within = torch.arange(workload.batch_size, device=device)
        self._measured = torch.zeros(
            self.steps, len(STEP_COLUMNS), dtype=torch.float64, device=device
        )
        self._weights: list[Tensor] = [parameter.detach() for parameter in self.parameters]
        self._before = [weight.clone() for weight in self._weights]

    def plan_tables(self, epoch: int) -> list[Tensor]:
        """What chance decides in an epoch; on the CPU, so it can be made ahead of time."""
        features = [dropout.features for dropout in self.dropouts]
        plan = epoch_plan(self.run.seed, epoch, len(self.data), self.workload, features)
        return [torch.from_numpy(table) for table in plan.tables()]

    def begin_epoch(self, tables: list[Tensor], factors: np.ndarray | None = None) -> None:
        """Put an epoch's tables where the steps look for them, and begin at its first step.

        `factors` multiply the learning rate, one a step.
        """
        if factors is not None:
            self._scale_rates(factors)
        if self._tables:
            for here, new in zip(self._tables, tables, strict=True):
                here.copy_(new)
        else:
            self._tables = [table.to(self.device, copy=True) for table in tables]
        self.evaluations = []
        self.rewind()

    def _scale_rates(self, factors: np.ndarray) -> None:
        if self._rates is None:
            self._rates = [group["lr"] for group in self.optimizer.param_groups]
            if self.device.type != "cpu":  # what a recording reads must lie on the device
                for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
                    group["lr"] = torch.tensor(rate, device=self.device)
        new = torch.from_numpy(factors).to(self.device)
        self._factors = new if self._factors is None else self._factors.copy_(new)

    def _set_rates(self) -> None:
        """The rate of the step that comes: a number on a CPU, a tensor in its place on a GPU."""
        if self._factors is None or self._rates is None:
            return
        for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].copy_((rate * self._factors.index_select(0, self._step)).squeeze(0))
            else:
                group["lr"] = rate * float(self._factors[len(self.evaluations)])

    def rewind(self) -> None:
        """Back to the epoch's first step."""
        self._step.zero_()
        self.model.train()

    def step(self) -> None:
        """Train on the next batch.

        The remainder that fills no batch is left out: each epoch shuffles anew, so over epochs no
        example is favoured, and every step has the same shape and noise.
        """
        self._set_rates()
        images, labels = self.next_batch()
        first: list[tuple[Tensor, ...]] = []
        evaluations = 0

        def evaluate() -> Tensor:
            nonlocal evaluations
            evaluations += 1
            self.optimizer.zero_grad(set_to_none=True)
            # Batch normalisation remembers a batch once, however often a step evaluates it.
            with statistics_held(self.model) if first else contextlib.nullcontext():
                logits = self.forward(images)
            loss = loss_of(logits, labels, self.workload)
            added = penalty(self.penalized, self.workload)
            objective = loss if added is None else loss + added
            objective.backward()  # type: ignore[no-untyped-call]
            if not first:
                accuracy = (logits.detach().argmax(1) == labels).double().mean()
                first.append((loss.detach().double(), accuracy, *self._gradient_norms()))
            return objective

        with torch.no_grad():
            torch._foreach_copy_(self._before, self._weights)
        if self.closure_wanted:
            self.optimizer.step(evaluate)  # type: ignore[arg-type]
        else:
            evaluate()
            self.optimizer.step()
        self.evaluations.append(evaluations)
        with torch.no_grad():
            torch._foreach_sub_(self._before, self._weights)
            row = torch.stack([*first[0], _norm(torch._foreach_norm(self._before))])
            # Written by arithmetic: writing at an index is slow where it must be deterministic.
            self._measured.copy_(torch.where(self._rows == self._step, row, self._measured))
            self._step += 1

    def _gradient_norms(self) -> tuple[Tensor, Tensor]:
        """Length of the whole gradient, and of the first layer's weights' over the last's."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        norms = torch._foreach_norm(gradients)
        layers = [norm for norm, g in zip(norms, gradients, strict=True) if g.ndim > 1]
        return _norm(norms), (layers[0] / layers[-1]).double()

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """Images and labels of the step that comes, its dropout masks put in place."""
        now = self._step * len(self._within) + self._within
        index, rows, columns, flips, *rest = (table.index_select(0, now) for table in self._tables)
        holes = rest.pop(0) if self.workload.cutout else None
        for dropout, chances in zip(self.dropouts, rest, strict=True):
            dropout.chances = chances
        images = self.data.crops(index, rows, columns, flips, holes, self.workload.cutout)
        return images, self.data.labels[index]

    def advance(self) -> Tensor:
        """The images of the step that comes, which is then passed over."""
        images, _ = self.next_batch()
        self._step += 1
        return images

    def forward(self, images: Tensor) -> Tensor:
        """The network's logits, in the workload's number type."""
        if self.workload.precision != "bfloat16":
            logits: Tensor = self.model(images)
            return logits
        # Weights are cast anew in every pass: a cache would outlive a recording of the step.
        with torch.autocast(self.device.type, dtype=torch.bfloat16, cache_enabled=False):
            cast: Tensor = self.model(images)
            return cast

    def last_loss(self) -> float:
        """The loss of the step just taken; it waits for the device."""
        return float(self._measured[len(self.evaluations) - 1, 0])

    def measured(self) -> np.ndarray:
        """One row of `STEP_COLUMNS` for each step taken in this epoch."""
        return self._measured[: len(self.evaluations)].cpu().numpy().copy()

    def learning_rate(self) -> float:
        """The rate in force, NaN for a method that has none."""
        return float(self.optimizer.param_groups[0].get("lr", math.nan))

    def state(self) -> dict[str, Any]:
        """All that the next epoch depends on, besides the plan."""
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a `state`."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


def _norm(parts: Sequence[Tensor]) -> Tensor:
    """Euclidean length of the whole, from those of its parts."""
    return torch.linalg.vector_norm(torch.stack(list(parts)).double())
