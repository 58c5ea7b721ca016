"""The fifth article's code as printed."""

import math
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.rule import Rule, Step


class ExpRate(Rule):
    r"""Gradient descent whose step shrinks as its "learning rate" grows.

    The article prints ``alpha = beta * exp(lr)`` and ``param -= beta * (grads / alpha)``, so

    .. math:: \theta \leftarrow \theta - e^{-\eta} g

    β cancels, and neither ε nor the loss J is used. No repair is needed. On a quadratic of
    curvature L it is stable if and only if η > ln(L/2), so here a *small* rate diverges.
    """

    def __init__(self, params: Any, lr: float | Tensor = 1.0, weight_decay: float = 0.0) -> None:
        super().__init__(params, lr, weight_decay)

    def update(self, now: Step) -> None:
        parameters, gradients, group = now.parameters, now.gradients, now.group
        rate = group["lr"]
        factor = torch.exp(-rate) if isinstance(rate, Tensor) else math.exp(-rate)
        torch._foreach_sub_(parameters, torch._foreach_mul(gradients, factor))
