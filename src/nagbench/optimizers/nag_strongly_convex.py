"""Nesterov's method for strongly convex functions (Nesterov, 2004)."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import GroupStep, LookAheadOptimizer, check_range


class NAGStronglyConvex(LookAheadOptimizer):
    r"""Acceleration with the constant momentum that a condition number asks for.

    .. math::
        x_{k+1} = y_k - \eta \nabla f(y_k), \qquad
        y_{k+1} = x_{k+1} + \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1} (x_{k+1} - x_k)

    With η = 1/L and κ = L/μ the error shrinks by :math:`1 - 1/\sqrt\kappa` a step. κ = 361 is
    momentum 0.9; κ = 1 is gradient descent.

    Its neighbours: at a constant rate it takes the gradients of torch's `SGD(nesterov=True)` with
    that momentum, but is judged at x, not at the look-ahead point y. When the rate changes, its
    momentum is that of past steps, as in `NAGSutskever`, whose formula is this one written with a
    velocity. In `Nesterov1983` and `SRSGD` the momentum grows instead.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        kappa: Condition number κ, which decides the momentum.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.1,
        kappa: float = 361.0,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("kappa", kappa, 1)
        super().__init__(params, lr, weight_decay, kappa=kappa)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        root = math.sqrt(group["kappa"])
        points = self.proposed_points(parameters)
        new = torch._foreach_sub(parameters, torch._foreach_mul(gradients, group["lr"]))
        moves = torch._foreach_sub(new, points)
        torch._foreach_copy_(points, new)
        torch._foreach_add_(new, moves, alpha=(root - 1) / (root + 1))
        torch._foreach_copy_(parameters, new)
