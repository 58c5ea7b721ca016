"""Scheduled restart SGD (Wang et al., 2022)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range


class SRSGD(FormulaOptimizer):
    r"""Nesterov's growing momentum, begun again after a fixed number of steps.

    .. math::
        x_{k+1} = y_k - \eta \nabla f(y_k), \qquad
        y_{k+1} = x_{k+1} + \frac{k \bmod (F - 1)}{(k \bmod (F - 1)) + 3} (x_{k+1} - x_k)

    with F = `restart` and k from 0: the authors' counter runs from 1 to F - 1, so that there are
    F - 1 steps between restarts. The article lets F grow over the epochs; here it is constant.

    Its neighbours: without a restart it is nearly `Nesterov1983`, whose momentum also tends to
    1 − 3/k, but it is judged at y, where it takes its gradients, as in the article.
    `AdaptiveRestart` begins again when progress stops, not after a fixed number of steps. With
    F = 2 it is gradient descent.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        restart: F, one more than the steps between restarts.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.1,
        restart: int = 100,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("restart", restart, 2)
        super().__init__(params, lr, weight_decay, restart=restart)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        points = self.state_tensors(parameters, "point", lambda p: p.detach().clone())
        k = self.group_scalar(group, "k", 0.0)
        new = torch._foreach_sub(parameters, torch._foreach_mul(gradients, group["lr"]))
        moves = torch._foreach_sub(new, points)
        torch._foreach_copy_(points, new)
        torch._foreach_mul_(moves, k / (k + 3))
        torch._foreach_copy_(parameters, torch._foreach_add(new, moves))
        k.copy_((k + 1) % (group["restart"] - 1))
