"""Adaptive Nesterov momentum (Xie et al., 2022)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range


class Adan(FormulaOptimizer):
    r"""Nesterov's look-ahead by the gradient's own change, divided as Adam divides.

    .. math::
        m \leftarrow \beta_1 m + (1 - \beta_1) g_t, \qquad
        d \leftarrow \beta_2 d + (1 - \beta_2) (g_t - g_{t-1}), \qquad
        n \leftarrow \beta_3 n + (1 - \beta_3) \big(g_t + \beta_2 (g_t - g_{t-1})\big)^2

    .. math::
        \theta \leftarrow \frac{1}{1 + \eta \lambda}
        \Big(\theta - \eta \frac{\hat m + \beta_2 \hat d}{\sqrt{\hat n} + \epsilon}\Big)

    where hats divide by one minus the power of β, and the first gradient has changed by nothing.
    βs are kept shares, as in the authors' code; the article writes one minus them.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        betas: β₁, β₂ and β₃.
        eps: ε.
        weight_decay: λ, by which weights are divided after the step.
    """

    decay = "own"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float, float] = (0.98, 0.92, 0.99),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        for beta in betas:
            check_range("betas", beta, 0, 1)
        check_range("eps", eps, 0)
        super().__init__(params, lr, weight_decay, betas=betas, eps=eps)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        one, two, three = group["betas"]
        k = self.group_scalar(group, "k", 0.0)
        k.add_(1)
        means, changes, squares, before = (
            self.state_tensors(parameters, name) for name in ("mean", "change", "square", "before")
        )
        change = torch._foreach_sub(gradients, before)
        torch._foreach_mul_(change, torch.where(k > 1, torch.ones_like(k), 0.0))
        torch._foreach_copy_(before, gradients)
        ahead = torch._foreach_add(gradients, change, alpha=two)
        torch._foreach_lerp_(means, gradients, weight=1 - one)
        torch._foreach_lerp_(changes, change, weight=1 - two)
        torch._foreach_mul_(squares, three)
        torch._foreach_addcmul_(squares, ahead, ahead, value=1 - three)
        sizes = torch._foreach_sqrt(torch._foreach_div(squares, 1 - three**k))
        torch._foreach_add_(sizes, group["eps"])
        steps = torch._foreach_div(means, 1 - one**k)
        torch._foreach_add_(steps, torch._foreach_mul(changes, two / (1 - two**k)))
        torch._foreach_div_(steps, sizes)
        torch._foreach_sub_(parameters, torch._foreach_mul(steps, group["lr"]))
        if group["weight_decay"]:
            torch._foreach_div_(parameters, 1 + group["lr"] * group["weight_decay"])
