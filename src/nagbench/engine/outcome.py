"""What one training leaves: the part of its record that the training itself decides."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

# What is measured at each step, in this order.
STEP_COLUMNS = ("loss", "accuracy", "gradient_norm", "gradient_ratio", "update_norm")
# What a curve holds at each epoch; `records` says what each column means.
CURVE = (
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "test_loss",
    "test_accuracy",
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
SPIKE = 2.0  # a spike: a loss over this multiple of the running mean
_MEMORY = 0.9  # of that running mean


@dataclass
class Outcome:
    """How a run ended, what it cost, and its curve, which ends at a whole epoch.

    Attributes:
        status: `finished` or `diverged`; whoever trains it adds `failed`, for an optimizer that
            raised an error.
        diverged_step: At which it diverged, counted from 0 over the whole run; -1 if it did not.
        gradient_evaluations: Gradients computed, over the whole run.
        train_seconds: Spent in steps. With runs side by side, this one's equal share.
        evaluation_seconds: Spent in evaluation.
        curve: Columns of `CURVE`; entry n is epoch n, entry 0 before training.
        changed: What the optimizer changed beside its own state: settings of torch by name.
    """

    status: str = "finished"
    diverged_step: int = -1
    gradient_evaluations: int = 0
    train_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    curve: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in CURVE})
    changed: list[str] = field(default_factory=list)

    def append(self, measured: dict[str, float]) -> None:
        """Add an epoch to the curve."""
        row = {
            **measured,
            "gradient_evaluations": self.gradient_evaluations,
            "train_seconds": self.train_seconds,
            "evaluation_seconds": self.evaluation_seconds,
        }
        for name in CURVE:
            self.curve[name].append(float(row[name]))

    def as_row(self) -> dict[str, Any]:
        row = asdict(self)
        curve = row.pop("curve")
        return {**row, **{f"curve_{name}": values for name, values in curve.items()}}


def epoch_measures(steps: np.ndarray, losses: np.ndarray) -> dict[str, float]:
    """The means of an epoch's `steps`, and their unrest against all `losses` so far."""
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
