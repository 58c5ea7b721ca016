"""What the machine could do at most: products, copies, and a network's convolutions alone."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from nagbench.engine.clock import now
from nagbench.engine.loop import step
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import compute_dtype

_SECONDS = 0.5


def _per_second(work: Callable[[], object], device: torch.device) -> float:
    """How often `work` is done in a second."""
    for _ in range(3):
        work()
    count, began = 0, now(device)
    while time.perf_counter() - began < _SECONDS:
        work()
        count += 1
    return count / (now(device) - began)


def matrix_ceiling(precision: str, device: torch.device) -> float:
    """Operations a second in large products, an addition counted too."""
    size = 8192 if device.type == "cuda" else 2048
    left, right = (
        torch.randn(size, size, device=device).to(compute_dtype(precision)) for _ in "ab"
    )
    return 2 * size**3 * _per_second(lambda: left @ right, device)


def memory_ceiling(device: torch.device) -> float:
    """Bytes a second read and written by a copy that no cache holds."""
    source = torch.zeros(2**28 if device.type == "cuda" else 2**26, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes * _per_second(lambda: target.copy_(source), device)


def traffic(run: LiveRun) -> int:
    """Bytes that the operations of a step read and write, each operation by itself."""
    run.rewind()
    with _Counted() as counted:
        step(run)
    run.rewind()
    return counted.bytes


# Operations that read of their first argument only what they give back.
_GATHERS = ("index", "index_select", "gather")


class _Counted(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            gathers = func.overloadpacket.__name__ in _GATHERS
            read = (result, *args[1:]) if gathers else args
            flat, _ = torch.utils._pytree.tree_flatten((read, kwargs, result))
            self.bytes += sum(_extent(value) for value in flat if isinstance(value, Tensor))
        return result


def _extent(tensor: Tensor) -> int:
    """Bytes that lie behind a tensor: a window that is moved over images holds each only once."""
    return min(tensor.nbytes, tensor.untyped_storage().nbytes())


class Floor:
    """A step's convolutions and matrix products and nothing else: with gradients, at its shapes."""

    def __init__(self, run: LiveRun) -> None:
        self._dtype = compute_dtype(run.recipe.precision)
        self._calls: list[tuple[nn.Module, Tensor, Tensor, list[Tensor]]] = []
        hooks = [
            module.register_forward_hook(self._keep)
            for module in run.model.modules()
            if isinstance(module, nn.Conv2d | nn.Linear)
        ]
        run.rewind()
        step(run)
        run.rewind()
        for hook in hooks:
            hook.remove()

    def _keep(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        copy = type(module).__new__(type(module))
        copy.__dict__ = dict(module.__dict__)
        copy._parameters = {
            name: None
            if value is None
            else nn.Parameter(value.detach().to(self._dtype), value.requires_grad)
            for name, value in module._parameters.items()
        }
        needed = inputs[0].requires_grad  # the images' own gradient is never taken
        images = inputs[0].detach().to(self._dtype).requires_grad_(needed)
        learned = [p for p in copy.parameters() if p.requires_grad]
        gradient = torch.randn_like(output.detach().to(self._dtype))
        self._calls.append((copy, images, gradient, [*learned, *([images] if needed else [])]))

    def step(self) -> None:
        for module, images, gradient, wanted in self._calls:
            for leaf in wanted:
                leaf.grad = None
            module(images).backward(gradient)
