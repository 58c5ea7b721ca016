"""Telling which steps a replay would repeat: by what they leave on the host, and where."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nagbench.engine.graph import NotCapturable
from nagbench.engine.run import LiveRun


def watched(run: LiveRun, step: Callable[[LiveRun], None], whole: bool) -> None:
    """Take a step; `NotCapturable` if replays of its passes would read or write elsewhere.

    With `whole`, also if replays of the optimizer's part would not repeat it.
    """
    weights, state = _weights(run), host_state(run.optimizer, not run.on_gpu) if whole else []
    step(run)
    if _weights(run) != weights:
        raise NotCapturable("the optimizer makes its weights anew")
    if keeps_gradients(run):
        raise NotCapturable("the optimizer keeps a gradient, which the next one overwrites")
    if any(p.grad is not None and p.grad.requires_grad for p in run.parameters) and not whole:
        raise NotCapturable("the optimizer differentiates the gradient")
    if whole and host_state(run.optimizer, not run.on_gpu) != state:
        raise NotCapturable("the optimizer changes numbers on the host, or makes its tensors anew")


def host_state(optimizer: torch.optim.Optimizer, cpu_is_host: bool = True) -> list[Any]:
    """What an optimizer keeps on the host, and where its tensors lie, in a fixed order.

    A number in a tensor on the CPU is on the host, unless the CPU stands in for the device.
    """

    def entry(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        on_host = cpu_is_host and value.ndim == 0 and value.device.type == "cpu"
        return value.item() if on_host else value.data_ptr()

    return [entry(value) for value in _leaves(vars(optimizer), set())]


def keeps_gradients(run: LiveRun) -> bool:
    """Whether a gradient itself, not a copy, is part of what the optimizer keeps."""
    kept = (value for value in _leaves(vars(run.optimizer), set()) if isinstance(value, Tensor))
    places = {value.untyped_storage().data_ptr() for value in kept}
    gradients = [p.grad for p in run.parameters if p.grad is not None]
    return any(gradient.untyped_storage().data_ptr() in places for gradient in gradients)


def _weights(run: LiveRun) -> list[int]:
    return [tensor.data_ptr() for tensor in run.model.state_dict().values()]


def _leaves(value: Any, seen: set[int]) -> Iterator[Any]:
    """Numbers, texts and tensors within containers and plain objects, each of these once."""
    if value is None or isinstance(value, bool | int | float | str | complex):
        yield value
    elif isinstance(value, np.ndarray | np.generic):
        yield value.tobytes()
    elif id(value) in seen or isinstance(value, nn.Module | type):
        return
    elif isinstance(value, Tensor):
        seen.add(id(value))
        yield value
    elif isinstance(value, Mapping):
        seen.add(id(value))
        for key, entry in value.items():
            yield key if isinstance(key, str) else None
            yield from _leaves(entry, seen)
    elif isinstance(value, list | tuple):
        seen.add(id(value))
        for entry in value:
            yield from _leaves(entry, seen)
    elif hasattr(value, "__dict__") and not callable(value):
        seen.add(id(value))
        yield from _leaves(vars(value), seen)
