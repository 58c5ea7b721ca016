"""Steps captured as a CUDA graph and replayed, and telling which steps can be."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from nagbench.engine import numerics
from nagbench.engine.run import LiveRun

Step = Callable[[LiveRun], None]
Capture = Callable[[Sequence[LiveRun], Step], Callable[[], None]]

WARM_UP = 3  # steps before a capture


class NotCapturable(Exception):  # noqa: N818 - no error: such a step is launched operation by operation
    """A step whose replay would not repeat it."""


class CapturedSteps:
    """A step of all runs is captured as one graph, and an epoch is its replays.

    The first steps are taken one by one: in them optimizers make their state and libraries their
    workspaces, neither of which may happen in a capture. They are steps of the run like all others,
    and launch the same kernels as the captured one.
    """

    def __init__(self, step: Step, capture: Capture) -> None:
        self._step, self._capture = step, capture
        self._captured: list[LiveRun] = []
        self._warm = 0  # steps taken one by one
        self._replay: Callable[[], None] = lambda: None

    def captures(self, runs: Sequence[LiveRun]) -> bool:
        """Whether an epoch of these runs begins with a capture.

        A branch cannot be left out of a graph. Those whose runs are over go on unread, until they
        are the greater part.
        """
        return not self._captured or len(runs) <= len(self._captured) // 2

    def train(self, runs: Sequence[LiveRun], until: int) -> None:
        """Train several runs, all of which have begun an epoch, up to its step `until`."""
        if self._warm < WARM_UP:
            self._warm_up(runs, min(WARM_UP - self._warm, until - len(runs[0].evaluations)))
        if self._warm < WARM_UP:
            return  # too few to know the step
        if self.captures(runs):
            self._replay = self._capture(runs, self._step)
            self._captured = list(runs)
        for run in self._captured:
            if run not in runs:
                run.rewind()
        left = until - len(runs[0].evaluations)
        for _ in range(left):
            self._replay()
        for run in runs:
            run.evaluations += [1] * left

    def _warm_up(self, runs: Sequence[LiveRun], steps: int) -> None:
        self._warm += steps
        for run in runs:
            with run.alone(training=True):
                generators = numerics.generators()
                for _ in range(steps):
                    before = host_state(run.optimizer)
                    self._step(run)
                    after = host_state(run.optimizer)
                    # A first step, which makes the state, has nothing to be compared with.
                    if len(after) == len(before) and after != before:
                        raise NotCapturable(
                            "the optimizer changes numbers on the host, or makes its tensors anew"
                        )
                if numerics.generators() != generators:
                    raise NotCapturable("the optimizer draws random numbers")


def capture_graph(runs: Sequence[LiveRun], step: Step) -> Callable[[], None]:
    """A step of all runs as one CUDA graph with a branch for each; returns what replays it.

    Each branch holds the kernels of its run alone, so its results are those of the run alone.
    """
    device = runs[0].device
    graph = torch.cuda.CUDAGraph()
    streams = [torch.cuda.Stream(device) for _ in runs]  # type: ignore[no-untyped-call]
    torch.cuda.synchronize(device)
    try:
        with torch.cuda.graph(graph):
            trunk = torch.cuda.current_stream(device)
            for run, stream in zip(runs, streams, strict=True):
                stream.wait_stream(trunk)
                with torch.cuda.stream(stream):
                    step(run)
                run.evaluations.pop()  # nothing was evaluated yet
            for stream in streams:
                trunk.wait_stream(stream)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:  # an operation that waits for the device, most often
        raise NotCapturable(f"not capturable: {str(error).splitlines()[0]}") from error
    return graph.replay


def host_state(optimizer: torch.optim.Optimizer, cpu_is_host: bool = True) -> list[Any]:
    """What an optimizer keeps on the host, and where its tensors lie, in a fixed order.

    A number in a tensor on the CPU is on the host, unless the CPU stands in for the device.
    """
    entries: list[Any] = []
    _collect(vars(optimizer), entries, set(), cpu_is_host)
    return entries


def _collect(value: Any, entries: list[Any], seen: set[int], cpu_is_host: bool) -> None:
    if isinstance(value, bool | int | float | str | complex):
        entries.append(value)
    elif isinstance(value, Tensor):
        on_host = cpu_is_host and value.ndim == 0 and value.device.type == "cpu"
        entries.append(value.item() if on_host else value.data_ptr())
    elif id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, Mapping):
            for key, entry in value.items():
                if not callable(entry):
                    entries.append(key if isinstance(key, str) else None)
                    _collect(entry, entries, seen, cpu_is_host)
        elif isinstance(value, list | tuple):
            for entry in value:
                _collect(entry, entries, seen, cpu_is_host)
