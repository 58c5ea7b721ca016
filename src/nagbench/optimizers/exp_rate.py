"""The fifth article's code as printed."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep


class ExpRate(FormulaOptimizer):
    r"""Gradient descent whose step shrinks as its "learning rate" grows.

    The article prints ``alpha = beta * exp(lr)`` and ``param -= beta * (grads / alpha)``, so

    .. math:: \theta \leftarrow \theta - e^{-\eta} g

    β cancels, and neither ε nor the loss J is used. No repair is needed. On a quadratic of
    curvature L it is stable if and only if η > ln(L/2), so here a *small* rate diverges.

    Args:
        params: Parameters, or groups of them.
        lr: The article's η; the step is gradient descent's with rate exp(−η).
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Tensor = 1.0, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr, weight_decay)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        rate = group["lr"]
        factor = torch.exp(-rate) if isinstance(rate, Tensor) else math.exp(-rate)
        torch._foreach_sub_(parameters, torch._foreach_mul(gradients, factor))
