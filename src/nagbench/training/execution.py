"""How the steps of an epoch reach the device: one by one, or as replays of a recorded step."""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch.linalg import LinAlgError  # type: ignore[attr-defined]

from nagbench.training.capture import Unfit, host_state, record, unfitness
from nagbench.training.lane import Lane
from nagbench.training.run import RunInTraining


class Execution(Protocol):
    """A way to train an epoch of several runs, all of which have begun it."""

    description: str

    def train_epoch(self, runs: Sequence[RunInTraining]) -> None: ...


class Eager:
    """Every operation is launched when its turn comes: the reference.

    On a CPU, where looking costs nothing, a run that diverges stops at that step.
    """

    def __init__(self, why: str = "") -> None:
        self.description = f"eager ({why})" if why else "eager"

    def train_epoch(self, runs: Sequence[RunInTraining]) -> None:
        for run in runs:
            looks = run.lane.device.type == "cpu"
            for _ in range(run.lane.steps):
                try:
                    run.lane.step()
                except LinAlgError:  # a matrix that a method has no root of
                    run.breaks()
                    break
                if looks and run.diverges_at(run.lane.last_loss()):
                    break


Recorder = Callable[[Sequence[Lane]], Callable[[], None]]
WARM_UP = 3  # steps before a recording


class Replayed:
    """A step of all lanes is recorded as one graph, and an epoch is its replays.

    The first steps are taken one by one: in them optimizers make their state and libraries their
    workspaces, neither of which may happen in a recording. They are steps of the run like all
    others, and launch the same kernels as the recording.
    """

    description = "graph"

    def __init__(self, recorder: Recorder = record) -> None:
        self._record = recorder
        self._recorded: list[Lane] = []
        self._replay: Callable[[], None] = lambda: None

    def train_epoch(self, runs: Sequence[RunInTraining]) -> None:
        lanes = [run.lane for run in runs]
        taken = 0
        if not self._recorded:
            taken = min(WARM_UP, lanes[0].steps)
            self._warm_up(lanes, taken)
        # A branch cannot be left out of a recording. Those whose runs are over go on unread, until
        # they are the greater part.
        if len(lanes) <= len(self._recorded) // 2 or not self._recorded:
            self._recorded = lanes
            self._replay = self._record(lanes)
        for lane in self._recorded:
            if lane not in lanes:
                lane.rewind()
        for _ in range(taken, lanes[0].steps):
            self._replay()
        for lane in lanes:
            lane.evaluations += [1] * (lane.steps - taken)

    def _warm_up(self, lanes: Sequence[Lane], steps: int) -> None:
        for lane in lanes:
            for _ in range(steps):
                before = host_state(lane.optimizer)
                lane.step()
                if why := unfitness(lane, before):
                    raise Unfit(why)


def execution_for(runs: Sequence[RunInTraining], device: torch.device) -> Execution:
    """Replays on a GPU where the optimizer allows it."""
    if device.type == "cpu":
        return Eager()
    if runs[0].lane.closure_wanted:
        return Eager("the optimizer evaluates several gradients in a step")
    return Replayed()
