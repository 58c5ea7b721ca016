"""Stochastic Polyak step sizes with momentum (Loizou et al., 2021)."""

from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.rule import Rule, Step, inner, within


class SPSMomentum(Rule):
    r"""Heavy ball whose rate is what the loss has left to fall, over the gradient's square.

    .. math::
        \eta_t = \min\Big(\frac{f(\theta_t) - f^*}{c \|g_t\|^2}, \eta_{max}\Big), \qquad
        v \leftarrow \mu v + g, \qquad \theta \leftarrow \theta - \eta_t v

    `lr` is η_max, which keeps the rate bounded where the gradient vanishes. The closure gives the
    loss; f* = 0 suits networks that can fit their data. Length and loss are those of a group. The
    article's rule is without momentum (μ = 0); heavy ball's is the addition that the name says.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        momentum: float = 0.9,
        c: float = 0.5,
        optimum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        within("momentum", momentum, 0, 1)
        if c <= 0:
            raise ValueError(f"c must be above 0: {c}")
        super().__init__(params, lr, weight_decay, momentum=momentum, c=c, optimum=optimum)

    def update(self, now: Step) -> None:
        parameters, gradients, group = now.parameters, now.gradients, now.group
        if now.loss is None:
            raise ValueError("Polyak's step size needs a closure that returns the loss")
        velocities = self.remembered(parameters, "velocity")
        square = inner(gradients, gradients)
        left = (now.loss.detach().to(square) - group["optimum"]).clamp(min=0)
        rate = torch.where(square > 0, left / (group["c"] * square), 0.0)
        rate = torch.minimum(
            rate, torch.as_tensor(group["lr"], dtype=rate.dtype, device=rate.device)
        )
        torch._foreach_mul_(velocities, group["momentum"])
        torch._foreach_add_(velocities, gradients)
        torch._foreach_sub_(parameters, torch._foreach_mul(velocities, rate))
