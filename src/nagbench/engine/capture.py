"""How steps are executed: replayed whole, replayed beside the optimizer, or launched one by one.

On a GPU the first way is tried, and where a replay would not repeat a step, the next.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from nagbench.engine import numerics
from nagbench.engine.graph import NotCapturable
from nagbench.engine.host_state import watched
from nagbench.engine.run import LiveRun

Gradient = Callable[[LiveRun, bool], Tensor]
Objective = Callable[[LiveRun], Tensor]
# Given work in branches, and the device, what replays all of it: `graph.capture_graph` on a GPU.
Capture = Callable[[Sequence[Callable[[], object]], torch.device], Callable[[], None]]

WARM_UP = 3  # steps before a capture


class Step(Protocol):
    """The loop's `step`, in whose place parts of it can be put."""

    def __call__(
        self,
        run: LiveRun,
        begin: Callable[[LiveRun], None] = ...,
        gradient: Gradient = ...,
        objective: Objective = ...,
        finish: Callable[[LiveRun], None] = ...,
    ) -> None: ...


class Eager:
    """Every operation is launched by itself."""

    def __init__(self, step: Step, why: str = "") -> None:
        self.name = f"eager ({why})" if why else "eager"
        self.step = step

    def captures(self, runs: Sequence[LiveRun]) -> bool:  # noqa: ARG002
        return False


class Split:
    """A step's passes and measurements are captured, and its optimizer is launched between them.

    Runs train one after another, as they do without any capture. The first steps are taken as they
    are, as in `Whole`.
    """

    def __init__(
        self, step: Step, gradient: Gradient, objective: Objective, capture: Capture, why: str
    ) -> None:
        self.name = f"graph beside the optimizer ({why})"
        self._step, self._functions, self._capture = step, (gradient, objective), capture
        self._taken: dict[LiveRun, int] = {}
        self._parts: dict[LiveRun, Parts] = {}

    def captures(self, runs: Sequence[LiveRun]) -> bool:
        """Whether an epoch of these runs begins with a capture."""
        self._parts = {run: parts for run, parts in self._parts.items() if run in runs}
        return len(self._parts) < len(runs)

    def without(self, why: object) -> Eager:
        """The next way, if this one is barred."""
        return Eager(self._step, str(why))

    def step(self, run: LiveRun) -> None:
        """Take a step, of captured parts once there are any."""
        taken = self._taken.get(run, 0)
        if taken == WARM_UP:
            if run not in self._parts:
                self._parts[run] = Parts(run, *self._functions, self._capture)
            parts = self._parts[run]
            self._step(run, parts.begin, parts.gradient, parts.objective, parts.finish)
            return
        if taken == 0:  # which makes the optimizer's state: there is nothing to compare it with
            self._step(run)
        else:
            watched(run, self._step, whole=False)
        self._taken[run] = taken + 1


class Whole:
    """A step of all runs is captured as one graph, and an epoch is its replays.

    The first steps are taken one by one: in them optimizers make their state and libraries their
    workspaces, neither of which may happen in a capture. They are steps of the run like all others,
    and launch the same kernels as the captured one.
    """

    name = "graph"

    def __init__(
        self, step: Step, gradient: Gradient, objective: Objective, capture: Capture
    ) -> None:
        self._step, self._functions, self._capture = step, (gradient, objective), capture
        self._captured: list[LiveRun] = []
        self._taken = 0
        self._passes: dict[LiveRun, int] = {}  # that a replay takes
        self.replay: Callable[[], None] = lambda: None

    def captures(self, runs: Sequence[LiveRun]) -> bool:
        """Whether an epoch of these runs begins with a capture.

        A branch cannot be left out of a graph. Those whose runs are over go on unread, until they
        are the greater part.
        """
        return not self._captured or len(runs) <= len(self._captured) // 2

    def without(self, why: object) -> Split:
        """The next way, if this one is barred."""
        return Split(self._step, *self._functions, self._capture, str(why))

    def train(self, runs: Sequence[LiveRun], until: int) -> None:
        """Train several runs, all of which have begun an epoch, up to its step `until`."""
        if self._taken < WARM_UP:
            self._warm_up(runs, min(WARM_UP - self._taken, until - len(runs[0].passes)))
        left = until - len(runs[0].passes)
        if left == 0:
            return
        if self.captures(runs):
            self.replay = self._capture([self._branch(run) for run in runs], runs[0].device)
            self._captured = list(runs)
        for run in self._captured:
            if run not in runs:
                run.rewind()
        for _ in range(left):
            self.replay()
        for run in runs:
            run.passes += [self._passes[run]] * left

    def _branch(self, run: LiveRun) -> Callable[[], None]:
        def work() -> None:
            self._step(run)
            self._passes[run] = run.passes.pop()  # which a replay does not count

        return work

    def _warm_up(self, runs: Sequence[LiveRun], steps: int) -> None:
        for run in runs:
            run.put_rates_on_device()
            with run.alone(training=True):
                generators = numerics.generators()
                for n in range(steps):
                    self._take(run, first=self._taken + n == 0)
                if numerics.generators() != generators:
                    raise NotCapturable("the optimizer draws random numbers")
        self._taken += steps

    def _take(self, run: LiveRun, first: bool) -> None:
        try:
            if first:  # which makes the optimizer's state: there is nothing to compare it with
                self._step(run)
            else:
                watched(run, self._step, whole=True)
        except (NotCapturable, torch.OutOfMemoryError):
            raise
        except Exception as error:  # perhaps of a rate that is a tensor; else the next way meets it
            raise NotCapturable(f"the optimizer fails: {type(error).__name__}") from error


Execution = Whole | Split | Eager


class Parts:
    """What is captured of one run's step: its beginning, its passes, its end."""

    def __init__(
        self, run: LiveRun, gradient: Gradient, objective: Objective, capture: Capture
    ) -> None:
        self._begin = _Part(run.begin_step, run, capture)
        passes = [True, False] if run.recipe.closure else [True]
        self._gradients = {
            first: _Part(_with_gradients(run, gradient, first), run, capture) for first in passes
        }
        if run.recipe.closure:
            self._objective = _Part(torch.no_grad()(lambda: objective(run)), run, capture)
        self._finish = _Part(run.measure, run, capture)

    def begin(self, _: LiveRun) -> None:
        self._begin.replay()

    def gradient(self, run: LiveRun, first: bool) -> Tensor:
        """The objective, anew in each call, its gradient in the parameters."""
        part = self._gradients[first]
        part.replay()
        objective: Tensor = part.result[0]
        for parameter, found in zip(run.parameters, part.result[1], strict=True):
            parameter.grad = found
        return objective.clone()

    def objective(self, _: LiveRun) -> Tensor:
        """The objective alone, anew in each call."""
        self._objective.replay()
        found: Tensor = self._objective.result.clone()
        return found

    def finish(self, _: LiveRun) -> None:
        self._finish.replay()


class _Part:
    """Captured work, and what it gave back, at the place where each replay puts it."""

    def __init__(self, work: Callable[[], Any], run: LiveRun, capture: Capture) -> None:
        self.result: Any = None

        def branch() -> None:
            self.result = work()

        self.replay = capture([branch], run.device)


def _with_gradients(run: LiveRun, gradient: Gradient, first: bool) -> Callable[[], Any]:
    def work() -> tuple[Tensor, list[Tensor | None]]:
        objective = gradient(run, first).detach()
        return objective, [parameter.grad for parameter in run.parameters]

    return work
