"""Judging a run: the whole of a set, in inference mode, at the weights its method proposes."""

import contextlib
import math
from collections.abc import Callable, Iterator
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
    with run.alone():
        with proposed_weights(run):
            found = _judged(run, splits)
        elsewhere = dict.fromkeys(found, math.nan)
        if run.recipe.judged_on_test and is_nesterov(run):
            with iterates(run):
                elsewhere = _judged(run, splits)
    run.model.train()
    run.outcome.evaluation_seconds += now(run.device) - began
    if not math.isfinite(found["validation_loss"]):
        return False
    there = {f"iterate_{name}": value for name, value in elsewhere.items()}
    run.outcome.append({**measured, **found, **there})
    return True


def _judged(run: LiveRun, splits: Splits) -> dict[str, float]:
    """Loss and accuracy on the validation set, and on the test set where a run ends."""
    validation, test = evaluate(run, splits.validation), (math.nan, math.nan)
    if run.recipe.judged_on_test and run.epoch == run.recipe.epochs:
        test = evaluate(run, splits.test)
    names = (f"{part}_{what}" for part in ("validation", "test") for what in ("loss", "accuracy"))
    return dict(zip(names, (*validation, *test), strict=True))


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


def is_nesterov(run: LiveRun) -> bool:
    """Whether torch's own SGD trains with Nesterov's momentum."""
    optimizer = run.optimizer
    return isinstance(optimizer, torch.optim.SGD) and optimizer.param_groups[0]["nesterov"]


@contextlib.contextmanager
def iterates(run: LiveRun) -> Iterator[None]:
    """Nesterov's iterates x: torch's SGD has and proposes y = x + μv, the points ahead of them.

    Its momentum buffer b is -v/η at a rate η, so x = y + ημb.
    """

    @torch.no_grad()
    def put() -> None:
        for group in run.optimizer.param_groups:
            factor = group["lr"] * group["momentum"]
            for parameter in group["params"]:
                buffer = run.optimizer.state[parameter].get("momentum_buffer")
                if buffer is not None:
                    parameter += factor * buffer

    with _moved(run, put):
        yield


@contextlib.contextmanager
def proposed_weights(run: LiveRun) -> Iterator[None]:
    """The weights that the method proposes, where they differ from those it trains at."""
    optimizer: Any = run.optimizer
    if not hasattr(optimizer, "eval"):
        yield
        return
    with _moved(run, optimizer.eval):
        try:
            yield
        finally:
            optimizer.train()


@contextlib.contextmanager
def _moved(run: LiveRun, put: Callable[[], object]) -> Iterator[None]:
    """Weights put elsewhere for a while.

    Batch normalisation's statistics, gathered at other weights, are taken anew from batches of the
    epoch that trains. What training goes on from is put back from a copy: undoing by arithmetic
    would leave rounding behind.
    """
    kept = [*run.parameters, *run.model.buffers()]
    copies = [tensor.detach().clone() for tensor in kept]
    put()
    if run.passes and batch_norms(run.model):
        _recalibrate(run)
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, value in zip(kept, copies, strict=True):
                tensor.copy_(value)


@torch.no_grad()
def _recalibrate(run: LiveRun) -> None:
    count = min(_RECALIBRATION_STEPS, len(run.passes))
    recalibrate(run.model, run.first_batches(count), run.forward)
