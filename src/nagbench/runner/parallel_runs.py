"""How many lanes, runs side by side, a GPU trains before another one gains little."""

import itertools
from collections.abc import Callable, Sequence

import torch

from nagbench.engine.capture import WARM_UP, Capture, Whole
from nagbench.engine.clock import now
from nagbench.engine.graph import LANES, NotCapturable, capture_graph
from nagbench.engine.loop import gradient, step
from nagbench.engine.objective import objective
from nagbench.engine.recipe import Recipe
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import Splits

GAIN = 1.1  # what doubling the lanes must win in steps per second
_SECONDS = 0.3  # of replays that are timed


def measured_lanes(
    recipes: Sequence[Recipe],
    splits: Splits,
    device: torch.device,
    capture: Capture = capture_graph,
    clock: Callable[[torch.device], float] = now,
) -> int:
    """Double the lanes while it pays and fits; 1 where steps cannot be captured."""
    best, rate = 1, 0.0
    for count in itertools.takewhile(
        lambda count: count <= min(LANES, len(recipes)), (2**n for n in itertools.count())
    ):
        try:
            measured = _steps_per_second(recipes[:count], splits, device, capture, clock)
        except (torch.OutOfMemoryError, NotCapturable):
            break
        if measured < GAIN * rate:
            break
        best, rate = count, measured
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return best


def _steps_per_second(
    recipes: Sequence[Recipe],
    splits: Splits,
    device: torch.device,
    capture: Capture,
    clock: Callable[[torch.device], float],
) -> float:
    runs = [LiveRun(recipe, splits.train, device) for recipe in recipes]
    for run in runs:
        run.begin_epoch(run.plan(1))
    whole = Whole(step, gradient, objective, capture)
    while whole.captures(runs):  # after its first steps
        whole.train(runs, min(WARM_UP, runs[0].steps))
        for run in runs:
            run.rewind()
    steps, began = 0, clock(device)
    while (seconds := clock(device) - began) < _SECONDS:
        for _ in range(min(20, runs[0].steps)):
            whole.replay()
        for run in runs:
            run.rewind()
        steps += len(runs) * min(20, runs[0].steps)
    return steps / seconds
