"""Nesterov's method of 1983, in the form of Beck and Teboulle (2009)."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import GroupStep, LookAheadOptimizer


class Nesterov1983(LookAheadOptimizer):
    r"""Acceleration whose momentum grows towards one.

    .. math::
        x_{k+1} = y_k - \eta \nabla f(y_k), \qquad t_{k+1} = \frac{1 + \sqrt{1 + 4 t_k^2}}{2},
        \qquad y_{k+1} = x_{k+1} + \frac{t_k - 1}{t_{k+1}} (x_{k+1} - x_k)

    with :math:`t_1 = 1`. On a convex function with η = 1/L the error is at most
    :math:`2 L \|x_0 - x^*\|^2 / (k + 1)^2`. The momentum is about 1 − 3/k.

    Its neighbours: in torch's `SGD(nesterov=True)`, `NAGSutskever` and `NAGStronglyConvex` the
    momentum is constant. `SRSGD` and `AdaptiveRestart` begin again and forget early steps; this one
    forgets nothing. It is judged at x, not at the look-ahead point y.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        weight_decay: Coupled weight decay.
        settings: Those of a method that is derived from this one.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.1,
        weight_decay: float = 0.0,
        **settings: Any,
    ) -> None:
        super().__init__(params, lr, weight_decay, **settings)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        points, t = self.proposed_points(parameters), self.group_scalar(group, "t", 1.0)
        new = torch._foreach_sub(parameters, torch._foreach_mul(gradients, group["lr"]))
        moves = torch._foreach_sub(new, points)
        before = self.restarted(t, moves, step)
        after = (1 + (1 + 4 * before * before).sqrt()) / 2
        torch._foreach_copy_(points, new)
        torch._foreach_mul_(moves, (before - 1) / after)
        torch._foreach_copy_(parameters, torch._foreach_add(new, moves))
        t.copy_(after)

    def restarted(self, t: Tensor, moves: Sequence[Tensor], step: GroupStep) -> Tensor:  # noqa: ARG002
        """The t of a step that would move x by `moves`; here it never begins again."""
        return t
