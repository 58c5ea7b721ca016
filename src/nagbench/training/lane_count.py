"""How many lanes a GPU trains side by side before another one gains little."""

import itertools
from collections.abc import Callable, Sequence

import torch

from nagbench.study import Run, Unit
from nagbench.training.capture import Unfit, record
from nagbench.training.clock import now
from nagbench.training.execution import WARM_UP, Recorder
from nagbench.training.lane import Lane
from nagbench.training.splits import Splits

MOST = 32
GAIN = 1.1  # what doubling the lanes must win in steps per second
_SECONDS = 0.3  # of replays that are timed


def measured_lanes(
    unit: Unit,
    runs: Sequence[Run],
    splits: Splits,
    device: torch.device,
    recorder: Recorder = record,
    clock: Callable[[torch.device], float] = now,
) -> int:
    """Double the lanes while it pays and fits; 1 where steps cannot be recorded."""
    best, rate = 1, 0.0
    for count in itertools.takewhile(
        lambda count: count <= min(MOST, len(runs)), (2**n for n in itertools.count())
    ):
        try:
            found = _steps_per_second(unit, runs[:count], splits, device, recorder, clock)
        except (torch.OutOfMemoryError, Unfit):
            break
        if found < GAIN * rate:
            break
        best, rate = count, found
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return best


def _steps_per_second(
    unit: Unit,
    runs: Sequence[Run],
    splits: Splits,
    device: torch.device,
    recorder: Recorder,
    clock: Callable[[torch.device], float],
) -> float:
    lanes = [Lane(run, unit.workload, unit.optimizer, device, splits.train) for run in runs]
    for lane in lanes:
        lane.begin_epoch(lane.plan_tables(1))
        for _ in range(WARM_UP):
            lane.step()
        lane.rewind()
    replay = recorder(lanes)
    steps, began = 0, clock(device)
    while (seconds := clock(device) - began) < _SECONDS:
        for _ in range(min(20, lanes[0].steps)):
            replay()
        for lane in lanes:
            lane.rewind()
        steps += len(lanes) * min(20, lanes[0].steps)
    return steps / seconds
