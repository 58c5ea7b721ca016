"""Momentum-added stochastic solver (Liu and Belkin, 2020)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import GroupStep, LookAheadOptimizer, check_range


class MaSS(LookAheadOptimizer):
    r"""Nesterov's momentum with a term that makes up for the noise of small batches.

    .. math::
        w_{t+1} = u_t - \eta_1 g(u_t), \qquad
        u_{t+1} = (1 + \gamma) w_{t+1} - \gamma w_t + \eta_2 g(u_t)

    The article derives η₁, η₂ and γ from two condition numbers of the data, which a network does
    not show, and tunes them.

    Its neighbours: with `compensation=0` it is Nesterov's method with constant momentum,
    `NAGStronglyConvex`. Like that one it is judged at w, not at the look-ahead point u.

    Args:
        params: Parameters, or groups of them.
        lr: η₁.
        momentum: γ.
        compensation: η₂/η₁, so that a schedule scales both rates. The default is ours.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.01,
        momentum: float = 0.9,
        compensation: float = 0.05,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("momentum", momentum, 0, 1)
        check_range("compensation", compensation, 0, 1)
        super().__init__(params, lr, weight_decay, momentum=momentum, compensation=compensation)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        points = self.proposed_points(parameters)
        descents = torch._foreach_mul(gradients, group["lr"])
        new = torch._foreach_sub(parameters, descents)
        moves = torch._foreach_sub(new, points)
        torch._foreach_copy_(points, new)
        torch._foreach_add_(new, moves, alpha=group["momentum"])
        torch._foreach_add_(new, descents, alpha=group["compensation"])
        torch._foreach_copy_(parameters, new)
