"""Distance over weighted gradients (Khaled et al., 2023)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range, inner_product


class DoWG(FormulaOptimizer):
    r"""Gradient descent without a rate to tune: the farther it has come, the larger its steps.

    .. math::
        r_t = \max(r_{t-1}, \|x_t - x_0\|), \qquad v_t = v_{t-1} + r_t^2 \|g_t\|^2, \qquad
        x_{t+1} = x_t - \frac{r_t^2}{\sqrt{v_t}} g_t

    Lengths are those of a group.

    Args:
        params: Parameters, or groups of them.
        lr: Multiplies the step; 1 in the article.
        distance: r₀, a guess that should be small; the authors' code begins with its square, 1e-4.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        distance: float = 1e-2,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("distance", distance, 0, ends="()")
        super().__init__(params, lr, weight_decay, distance=distance)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        starts = self.state_tensors(parameters, "start", lambda p: p.detach().clone())
        farthest = self.group_scalar(group, "farthest", group["distance"])
        weighted = self.group_scalar(group, "weighted", 0.0)
        away = torch._foreach_sub(parameters, starts)
        farthest.copy_(torch.maximum(farthest, inner_product(away, away).sqrt()))
        square = farthest * farthest
        weighted.add_(square * inner_product(gradients, gradients))
        rate = torch.where(weighted > 0, square / weighted.sqrt(), 0.0)
        torch._foreach_sub_(parameters, torch._foreach_mul(gradients, group["lr"] * rate))
