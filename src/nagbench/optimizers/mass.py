"""Momentum-added stochastic solver (Liu and Belkin, 2020)."""

from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.rule import LookAhead, Step, within


class MaSS(LookAhead):
    r"""Nesterov's momentum with a term that makes up for the noise of small batches.

    .. math::
        w_{t+1} = u_t - \eta_1 g(u_t), \qquad
        u_{t+1} = (1 + \gamma) w_{t+1} - \gamma w_t + \eta_2 g(u_t)

    `lr` is η₁, `momentum` γ, and `compensation` η₂/η₁, so that a schedule scales both rates. The
    article derives all three from two condition numbers of the data, which a network does not show,
    and tunes them; the default of `compensation` is ours. With 0 it is Nesterov's method with
    constant momentum, as in `NAGStronglyConvex`.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 0.01,
        momentum: float = 0.9,
        compensation: float = 0.05,
        weight_decay: float = 0.0,
    ) -> None:
        within("momentum", momentum, 0, 1)
        within("compensation", compensation, 0, 1)
        super().__init__(params, lr, weight_decay, momentum=momentum, compensation=compensation)

    def update(self, now: Step) -> None:
        parameters, gradients, group = now.parameters, now.gradients, now.group
        points = self.points(parameters)
        steps = torch._foreach_mul(gradients, group["lr"])
        new = torch._foreach_sub(parameters, steps)
        moves = torch._foreach_sub(new, points)
        torch._foreach_copy_(points, new)
        torch._foreach_add_(new, moves, alpha=group["momentum"])
        torch._foreach_add_(new, steps, alpha=group["compensation"])
        torch._foreach_copy_(parameters, new)
