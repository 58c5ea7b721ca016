"""Aggregated momentum (Lucas et al., 2019)."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range


class AggMo(FormulaOptimizer):
    r"""The mean of several heavy balls, each with a momentum of its own.

    .. math::
        v_i \leftarrow \beta_i v_i + g, \qquad
        \theta \leftarrow \theta - \frac{\eta}{n} \sum_{i=1}^n v_i

    Its neighbours: with one momentum it is torch's `SGD(momentum=β)`; with β = 0 and a second one
    it is torch's `SGD(nesterov=True)` up to the weights of its two terms.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        betas: The momenta βᵢ.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.1,
        betas: Sequence[float] = (0.0, 0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        if not betas:
            raise ValueError("betas must hold a momentum")
        for beta in betas:
            check_range("betas", beta, 0, 1)
        super().__init__(params, lr, weight_decay, betas=tuple(betas))

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        for n, beta in enumerate(group["betas"]):
            velocities = self.state_tensors(parameters, f"velocity_{n}")
            torch._foreach_mul_(velocities, beta)
            torch._foreach_add_(velocities, gradients)
            share = group["lr"] / len(group["betas"])
            torch._foreach_sub_(parameters, torch._foreach_mul(velocities, share))
