"""A step: a batch, its gradient, what the optimizer makes of it, and what is measured."""

import contextlib
from collections.abc import Callable

import torch
from torch import Tensor

from nagbench.engine.capture import Gradient
from nagbench.engine.outcome import PASSES
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


def gradient(run: LiveRun, first: bool) -> Tensor:
    """The objective, whose gradient is left in the parameters.

    What a step records is measured at its `first` one.
    """
    run.optimizer.zero_grad(set_to_none=True)
    logits, loss, objective = forward(run, first)
    objective.backward(create_graph=run.recipe.create_graph)  # type: ignore[no-untyped-call]
    if first:
        accuracy = (logits.detach().argmax(1) == run.labels).double().mean()
        run.numbers = [loss.detach().double(), accuracy, *run.gradient_norms()]
    return objective


def step(
    run: LiveRun,
    begin: Callable[[LiveRun], None] = LiveRun.begin_step,
    gradient: Gradient = gradient,
    finish: Callable[[LiveRun], None] = LiveRun.measure,
) -> None:
    """Train on the next batch; nothing here waits for the device.

    The remainder that fills no batch is left out: each epoch shuffles anew, so over epochs no
    example is favoured, and every step has the same shape and noise.
    """
    passes = 0

    def closure() -> Tensor:
        nonlocal passes
        if passes and not torch.is_grad_enabled():  # the objective alone is wanted
            passes += 1
            return forward(run)[-1]
        passes += PASSES
        return gradient(run, passes == PASSES)

    run.set_rates()
    begin(run)
    if run.recipe.closure:
        run.optimizer.step(closure)  # type: ignore[arg-type]
    else:
        closure()
        run.optimizer.step()
    run.passes.append(passes)
    finish(run)
