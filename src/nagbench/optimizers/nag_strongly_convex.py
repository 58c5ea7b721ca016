"""Nesterov's method for strongly convex functions (Nesterov, 2004)."""

import math
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.rule import LookAhead, Step, within


class NAGStronglyConvex(LookAhead):
    r"""Acceleration with the constant momentum that a condition number asks for.

    .. math::
        x_{k+1} = y_k - \eta \nabla f(y_k), \qquad
        y_{k+1} = x_{k+1} + \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1} (x_{k+1} - x_k)

    With η = 1/L and κ = L/μ the error shrinks by :math:`1 - 1/\sqrt\kappa` a step. At a constant
    rate it takes the gradients of torch's `SGD(nesterov=True)` with that momentum, but is judged at
    x; when the rate changes, its momentum is that of past steps, as in `NAGSutskever`. κ = 361 is
    momentum 0.9; κ = 1 is gradient descent.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 0.1,
        kappa: float = 361.0,
        weight_decay: float = 0.0,
    ) -> None:
        within("kappa", kappa, 1)
        super().__init__(params, lr, weight_decay, kappa=kappa)

    def update(self, now: Step) -> None:
        parameters, gradients, group = now.parameters, now.gradients, now.group
        root = math.sqrt(group["kappa"])
        points = self.points(parameters)
        new = torch._foreach_sub(parameters, torch._foreach_mul(gradients, group["lr"]))
        moves = torch._foreach_sub(new, points)
        torch._foreach_copy_(points, new)
        torch._foreach_add_(new, moves, alpha=(root - 1) / (root + 1))
        torch._foreach_copy_(parameters, new)
