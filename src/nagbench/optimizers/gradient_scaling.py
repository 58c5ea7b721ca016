"""The second article's code as printed."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range


class GradientScaling(FormulaOptimizer):
    r"""Gradient descent with a factor made of two weights; it has no reason to work.

    The article prints a step ``parameters + [1, 1 / (p[1] * sqrt(p[2]))] * gradients``, which
    climbs, and beside it a factor ``[1, 0.9 / (p[0] * sqrt(p[1]))]``, whose function changes
    nothing. The two are read as one rule:

    .. math::
        \theta_i \leftarrow \theta_i \mp \eta s_i g_i, \qquad s_0 = 1, \quad
        s_i = \frac{c}{w_0 \sqrt{w_1}} \text{ else}

    with w₀ and w₁ the first two weights of each tensor. Repairs: the printed array has two entries,
    which are taken for the first coordinate and all others; a rate η, which the article sets to
    0.99; both signs, `ascent` being the printed one. A negative w₁ makes the root, and the run,
    NaN, as it would in the article. A tensor of one weight is scaled by 1.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        c: The factor's numerator.
        ascent: Whether to add the step, as printed, and not to subtract it.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.99,
        c: float = 0.9,
        ascent: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("c", c, 0)
        super().__init__(params, lr, weight_decay, c=c, ascent=ascent)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        sign = 1 if group["ascent"] else -1
        for parameter, gradient in zip(parameters, gradients, strict=True):
            weights = parameter.flatten()
            scale = torch.ones_like(weights)
            if len(weights) > 1:
                scale[1:] = group["c"] / (weights[0] * weights[1].sqrt())
            parameter.add_(sign * group["lr"] * scale.view_as(parameter) * gradient)
