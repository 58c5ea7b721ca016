"""Nesterov momentum on what many inner steps together have done: DiLoCo, MuLoCo, SNOO."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import check_range
from nagbench.optimizers.wrapper import PointWrapper


class OuterNesterov(PointWrapper):
    r"""An inner optimizer, and after every `every` of its steps one step from where they began.

    .. math::
        \Delta = \phi - \theta, \qquad u \leftarrow \mu u + \Delta, \qquad
        \phi \leftarrow \phi - \eta_o (\Delta + \mu u), \qquad \theta \leftarrow \phi

    Δ, what the inner steps have done, stands for the gradient in torch's `SGD(nesterov=True)`. With
    many workers it is their mean (DiLoCo); with one it is MuLoCo's case K = 1, whose velocity holds
    the outer rate, and SNOO: three names of one rule, since the outer rate is constant. The authors
    of SNOO take their first outer step after the first inner one; here it is after `every`. Weights
    are judged where training has them, which between outer steps is the inner optimizer's place.

    Its neighbours: with `every = 1` round gradient descent it is torch's `SGD(nesterov=True)` with
    its rate multiplied by η_o; without outer momentum it is Lookahead (Zhang et al., 2019); without
    momentum and with η_o = 1 it is its inner optimizer.

    Args:
        params: Parameters, or groups of them.
        inner: The inner optimizer: sgd, adam or muon.
        every: Inner steps to an outer one.
        outer_lr: η_o.
        outer_momentum: μ.
        settings: The inner optimizer's, `lr` among them.
    """

    def __init__(
        self,
        params: Iterable[Any],
        inner: str = "sgd",
        every: int = 30,
        outer_lr: float = 0.7,
        outer_momentum: float = 0.5,
        **settings: Any,
    ) -> None:
        check_range("every", every, 1)
        check_range("outer_lr", outer_lr, 0)
        check_range("outer_momentum", outer_momentum, 0, 1)
        own = {"every": every, "outer_lr": outer_lr, "outer_momentum": outer_momentum}
        super().__init__(params, inner, own, settings)

    def after(self, group: dict[str, Any], parameters: list[Tensor], points: list[Tensor]) -> None:
        t = self.group_scalar(group, "t", 0.0)
        t.add_(1)
        due = t == group["every"]
        momentum, ahead = group["outer_momentum"], torch._foreach_sub(points, parameters)
        if momentum:
            velocities = self.state_tensors(parameters, "velocity")
            new = torch._foreach_add(torch._foreach_mul(velocities, momentum), ahead)
            torch._foreach_add_(ahead, new, alpha=momentum)
            _put(velocities, new, due)
        moved = torch._foreach_sub(points, torch._foreach_mul(ahead, group["outer_lr"]))
        _put(parameters, moved, due)
        _put(points, parameters, due)
        t.copy_(torch.where(due, 0.0, t))


def _put(places: list[Tensor], values: Iterable[Tensor], due: Tensor) -> None:
    """Copy the values where `due` says so, without asking the host."""
    for place, value in zip(places, values, strict=True):
        place.copy_(torch.where(due, value, place))
