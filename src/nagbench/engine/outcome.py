"""What one training leaves: the part of its record that the training itself decides."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

# What is measured at each step, in this order.
STEP_COLUMNS = ("loss", "accuracy", "gradient_norm", "gradient_ratio", "update_norm")
# What a curve holds each time a run is judged; `records` says what each column means.
CURVE = (
    "epoch",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "test_loss",
    "test_accuracy",
    "iterate_validation_loss",
    "iterate_validation_accuracy",
    "iterate_test_loss",
    "iterate_test_accuracy",
    "gradient_norm",
    "gradient_ratio",
    "update_norm",
    "learning_rate",
    "gradient_evaluations",
    "train_seconds",
    "evaluation_seconds",
    "largest_jump",
    "spikes",
    "loss_variance",
)
PASSES = 3  # what a gradient costs: a forward pass, and twice as much backward
HALVED = 4  # epochs at whose half a run is judged too
SPIKE = 2.0  # a spike: a loss over this multiple of the running mean
_MEMORY = 0.9  # of that running mean


@dataclass
class Outcome:
    """How a run ended, what it cost, and its curve.

    Attributes:
        status: `finished`, `diverged`, or `stopped` before its last epoch, as it was asked to;
            whoever trains it adds `failed`, for an optimizer that raised an error.
        diverged_step: At which it diverged, counted from 0 over the whole run; -1 if it did not.
        gradient_evaluations: Gradients computed, over the whole run; a forward pass alone counts a
            third.
        train_seconds: Spent in steps. With runs side by side, this one's equal share.
        evaluation_seconds: Spent in evaluation.
        curve: Columns of `CURVE`, with an entry for each of `evaluation_points`. What steps measure
            is over those since the entry before.
        changed: What the optimizer changed beside its own state: settings of torch by name.
    """

    status: str = "finished"
    diverged_step: int = -1
    gradient_evaluations: float = 0.0
    train_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    curve: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in CURVE})
    changed: list[str] = field(default_factory=list)

    def append(self, measured: dict[str, float]) -> None:
        """Add an entry to the curve."""
        row = {
            **measured,
            "gradient_evaluations": self.gradient_evaluations,
            "train_seconds": self.train_seconds,
            "evaluation_seconds": self.evaluation_seconds,
        }
        for name in CURVE:
            self.curve[name].append(float(row[name]))

    def at_whole_epochs(self, column: str) -> list[float]:
        """A column of the curve after each whole epoch, from before training on."""
        pairs = zip(self.curve["epoch"], self.curve[column], strict=True)
        return [value for epoch, value in pairs if epoch.is_integer()]

    def until(self, epoch: int) -> "Outcome":
        """What a run would have left, had it been stopped after an epoch that lies behind it."""
        length = self.curve["epoch"].index(epoch) + 1
        curve = {name: values[:length] for name, values in self.curve.items()}
        return replace(
            self,
            status="stopped",
            gradient_evaluations=curve["gradient_evaluations"][-1],
            train_seconds=curve["train_seconds"][-1],
            evaluation_seconds=curve["evaluation_seconds"][-1],
            curve=curve,
        )

    def as_row(self) -> dict[str, Any]:
        row = asdict(self)
        curve = row.pop("curve")
        return {**row, **{f"curve_{name}": values for name, values in curve.items()}}


def evaluation_points(epochs: int) -> list[float]:
    """When a run of so many epochs is judged: each half epoch at first, then each epoch."""
    halves = [epoch + 0.5 for epoch in range(min(HALVED, epochs))]
    return sorted([*halves, *map(float, range(epochs + 1))])


def measures(steps: np.ndarray, losses: np.ndarray) -> dict[str, float]:
    """The means of the last `steps`, and their unrest against all `losses` so far."""
    columns = (steps[:, n] for n in range(len(STEP_COLUMNS)))
    loss, accuracy, gradient_norm, gradient_ratio, update_norm = columns
    earlier = len(losses) - len(steps)
    jumps = np.diff(losses[max(earlier - 1, 0) :])
    return {
        "train_loss": loss.mean(),
        "train_accuracy": accuracy.mean(),
        "gradient_norm": gradient_norm.mean(),
        "gradient_ratio": float(np.median(gradient_ratio)),
        "update_norm": update_norm.mean(),
        "largest_jump": jumps.max(initial=0.0),
        "spikes": count_spikes(losses, earlier),
        "loss_variance": loss.var(ddof=1) if len(loss) > 1 else 0.0,
    }


def count_spikes(losses: np.ndarray, start: int) -> int:
    """Steps from `start` on whose loss is over `SPIKE` times the running mean before them."""
    mean, spikes = losses[0], 0
    for step, loss in enumerate(losses[1:], 1):
        spikes += bool(step >= start and loss > SPIKE * mean)
        mean = _MEMORY * mean + (1 - _MEMORY) * loss
    return spikes
