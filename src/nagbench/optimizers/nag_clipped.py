"""Nesterov momentum with clipped gradients (Pascanu et al., 2013): article four as intended."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range, inner_product


class NAGClipped(FormulaOptimizer):
    r"""torch's `SGD(nesterov=True)` on gradients whose length is at most K.

    .. math::
        g \leftarrow g \min(1, K / \|g\|), \qquad v \leftarrow \mu v + g, \qquad
        \theta \leftarrow \theta - \eta (g + \mu v)

    The length is that of a group's gradients together, decay included.

    Its neighbours: with `threshold` infinite it is torch's `SGD(nesterov=True)`. Here K bounds the
    gradient; in `ThresholdRate`, which takes the article by its word, K bounds how fast the
    learning rate may change.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        momentum: μ.
        threshold: K, above which gradients are shortened.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.01,
        momentum: float = 0.9,
        threshold: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("momentum", momentum, 0, 1)
        check_range("threshold", threshold, 0, ends="[]")
        super().__init__(params, lr, weight_decay, momentum=momentum, threshold=threshold)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        velocities = self.state_tensors(parameters, "velocity")
        length = inner_product(gradients, gradients).sqrt()
        clipped = torch._foreach_mul(
            gradients, torch.where(length > group["threshold"], group["threshold"] / length, 1.0)
        )
        torch._foreach_mul_(velocities, group["momentum"])
        torch._foreach_add_(velocities, clipped)
        torch._foreach_add_(clipped, velocities, alpha=group["momentum"])
        torch._foreach_sub_(parameters, torch._foreach_mul(clipped, group["lr"]))
