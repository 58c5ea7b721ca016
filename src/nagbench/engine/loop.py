"""Training, from the first batch to the last: epochs, batches, steps, evaluation, divergence.

`train` is the whole of it. What it is given decides every number; who calls it decides when to
stop, where to keep checkpoints and how many runs train side by side, and can change none.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.linalg import LinAlgError  # type: ignore[attr-defined]

from nagbench.engine.capture import Capture, Eager, Execution, Gradient, Objective, Whole
from nagbench.engine.clock import now
from nagbench.engine.evaluation import judge
from nagbench.engine.graph import NotCapturable, capture_graph
from nagbench.engine.objective import forward, objective
from nagbench.engine.outcome import PASSES
from nagbench.engine.plans import PlansAhead
from nagbench.engine.recipe import Recipe
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import Splits
from nagbench.engine.stretch import end_stretch, stretches


def train(
    recipes: Sequence[Recipe],
    splits: Splits,
    device: torch.device,
    states: Sequence[dict[str, Any] | None],
    capture: Capture | None = None,
    epochs: int | None = None,
) -> Iterator[tuple[list[LiveRun], str]]:
    """Train runs side by side on one device, each from its beginning or its state to its end.

    Args:
        recipes: What to train; they differ in settings and seeds alone.
        splits: Training, validation and test images on the device.
        device: Where to train.
        states: For each recipe what `LiveRun.state` gave after an epoch, or None.
        capture: How work is captured, to be replayed: as a CUDA graph on a GPU if None.
        epochs: After how many epochs a run is stopped that its recipe would train for longer.

    Yields:
        After each epoch all runs that took part, ended ones too, and how they were executed.
    """
    pairs = zip(recipes, states, strict=True)
    live = [LiveRun(recipe, splits.train, device, state, epochs) for recipe, state in pairs]
    for run in live:
        if not run.outcome.curve["epoch"]:
            judge(run, splits, run.before_training())
    capture = capture or (capture_graph if device.type == "cuda" else None)
    execution: Execution = Whole(step, gradient, objective, capture) if capture else Eager(step)
    plans = PlansAhead(device)
    while live := [run for run in live if not run.over]:
        before = [(run, run.state()) for run in live if execution.captures(live)]
        for run in live:
            run.begin_epoch(plans.take(run))
        plans.prepare(live)
        try:
            for until in stretches(live):
                began = now(device)
                if isinstance(execution, Whole):
                    execution.train(live, until)
                else:
                    for run in live:
                        train_steps(run, until, execution.step)
                seconds = (now(device) - began) / len(live)
                for run in live:
                    if not run.over:
                        end_stretch(run, splits, until, seconds)
        except NotCapturable as why:  # some have taken steps: back to where all were before
            assert not isinstance(execution, Eager)
            execution, plans = execution.without(why), PlansAhead(device)
            live = [LiveRun(run.recipe, run.data, device, state, epochs) for run, state in before]
            continue
        yield live, execution.name


def train_steps(run: LiveRun, until: int, take: Callable[[LiveRun], None]) -> None:
    """Take the epoch's steps up to step `until`; on a CPU a run that diverges stops there."""
    with run.alone(training=True):
        while len(run.passes) < until and not run.over:
            try:
                take(run)
            except LinAlgError:  # a matrix that a method has no root of
                run.detector.breaks()
                break
            if run.device.type == "cpu" and run.detector.diverges(run.last_loss()):
                break


def gradient(run: LiveRun, first: bool) -> Tensor:
    """The objective, its gradient left in the parameters; a step records what its `first` gives."""
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
    objective: Objective = objective,
    finish: Callable[[LiveRun], None] = LiveRun.measure,
) -> None:
    """Train on the next batch; nothing here waits for the device.

    The remainder that fills no batch is left out: each epoch shuffles anew, so over epochs no
    example is favoured, and every step has the same shape and noise.
    """
    passes = 0

    def closure() -> Tensor:
        nonlocal passes
        if not torch.is_grad_enabled():  # the objective alone is wanted
            if not passes:
                raise RuntimeError("its closure is called without gradients before with them")
            passes += 1
            return objective(run)
        passes += PASSES
        return gradient(run, passes == PASSES)

    run.set_rates()
    begin(run)
    if run.recipe.closure:
        run.optimizer.step(closure)  # type: ignore[arg-type]
        if not passes:
            raise RuntimeError("a step calls no closure, though the study says `closure: true`")
    else:
        closure()
        run.optimizer.step()
    run.passes.append(passes)
    finish(run)
