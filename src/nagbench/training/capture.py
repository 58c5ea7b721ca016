"""Recording a training step as a CUDA graph, and telling which steps can be recorded."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from nagbench.training.lane import Lane


class Unfit(Exception):  # noqa: N818 - no error: such a step is launched operation by operation
    """A step that a recording would not repeat."""


def host_state(optimizer: torch.optim.Optimizer, cpu_is_host: bool = True) -> list[Any]:
    """What an optimizer keeps on the host, and where its tensors lie, in a fixed order.

    A number in a tensor on the CPU is on the host, unless the CPU stands in for the device.
    """
    found: list[Any] = []
    _collect(vars(optimizer), found, set(), cpu_is_host)
    return found


def _collect(value: Any, found: list[Any], seen: set[int], cpu_is_host: bool) -> None:
    if isinstance(value, bool | int | float | str | complex):
        found.append(value)
    elif isinstance(value, Tensor):
        on_host = cpu_is_host and value.ndim == 0 and value.device.type == "cpu"
        found.append(value.item() if on_host else value.data_ptr())
    elif id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, Mapping):
            for key, entry in value.items():
                if not callable(entry):
                    found.append(key if isinstance(key, str) else None)
                    _collect(entry, found, seen, cpu_is_host)
        elif isinstance(value, list | tuple):
            for entry in value:
                _collect(entry, found, seen, cpu_is_host)


def unfitness(lane: Lane, before: list[Any]) -> str:
    """Why a recording of the step just taken would not repeat it; empty if nothing speaks against.

    `before` is the optimizer's `host_state` before the step. A first step, which makes the state,
    has nothing to be compared with.
    """
    after = host_state(lane.optimizer)
    if len(after) == len(before) and after != before:
        return "the optimizer changes numbers on the host, or makes its tensors anew"
    return ""


def record(lanes: Sequence[Lane]) -> Callable[[], None]:
    """A step of all lanes as one CUDA graph with a branch for each; returns what replays it.

    Each branch holds the kernels of its lane alone, so its results are those of the lane alone.
    """
    device = lanes[0].device
    graph = torch.cuda.CUDAGraph()
    streams = [torch.cuda.Stream(device) for _ in lanes]  # type: ignore[no-untyped-call]
    torch.cuda.synchronize(device)
    try:
        with torch.cuda.graph(graph):
            trunk = torch.cuda.current_stream(device)
            for lane, stream in zip(lanes, streams, strict=True):
                stream.wait_stream(trunk)
                with torch.cuda.stream(stream):
                    lane.step()
                lane.evaluations.pop()  # nothing was evaluated yet
            for stream in streams:
                trunk.wait_stream(stream)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:  # an operation that waits for the device, most often
        raise Unfit(f"not recordable: {str(error).splitlines()[0]}") from error
    return graph.replay
