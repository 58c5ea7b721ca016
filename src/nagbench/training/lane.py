"""One run being trained: a network, its optimizer, and what each step leaves to be measured."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nagbench import models
from nagbench.data.resident import ResidentSet
from nagbench.models.dropout import planned_dropouts
from nagbench.optimizers.catalogue import Optimizer
from nagbench.study import Run, Workload
from nagbench.training.plan import epoch_plan

STEP_COLUMNS = ("loss", "accuracy", "gradient_norm", "update_norm")
_EVALUATION_BATCH = 1000
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}


def compute_dtype(precision: str) -> torch.dtype:
    """The type of images and activations. Weights stay in float32 beside bfloat16 activations."""
    return _DTYPES[precision]


class Lane:
    """A network and an optimizer that take one epoch at a time.

    A step reads nothing back from the device: its numbers go to a buffer that is read once an
    epoch.
    """

    def __init__(
        self, run: Run, workload: Workload, optimizer: Optimizer, device: torch.device
    ) -> None:
        self.run, self.workload, self.device = run, workload, device
        self.closure_wanted = optimizer.closure
        weights = torch.float64 if workload.precision == "float64" else torch.float32
        self.model = models.build(workload.model, run.seed)
        self.model.to(device=device, dtype=weights)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.dropouts = planned_dropouts(self.model)
        self.optimizer = optimizer.build(self.parameters, run.settings)
        self.gradient_evaluations = 0

    def train_epoch(self, epoch: int, data: ResidentSet) -> np.ndarray:
        """Train on every whole batch of the epoch; one row of `STEP_COLUMNS` a step.

        The remainder that fills no batch is left out: each epoch shuffles anew, so over epochs no
        example is favoured, and every step has the same shape and noise.
        """
        size = self.workload.batch_size
        plan = epoch_plan(
            self.run.seed,
            epoch,
            len(data),
            data.padding,
            self.workload.flip,
            [dropout.features for dropout in self.dropouts],
        )
        tables = [
            torch.from_numpy(table).to(self.device)
            for table in (plan.order, plan.rows, plan.columns, plan.flips, *plan.dropout)
        ]
        steps = len(data) // size
        measured = torch.zeros(steps, len(STEP_COLUMNS), dtype=torch.float64, device=self.device)
        self.model.train()
        for step in range(steps):
            index, rows, columns, flips, *uniforms = (
                table[step * size : (step + 1) * size] for table in tables
            )
            for dropout, values in zip(self.dropouts, uniforms, strict=True):
                dropout.uniforms = values
            self._step(data.crops(index, rows, columns, flips), data.labels[index], measured[step])
        return measured.cpu().numpy()

    def _step(self, images: Tensor, labels: Tensor, measured: Tensor) -> None:
        first: list[tuple[Tensor, Tensor, Tensor]] = []

        def evaluate() -> Tensor:
            self.optimizer.zero_grad(set_to_none=False)
            with self._precision():
                logits = self.model(images)
            loss = cross_entropy(
                logits.float() if logits.dtype == torch.bfloat16 else logits,
                labels,
                label_smoothing=self.workload.label_smoothing,
            )
            loss.backward()  # type: ignore[no-untyped-call]
            self.gradient_evaluations += 1
            if not first:
                accuracy = (logits.detach().argmax(1) == labels).double().mean()
                first.append((loss.detach(), accuracy, self._gradient_norm()))
            return loss

        before = [parameter.detach().clone() for parameter in self.parameters]
        if self.closure_wanted:
            self.optimizer.step(evaluate)  # type: ignore[arg-type]
        else:
            evaluate()
            self.optimizer.step()
        loss, accuracy, gradient_norm = first[0]
        with torch.no_grad():
            update = torch._foreach_sub([p.detach() for p in self.parameters], before)
            measured.copy_(torch.stack([loss.double(), accuracy, gradient_norm, _norm(update)]))

    def _gradient_norm(self) -> Tensor:
        return _norm([p.grad for p in self.parameters if p.grad is not None])

    def evaluate(self, data: ResidentSet) -> tuple[float, float]:
        """Mean loss and accuracy over every example of `data`, in inference mode."""
        loss = torch.zeros((), dtype=torch.float64, device=self.device)
        correct = torch.zeros((), dtype=torch.int64, device=self.device)
        self.model.eval()
        with torch.inference_mode(), self._precision():
            for start in range(0, len(data), _EVALUATION_BATCH):
                stop = min(start + _EVALUATION_BATCH, len(data))
                logits = self.model(data.plain(start, stop))
                labels = data.labels[start:stop]
                loss += cross_entropy(logits.double(), labels, reduction="sum")
                correct += (logits.argmax(1) == labels).sum()
        return float(loss) / len(data), int(correct) / len(data)

    @contextlib.contextmanager
    def judged_weights(self) -> Iterator[None]:
        """The weights that the method proposes, where they differ from those it trains at.

        Trained weights are put back from a copy: undoing by arithmetic would leave rounding behind.
        """
        optimizer: Any = self.optimizer
        if not hasattr(optimizer, "eval"):
            yield
            return
        kept = [parameter.detach().clone() for parameter in self.parameters]
        optimizer.eval()
        try:
            yield
        finally:
            optimizer.train()
            with torch.no_grad():
                for parameter, value in zip(self.parameters, kept, strict=True):
                    parameter.copy_(value)

    def state(self) -> dict[str, Any]:
        """All that the next epoch depends on, besides the plan."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "gradient_evaluations": self.gradient_evaluations,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a `state`."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.gradient_evaluations = state["gradient_evaluations"]

    def learning_rate(self) -> float:
        """The rate in force, NaN for a method that has none."""
        return float(self.optimizer.param_groups[0].get("lr", math.nan))

    def _precision(self) -> Any:
        if self.workload.precision != "bfloat16":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)


def _norm(tensors: list[Tensor] | tuple[Tensor, ...]) -> Tensor:
    """Euclidean length of all of them together."""
    return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)).double())
