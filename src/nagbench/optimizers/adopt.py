"""Adam that converges with any second momentum (Taniguchi et al., 2024)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range


class ADOPT(FormulaOptimizer):
    r"""Adam whose gradients are divided by what came before them, then clipped, then averaged.

    .. math::
        m_t = \beta_1 m_{t-1} + (1 - \beta_1) \,
        \mathrm{clip}\Big(\frac{g_t}{\max(\sqrt{v_{t-1}}, \epsilon)}, \pm t^{1/4}\Big), \qquad
        \theta_t = \theta_{t-1} - \eta m_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2

    The first gradient, t = 0, makes :math:`v_0 = g_0^2` and takes no step. A library clips at the
    bound of the step that follows.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        betas: β₁ and β₂.
        eps: ε.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.9999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        for beta in betas:
            check_range("betas", beta, 0, 1)
        check_range("eps", eps, 0)
        super().__init__(params, lr, weight_decay, betas=betas, eps=eps)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        means = self.state_tensors(parameters, "mean")
        squares = self.state_tensors(parameters, "square")
        t = self.group_scalar(group, "t", 0.0)
        one, two = group["betas"]
        # β₂, and 0 at first: a tensor, of the parameters' type.
        kept = torch.where(t == 0, torch.zeros_like(t), two)
        sizes = torch._foreach_sqrt(squares)
        torch._foreach_clamp_min_(sizes, group["eps"])
        bound = t**0.25  # 0 at first, so that nothing moves
        scaled = [(g / size).clamp(-bound, bound) for g, size in zip(gradients, sizes, strict=True)]
        torch._foreach_lerp_(means, scaled, weight=1 - one)
        torch._foreach_sub_(parameters, torch._foreach_mul(means, group["lr"]))
        torch._foreach_mul_(squares, kept)
        new = torch._foreach_mul(gradients, gradients)
        torch._foreach_mul_(new, 1 - kept)
        torch._foreach_add_(squares, new)
        t.add_(1)
