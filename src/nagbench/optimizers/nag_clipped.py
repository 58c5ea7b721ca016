"""Nesterov momentum with clipped gradients (Pascanu et al., 2013): article four as intended."""

from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.rule import Rule, Step, inner, within


class NAGClipped(Rule):
    r"""torch's `SGD(nesterov=True)` on gradients whose length is at most K.

    .. math::
        g \leftarrow g \min(1, K / \|g\|), \qquad v \leftarrow \mu v + g, \qquad
        \theta \leftarrow \theta - \eta (g + \mu v)

    The length is that of a group's gradients together, decay included. With `threshold` infinite it
    is `NAG`.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 0.01,
        momentum: float = 0.9,
        threshold: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        within("momentum", momentum, 0, 1)
        within("threshold", threshold, 0, float("inf"), high_too=True)
        super().__init__(params, lr, weight_decay, momentum=momentum, threshold=threshold)

    def update(self, now: Step) -> None:
        parameters, gradients, group = now.parameters, now.gradients, now.group
        velocities = self.remembered(parameters, "velocity")
        length = inner(gradients, gradients).sqrt()
        shortened = torch._foreach_mul(
            gradients, torch.where(length > group["threshold"], group["threshold"] / length, 1.0)
        )
        torch._foreach_mul_(velocities, group["momentum"])
        torch._foreach_add_(velocities, shortened)
        torch._foreach_add_(shortened, velocities, alpha=group["momentum"])
        torch._foreach_sub_(parameters, torch._foreach_mul(shortened, group["lr"]))
