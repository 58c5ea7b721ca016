"""Judging a run: the whole of a set, in inference mode, at the weights its method proposes."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from nagbench.engine.clock import now
from nagbench.engine.resident import ResidentSet
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import Splits
from nagbench.models.layers import batch_norms, recalibrate

# Activations of more images leave a CPU's cache, which takes three times as long.
_BATCHES = {"cpu": 128, "cuda": 1000}
_RECALIBRATION_STEPS = 50


def judge(run: LiveRun, splits: Splits, measured: dict[str, float]) -> bool:
    """Evaluate and add to the curve with what was `measured` in the steps since it was judged last.

    The test set is evaluated once, after the last epoch of the recipe. Returns False, and adds
    nothing, if the weights are broken.
    """
    began = now(run.device)
    test = (math.nan, math.nan)
    with run.alone(), proposed_weights(run):
        validation = evaluate(run, splits.validation)
        if run.recipe.judged_on_test and run.epoch == run.recipe.epochs:
            test = evaluate(run, splits.test)
    run.model.train()
    run.outcome.evaluation_seconds += now(run.device) - began
    if not math.isfinite(validation[0]):
        return False
    for part, (loss, accuracy) in (("validation", validation), ("test", test)):
        measured |= {f"{part}_loss": loss, f"{part}_accuracy": accuracy}
    run.outcome.append(measured)
    return True


def evaluate(run: LiveRun, data: ResidentSet) -> tuple[float, float]:
    """Mean loss and accuracy over every example of `data`."""
    loss = torch.zeros((), dtype=torch.float64, device=run.device)
    correct = torch.zeros((), dtype=torch.float64, device=run.device)
    run.model.eval()
    batch = _BATCHES[run.device.type]
    with torch.inference_mode():
        for start in range(0, len(data), batch):
            stop = min(start + batch, len(data))
            logits = run.forward(data.plain(start, stop))
            labels = data.labels[start:stop]
            loss += cross_entropy(logits.double(), labels, reduction="sum")
            correct += (logits.argmax(1) == labels).sum()
        total, right = torch.stack([loss, correct]).tolist()
    return total / len(data), right / len(data)


@contextlib.contextmanager
def proposed_weights(run: LiveRun) -> Iterator[None]:
    """The weights that the method proposes, where they differ from those it trains at.

    Batch normalisation's statistics, gathered at other weights, are taken anew from batches of the
    epoch that trains. What training goes on from is put back from a copy: undoing by arithmetic
    would leave rounding behind.
    """
    optimizer: Any = run.optimizer
    if not hasattr(optimizer, "eval"):
        yield
        return
    kept = [*run.parameters, *run.model.buffers()]
    copies = [tensor.detach().clone() for tensor in kept]
    optimizer.eval()
    if run.passes and batch_norms(run.model):
        _recalibrate(run)
    try:
        yield
    finally:
        optimizer.train()
        with torch.no_grad():
            for tensor, value in zip(kept, copies, strict=True):
                tensor.copy_(value)


@torch.no_grad()
def _recalibrate(run: LiveRun) -> None:
    count = min(_RECALIBRATION_STEPS, len(run.passes))
    recalibrate(run.model, run.first_batches(count), run.forward)
