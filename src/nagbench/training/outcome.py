"""Trains one run to its end and says what came of it."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch

from nagbench.data.images import ImageSet
from nagbench.data.resident import ResidentSet
from nagbench.records import CURVE
from nagbench.study import Run, Unit
from nagbench.training.checkpoint import Checkpoint
from nagbench.training.divergence import first_diverged_step
from nagbench.training.interruption import Interrupted, Stop
from nagbench.training.lane import STEP_COLUMNS, Lane, compute_dtype
from nagbench.training.plan import split

SPIKE = 2.0  # a spike: a loss over this multiple of the running mean
_MEMORY = 0.9  # of that running mean


@dataclass(frozen=True)
class Splits:
    """The three parts of a data set, on the device."""

    train: ResidentSet
    validation: ResidentSet
    test: ResidentSet


def place_splits(images: ImageSet, unit: Unit, device: torch.device) -> Splits:
    """Hold out the validation images and put all parts on the device."""
    workload = unit.workload
    train, validation = split(len(images.train_labels), unit.study.validation_size)
    train = train[: workload.train_size]
    dtype = compute_dtype(workload.precision)

    def place(pixels: np.ndarray, labels: np.ndarray) -> ResidentSet:
        return ResidentSet.place(pixels, labels, workload.padding, device, dtype)

    return Splits(
        train=place(images.train_images[train], images.train_labels[train]),
        validation=place(images.train_images[validation], images.train_labels[validation]),
        test=place(images.test_images, images.test_labels),
    )


@dataclass
class Outcome:
    """What one training leaves: the part of its record that the training itself decides."""

    status: str = "finished"
    diverged_step: int = -1
    gradient_evaluations: int = 0
    train_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    curve: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in CURVE})

    def as_row(self) -> dict[str, Any]:
        row = asdict(self)
        curve = row.pop("curve")
        return {**row, **{f"curve_{name}": values for name, values in curve.items()}}


def train_run(
    run: Run,
    unit: Unit,
    splits: Splits,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
    stop: Stop | None = None,
    after_epoch: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Train `run` for its epochs or until it has diverged; its curve ends at a whole epoch.

    Goes on from `checkpoint` where one is there. When `stop` is wanted it leaves one and raises
    `Interrupted`; an interrupted run ends as one that was not.
    """
    lane = Lane(run, unit.workload, unit.optimizer, device)
    outcome = Outcome()
    losses = np.empty(0)
    kept = checkpoint.load(device) if checkpoint else None
    if kept is None:
        nothing = dict.fromkeys(CURVE, math.nan)
        rate = {"learning_rate": lane.learning_rate()}
        _append(outcome, lane, splits, unit.stage, {**nothing, **rate})
        first = 1
    else:
        lane.restore(kept["lane"])
        outcome = Outcome(**kept["outcome"])
        losses = kept["losses"].numpy()
        first = kept["epoch"] + 1
    for epoch in range(first, unit.workload.epochs + 1):
        began = _now(device)
        steps = lane.train_epoch(epoch, splits.train)
        outcome.train_seconds += _now(device) - began
        outcome.gradient_evaluations = lane.gradient_evaluations
        earlier = len(losses)
        losses = np.concatenate([losses, steps[:, 0]])
        diverged = first_diverged_step(losses, unit.study.divergence)
        if diverged is None:
            measured = _epoch_measures(steps, losses, earlier)
            measured["learning_rate"] = lane.learning_rate()
            if not _append(outcome, lane, splits, unit.stage, measured):
                diverged = len(losses)  # the last step broke the weights, which no step has seen
        if diverged is not None:
            outcome.status, outcome.diverged_step = "diverged", diverged
            break
        after_epoch(epoch)
        if epoch == unit.workload.epochs:
            break
        stopping = stop is not None and stop.wanted(_now(device) - began)
        if checkpoint and (stopping or checkpoint.due()):
            checkpoint.save(
                {
                    "lane": lane.state(),
                    "outcome": asdict(outcome),
                    "losses": torch.from_numpy(losses),
                    "epoch": epoch,
                }
            )
        if stopping:
            raise Interrupted
    if checkpoint:
        checkpoint.remove()
    return outcome


def _append(
    outcome: Outcome, lane: Lane, splits: Splits, stage: str, measured: dict[str, float]
) -> bool:
    """Evaluate and add a row to the curve; False, and no row, if the weights are broken."""
    began = _now(lane.device)
    with lane.judged_weights():
        validation = lane.evaluate(splits.validation)
        test = lane.evaluate(splits.test) if stage == "test" else (math.nan, math.nan)
    outcome.evaluation_seconds += _now(lane.device) - began
    if not math.isfinite(validation[0]):
        return False
    row = {
        **measured,
        "validation_loss": validation[0],
        "validation_accuracy": validation[1],
        "test_loss": test[0],
        "test_accuracy": test[1],
        "gradient_evaluations": lane.gradient_evaluations,
        "train_seconds": outcome.train_seconds,
        "evaluation_seconds": outcome.evaluation_seconds,
    }
    for name in CURVE:
        outcome.curve[name].append(float(row[name]))
    return True


def _epoch_measures(steps: np.ndarray, losses: np.ndarray, earlier: int) -> dict[str, float]:
    """An epoch's means, and its steps' unrest against all losses so far."""
    loss, accuracy, gradient_norm, update_norm = (steps[:, n] for n in range(len(STEP_COLUMNS)))
    jumps = np.diff(losses[max(earlier - 1, 0) :])
    return {
        "train_loss": loss.mean(),
        "train_accuracy": accuracy.mean(),
        "gradient_norm": gradient_norm.mean(),
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


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
