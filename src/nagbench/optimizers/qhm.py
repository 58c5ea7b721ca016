"""Quasi-hyperbolic momentum (Ma and Yarats, 2019)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range


class QHM(FormulaOptimizer):
    r"""A mean of the gradient and of its running mean.

    .. math::
        m \leftarrow \beta m + (1 - \beta) g, \qquad
        \theta \leftarrow \theta - \eta \big((1 - \nu) g + \nu m\big)

    Its neighbours: with ν = 0 it is gradient descent, with ν = 1 heavy ball, and with ν = β torch's
    `SGD(nesterov=True)`, both at the rate η(1 − β).

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        momentum: β.
        nu: ν, the running mean's share.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        momentum: float = 0.999,
        nu: float = 0.7,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("momentum", momentum, 0, 1)
        check_range("nu", nu, 0, 1, "[]")
        super().__init__(params, lr, weight_decay, momentum=momentum, nu=nu)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        means = self.state_tensors(parameters, "mean")
        torch._foreach_lerp_(means, gradients, weight=1 - group["momentum"])
        directions = torch._foreach_lerp(gradients, means, weight=group["nu"])
        torch._foreach_sub_(parameters, torch._foreach_mul(directions, group["lr"]))
