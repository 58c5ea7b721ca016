"""Signs of momentum (Chen et al., 2023)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range


class Lion(FormulaOptimizer):
    r"""Steps of one size in every coordinate, by the sign of an interpolated momentum.

    .. math::
        \theta \leftarrow \theta - \eta \, \mathrm{sign}(\beta_1 m + (1 - \beta_1) g), \qquad
        m \leftarrow \beta_2 m + (1 - \beta_2) g

    The step mixes more of the new gradient in than momentum keeps, as Nesterov's does.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        betas: β₁ and β₂.
        weight_decay: Decoupled weight decay.
    """

    decay = "decoupled"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        for beta in betas:
            check_range("betas", beta, 0, 1)
        super().__init__(params, lr, weight_decay, betas=betas)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        one, two = group["betas"]
        means = self.state_tensors(parameters, "mean")
        directions = torch._foreach_lerp(means, gradients, weight=1 - one)
        torch._foreach_sign_(directions)
        torch._foreach_lerp_(means, gradients, weight=1 - two)
        torch._foreach_sub_(parameters, torch._foreach_mul(directions, group["lr"]))
