"""Judging a run: the whole of a set, in inference mode, at the weights its method proposes."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from nagbench.data.resident import ResidentSet
from nagbench.models.layers import batch_norms, recalibrate
from nagbench.training.lane import Lane

# Activations of more images leave a CPU's cache, which takes three times as long.
_BATCHES = {"cpu": 128, "cuda": 1000}
_RECALIBRATION_STEPS = 50


def evaluate(lane: Lane, data: ResidentSet) -> tuple[float, float]:
    """Mean loss and accuracy over every example of `data`."""
    loss = torch.zeros((), dtype=torch.float64, device=lane.device)
    correct = torch.zeros((), dtype=torch.float64, device=lane.device)
    lane.model.eval()
    batch = _BATCHES[lane.device.type]
    with torch.inference_mode():
        for start in range(0, len(data), batch):
            stop = min(start + batch, len(data))
            logits = lane.forward(data.plain(start, stop))
            labels = data.labels[start:stop]
            loss += cross_entropy(logits.double(), labels, reduction="sum")
            correct += (logits.argmax(1) == labels).sum()
        total, right = torch.stack([loss, correct]).tolist()
    return total / len(data), right / len(data)


@contextlib.contextmanager
def judged_weights(lane: Lane) -> Iterator[None]:
    """The weights that the method proposes, where they differ from those it trains at.

    Batch normalisation's statistics, gathered at other weights, are taken anew from batches of the
    epoch just trained. What training goes on from is put back from a copy: undoing by arithmetic
    would leave rounding behind.
    """
    optimizer: Any = lane.optimizer
    if not hasattr(optimizer, "eval"):
        yield
        return
    kept = [*lane.parameters, *lane.model.buffers()]
    copies = [tensor.detach().clone() for tensor in kept]
    optimizer.eval()
    if lane.evaluations and batch_norms(lane.model):
        _recalibrate(lane)
    try:
        yield
    finally:
        optimizer.train()
        with torch.no_grad():
            for tensor, value in zip(kept, copies, strict=True):
                tensor.copy_(value)


@torch.no_grad()
def _recalibrate(lane: Lane) -> None:
    def forward() -> None:
        for _ in range(min(_RECALIBRATION_STEPS, lane.steps)):
            lane.forward(lane.advance())

    lane.rewind()
    recalibrate(lane.model, forward)
