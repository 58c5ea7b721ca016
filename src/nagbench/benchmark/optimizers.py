"""What each optimizer's step costs beside gradient descent's, and what state it keeps."""

import inspect
import statistics
from collections.abc import Mapping
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from nagbench.benchmark.cases import case_of
from nagbench.data.cifar10 import SET
from nagbench.engine import build
from nagbench.engine.clock import now
from nagbench.engine.host_state import host_state
from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.spec import OptimizerSpec

_SECONDS = 0.05  # of a turn
BASE = "sgd"


class _Timed:
    """An optimizer over a network's parameters, with gradients that stay."""

    def __init__(self, row: OptimizerSpec, model: str, device: torch.device) -> None:
        if row.create_graph:
            found = "differentiates gradients, which here have no graph"
            raise InputError(f"optimizer {row.name}", found, "others")
        self.row, self._device = row, device
        recipe = case_of(row, model, {**row.defaults, "lr": 1e-8})
        network = build.network(recipe, SET.inputs, SET.classes).to(device)
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.optimizer: Any = build.optimizer(recipe, self.parameters, device.type)
        stream = torch.Generator().manual_seed(0)
        self.gradients = [
            torch.randn(p.shape, generator=stream).mul_(1e-3).to(device) for p in self.parameters
        ]
        if hasattr(self.optimizer, "train"):
            self.optimizer.train()
        self._steps = 1
        for _ in range(3):
            self._step()
        self.capturable = self._is_capturable()

    def _is_capturable(self) -> bool:
        """Whether a GPU can replay the step: torch says so of its own, others are watched."""
        if self.row.closure:
            return False
        if "capturable" in inspect.signature(type(self.optimizer)).parameters:
            return True
        before = host_state(self.optimizer, cpu_is_host=False)
        with _Watched() as watched:
            self._step()
        return not watched.waited and host_state(self.optimizer, cpu_is_host=False) == before

    def _step(self) -> None:
        # Given anew in each step: some methods write into the gradients.
        for parameter, gradient in zip(self.parameters, self.gradients, strict=True):
            parameter.grad = gradient.clone()
        self.optimizer.step(*([self._loss] if self.row.closure else []))

    def _loss(self) -> torch.Tensor:
        return torch.ones((), device=self._device)

    def turn(self) -> float:
        """Seconds of a step."""
        began = now(self._device)
        for _ in range(self._steps):
            self._step()
        taken = now(self._device) - began
        seconds = taken / self._steps
        self._steps = max(1, round(self._steps * _SECONDS / taken))
        return seconds

    def bytes_per_parameter(self) -> float:
        """Of what the optimizer keeps, the gradients not among it."""
        kept: dict[int, int] = {}
        _weigh(self.optimizer.state, kept)
        return sum(kept.values()) / sum(p.numel() for p in self.parameters)


class _Watched(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes whether an operation asked the device for a number."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.waited = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.waited |= func.overloadpacket.__name__ in ("_local_scalar_dense", "nonzero")
        return func(*args, **(kwargs or {}))


def _weigh(value: Any, kept: dict[int, int]) -> None:
    if isinstance(value, torch.Tensor):
        kept[value.data_ptr()] = value.numel() * value.element_size()
    elif isinstance(value, Mapping):
        for entry in value.values():
            _weigh(entry, kept)
    elif isinstance(value, list | tuple):
        for entry in value:
            _weigh(entry, kept)


def costs(model: str, device: str, rounds: int) -> list[dict[str, Any]]:
    """One row an optimizer, timed in turns; a library that is not there is a row without numbers.

    A step's time holds the giving of its gradients, the same for all. Line searches are timed with
    a loss that costs nothing.
    """
    timed, missing = {}, {}
    for name, row in CATALOGUE.items():
        try:
            timed[name] = _Timed(row, model, torch.device(device))
        except InputError as error:
            missing[name] = str(error)
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for entry in timed.values():
        entry.turn()
    for _ in range(rounds):
        for name, entry in timed.items():
            seconds[name].append(entry.turn())
    base = statistics.median(seconds[BASE])
    return [
        {
            "optimizer": name,
            "step": statistics.median(seconds[name]) if name in timed else None,
            "over_sgd": statistics.median(seconds[name]) / base if name in timed else None,
            "bytes": timed[name].bytes_per_parameter() if name in timed else None,
            "capturable": timed[name].capturable if name in timed else None,
            "missing": missing.get(name, ""),
        }
        for name in CATALOGUE
    ]


def cost_table(rows: list[dict[str, Any]]) -> str:
    """The rows as text."""
    lines = [f"{'optimizer':22}{'µs a step':>10}{'over SGD':>10}{'B/param.':>10}  capturable"]
    for row in rows:
        if row["missing"]:
            lines.append(f"{row['optimizer']:22}{row['missing']}")
            continue
        lines.append(
            f"{row['optimizer']:22}{1e6 * row['step']:10.0f}{row['over_sgd']:10.2f}"
            f"{row['bytes']:10.1f}  {'yes' if row['capturable'] else 'no'}"
        )
    return "\n".join(lines)
