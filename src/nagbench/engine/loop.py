"""Training, from the first batch to the last: epochs, batches, steps, evaluation, divergence.

`train` is the whole of it. What it is given decides every number; who calls it decides when to
stop, where to keep checkpoints and how many runs train side by side, and can change none.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.linalg import LinAlgError  # type: ignore[attr-defined]

from nagbench.engine.capture import Capture, CapturedSteps, NotCapturable, capture_graph
from nagbench.engine.clock import now
from nagbench.engine.evaluation import judge
from nagbench.engine.penalty import penalty
from nagbench.engine.plans import PlansAhead
from nagbench.engine.recipe import Recipe
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import Splits
from nagbench.engine.stretch import end_stretch, stretches
from nagbench.models.layers import statistics_held


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
        capture: How a step is captured, to be replayed: as a CUDA graph on a GPU if None.
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
    captured, execution = (CapturedSteps(step, capture), "graph") if capture else (None, "eager")
    if captured and live[0].recipe.closure:
        captured, execution = None, "eager (several gradients in a step)"
    plans = PlansAhead(device)
    while live := [run for run in live if not run.over]:
        before = [(run, run.state()) for run in live if captured and captured.captures(live)]
        for run in live:
            run.begin_epoch(plans.take(run))
        plans.prepare(live)
        try:
            for until in stretches(live):
                began = now(device)
                if captured:
                    captured.train(live, until)
                else:
                    for run in live:
                        train_steps(run, until)
                seconds = (now(device) - began) / len(live)
                for run in live:
                    if not run.over:
                        end_stretch(run, splits, until, seconds)
        except NotCapturable as why:  # some have taken steps: back to where all were before
            captured, execution, plans = None, f"eager ({why})", PlansAhead(device)
            live = [LiveRun(run.recipe, run.data, device, state, epochs) for run, state in before]
            continue
        yield live, execution


def train_steps(run: LiveRun, until: int) -> None:
    """The epoch's steps up to step `until`, operation by operation; on a CPU a run that diverges
    stops there."""
    with run.alone(training=True):
        while len(run.evaluations) < until and not run.over:
            try:
                step(run)
            except LinAlgError:  # a matrix that a method has no root of
                run.detector.breaks()
                break
            if run.device.type == "cpu" and run.detector.diverges(run.last_loss()):
                break


def step(run: LiveRun) -> None:
    """Train on the next batch; nothing here waits for the device.

    The remainder that fills no batch is left out: each epoch shuffles anew, so over epochs no
    example is favoured, and every step has the same shape and noise.
    """
    run.set_rates()
    images, labels = run.next_batch()
    first: list[Tensor] = []
    gradients = 0

    def gradient() -> Tensor:
        nonlocal gradients
        gradients += 1
        run.optimizer.zero_grad(set_to_none=True)
        # Batch normalisation remembers a batch once, however often a step evaluates it.
        with statistics_held(run.model) if first else contextlib.nullcontext():
            logits = run.forward(images)
        exact = logits.float() if logits.dtype == torch.bfloat16 else logits
        loss = run.loss(exact, labels, run.recipe)
        added = penalty(run.penalized, run.recipe)
        objective = loss if added is None else loss + added
        objective.backward(create_graph=run.recipe.create_graph)  # type: ignore[no-untyped-call]
        if not first:
            accuracy = (logits.detach().argmax(1) == labels).double().mean()
            first.extend([loss.detach().double(), accuracy, *run.gradient_norms()])
        return objective

    run.remember_weights()
    if run.recipe.closure:
        run.optimizer.step(gradient)  # type: ignore[arg-type]
    else:
        gradient()
        run.optimizer.step()
    run.evaluations.append(gradients)
    run.measure(first)
