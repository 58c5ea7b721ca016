"""Stochastic Polyak step sizes with momentum (Loizou et al., 2021)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import (
    FormulaOptimizer,
    GroupStep,
    check_range,
    inner_product,
    scalar_like,
)


class SPSMomentum(FormulaOptimizer):
    r"""Heavy ball whose rate is what the loss has left to fall, over the gradient's square.

    .. math::
        \eta_t = \min\Big(\frac{f(\theta_t) - f^*}{c \|g_t\|^2}, \eta_{max}\Big), \qquad
        v \leftarrow \mu v + g, \qquad \theta \leftarrow \theta - \eta_t v

    It needs a closure, which gives the loss. Length and loss are those of a group.

    Its neighbours: the article's rule is without momentum (μ = 0). The addition is heavy ball's,
    torch's `SGD(momentum=μ)`, as the name says, not Nesterov's.

    Args:
        params: Parameters, or groups of them.
        lr: η_max, which keeps the rate bounded where the gradient vanishes.
        momentum: μ.
        c: As in the formula.
        optimum: f*; 0 suits networks that can fit their data.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        momentum: float = 0.9,
        c: float = 0.5,
        optimum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("momentum", momentum, 0, 1)
        check_range("c", c, 0, ends="()")
        super().__init__(params, lr, weight_decay, momentum=momentum, c=c, optimum=optimum)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, loss = step
        if loss is None:
            raise ValueError("Polyak's step size needs a closure that returns the loss")
        velocities = self.state_tensors(parameters, "velocity")
        square = inner_product(gradients, gradients)
        left = (loss.detach().to(square) - group["optimum"]).clamp(min=0)
        rate = torch.where(square > 0, left / (group["c"] * square), 0.0)
        rate = torch.minimum(rate, scalar_like(group["lr"], rate))
        torch._foreach_mul_(velocities, group["momentum"])
        torch._foreach_add_(velocities, gradients)
        torch._foreach_sub_(parameters, torch._foreach_mul(velocities, rate))
