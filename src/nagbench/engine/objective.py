"""What a step makes small: the loss on its batch, and what is added to it."""

import contextlib

import torch
from torch import Tensor

from nagbench.engine.penalty import penalty
from nagbench.engine.run import LiveRun
from nagbench.models.layers import statistics_held


def forward(run: LiveRun, first: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, loss and objective on the step's batch, at the weights as they are.

    Batch normalisation remembers a batch once, at the `first` of the passes that a step takes.
    """
    with contextlib.nullcontext() if first else statistics_held(run.model):
        logits = run.forward(run.images)
    exact = logits.float() if logits.dtype == torch.bfloat16 else logits
    loss = run.loss(exact, run.labels, run.recipe)
    added = penalty(run.penalized, run.recipe)
    return logits, loss, loss if added is None else loss + added


def objective(run: LiveRun) -> Tensor:
    """The objective alone, of which no gradient is taken."""
    return forward(run)[-1]
