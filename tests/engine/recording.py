"""Graph capture emulated on a CPU: operations are recorded, and replayed with what they were given.

As in a CUDA graph, a replay repeats numbers that the host had worked out, and reads and writes the
tensors that were there; results go where the first ones lie. What the graph does beside that is not
emulated: streams, memory pools, the device's own kernels.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from nagbench.engine.graph import NotCapturable
from nagbench.engine.run import LiveRun

# What makes the host wait for the device, or copies from the host, which a capture refuses.
REFUSED = {
    *("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal", "lift_fresh"),
    *("is_pinned", "_unique2", "unique_dim"),
}
Call = tuple[Any, Any, Any, Any]


class Recording(TorchDispatchMode):
    """Keeps every operation with its arguments and results, and takes back what it wrote."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[Call] = []
        self._made: set[int] = set()  # storages of results, by place
        self._before: dict[int, tuple[Any, Any]] = {}  # others that were written, and copies

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if func.overloadpacket.__name__ in REFUSED:
            raise RuntimeError(f"{func} waits for the device")
        for tensor in _written(func, args, kwargs or {}):
            storage = tensor.untyped_storage()
            place = storage.data_ptr()
            if place not in self._made and place not in self._before:
                self._before[place] = storage, storage.clone()
        result = func(*args, **(kwargs or {}))
        copied = tree_map(lambda value: value, (args, kwargs or {}))  # lists of the caller's
        self._calls.append((func, *copied, result))
        results = {_place(value) for value in tree_leaves(result) if _is_tensor(value)}
        self._made |= results - {_place(value) for value in tree_leaves(args) if _is_tensor(value)}
        return result

    def take_back(self) -> None:
        """Put every storage that was written back as it was."""
        for storage, copy in self._before.values():
            storage.copy_(copy)

    @torch.no_grad()
    def replay(self) -> None:
        """Do all of it again, with the numbers that lie in the tensors now."""
        for func, args, kwargs, result in self._calls:
            if func.is_view:
                continue
            anew = func(*args, **kwargs)
            for old, new in zip(tree_leaves(result), tree_leaves(anew), strict=True):
                if _is_tensor(old) and _place(old) != _place(new):
                    old.copy_(new)


def record(branches: Sequence[Callable[[], object]], _: torch.device) -> Callable[[], None]:
    """Stands in for `capture_graph`."""
    with Recording() as recording:
        try:
            for branch in branches:
                branch()
        except RuntimeError as error:
            recording.take_back()
            raise NotCapturable(f"not capturable: {error}") from error
    recording.take_back()
    return recording.replay


@pytest.fixture
def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs on the CPU have optimizers and rates as on a GPU."""
    monkeypatch.setattr(LiveRun, "on_gpu", True)
    name = "_get_capturable_supported_devices"
    for module in [sys.modules[path] for path in sys.modules if path.startswith("torch.optim")]:
        if hasattr(module, name):
            monkeypatch.setattr(module, name, lambda *_, **__: ["cpu", "cuda"])


def _written(func: Any, args: Any, kwargs: Any) -> Iterator[Tensor]:
    """The tensors that an operation writes."""
    if func.overloadpacket.__name__ == "native_batch_norm":  # its schema does not say so
        yield from (tensor for tensor in args[3:5] if tensor is not None)
    schema = func._schema.arguments
    given = [*zip(schema, args, strict=False)]
    given += [(entry, kwargs[entry.name]) for entry in schema if entry.name in kwargs]
    for entry, value in given:
        if entry.alias_info is not None and entry.alias_info.is_write:
            yield from (leaf for leaf in tree_leaves(value) if _is_tensor(leaf))


def _is_tensor(value: object) -> bool:
    return isinstance(value, Tensor)


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
