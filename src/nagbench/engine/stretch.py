"""A stretch: the steps between two evaluations. Which there are in an epoch, and how each ends."""

from collections.abc import Sequence

import numpy as np

from nagbench.engine.evaluation import judge
from nagbench.engine.outcome import HALVED, PASSES, measures
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import Splits


def stretches(runs: Sequence[LiveRun]) -> list[int]:
    """The steps of the epoch that runs begin side by side after which one of them is judged.

    The first half is the shorter one; an epoch of a single step has none.
    """
    steps = runs[0].steps
    half = steps // 2 if any(run.epoch < HALVED for run in runs) else 0
    return [half, steps] if half else [steps]


def end_stretch(run: LiveRun, splits: Splits, until: int, seconds: float) -> None:
    """Take in the steps that a run has trained, in `seconds`, up to step `until`, and judge it.

    What it did after the step at which it diverged, beside others, counts for nothing.
    """
    run.outcome.train_seconds += seconds
    whole, first = until == run.steps, run.epoch * run.steps
    if not whole and run.epoch >= HALVED:
        return  # another run is judged here
    before = len(run.losses)
    steps, passes = run.measured()[before - first :], run.passes[before - first :]
    for loss in steps[run.detector.seen - before :, 0]:
        if run.detector.diverges(loss):
            break
    diverged = run.detector.diverged_at
    taken = steps if diverged is None else steps[: diverged - before + 1]
    run.losses = np.concatenate([run.losses, taken[:, 0]])
    run.outcome.gradient_evaluations += sum(passes[: len(taken)]) / PASSES
    run.epoch += whole
    if diverged is None:
        measured = measures(steps, run.losses) | {"learning_rate": run.learning_rate()}
        if judge(run, splits, {**measured, "epoch": run.epoch if whole else run.epoch + 0.5}):
            if run.over and run.epoch < run.recipe.epochs:
                run.outcome.status = "stopped"
            return
        diverged = len(run.losses)  # the last step broke the weights, which no step has seen
    run.outcome.status, run.outcome.diverged_step = "diverged", diverged
