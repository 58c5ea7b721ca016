"""Optimizers round another one: what they share, and the inner ones by name."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import KeptState
from nagbench.optimizers.muon import Muon


def _sgd(params: list[Any], **settings: Any) -> torch.optim.Optimizer:
    # torch's SGD reads a rate that is a tensor on a GPU only in its fused form.
    return torch.optim.SGD(params, **settings, fused=_on_gpu(params) or None)


def _adam(params: list[Any], **settings: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(params, **settings, capturable=_on_gpu(params))


def _on_gpu(params: list[Any]) -> bool:
    first = params[0]["params"][0] if isinstance(params[0], dict) else params[0]
    return bool(first.device.type == "cuda")


INNER: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adam": _adam,
    "muon": Muon,
}


class Wrapper(KeptState):
    """Steps by means of an inner optimizer.

    Groups and state are shared with the inner one, so `state_dict()` holds both. A wrapper's own
    state of a parameter is made after the inner one's first step, since some take an empty state as
    a sign that they have not begun.

    Args:
        params: Parameters, or groups of them.
        inner: One of `INNER`.
        own: The wrapper's settings, which each group holds by name.
        settings: The inner optimizer's.
    """

    def __init__(
        self, params: Iterable[Any], inner: str, own: dict[str, Any], settings: dict[str, Any]
    ) -> None:
        if inner not in INNER:
            raise ValueError(f"inner must be {', '.join(INNER)}: {inner}")
        self.inner = INNER[inner](list(params), **settings)
        super().__init__(self.inner.param_groups, {**self.inner.defaults, **own})
        self._share()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._share()

    def _share(self) -> None:
        self.inner.param_groups, self.inner.state = self.param_groups, self.state


class PointWrapper(Wrapper, ABC):
    """Does something with where an inner step leads, knowing where it was before: its `after`."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step; returns what the closure did, which evaluates the loss and its gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        begun = []
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            starts = [
                self.state[p]["point"] if "point" in self.state[p] else p.clone()
                for p in parameters
            ]
            begun.append((group, parameters, starts))
        self.inner.step()
        for group, parameters, starts in begun:
            for parameter, start in zip(parameters, starts, strict=True):
                self.state[parameter]["point"] = start
            if parameters:
                self.after(group, parameters, starts)
        return loss

    @abstractmethod
    def after(self, group: dict[str, Any], parameters: list[Tensor], points: list[Tensor]) -> None:
        """Move a group's parameters after the inner step.

        Args:
            group: The settings of both, by name.
            parameters: Where the inner step has led.
            points: State `point`, at first where the parameters were before the first step.
        """
