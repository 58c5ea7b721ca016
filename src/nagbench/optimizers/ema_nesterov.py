"""Nesterov's look-ahead along a mean of whole steps (Yau et al., 2026)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import LookAhead, check_range
from nagbench.optimizers.wrapper import PointWrapper


class EMANesterov(LookAhead, PointWrapper):
    r"""An inner optimizer A whose gradients are taken ahead, along a running mean of its steps.

    .. math::
        y_t = \theta_t + \beta \frac{\eta_t}{\eta_{max}} m_t, \qquad
        \theta_{t+1} = A_t(y_t), \qquad
        m_{t+1} = \gamma m_t + (1 - \gamma) (\theta_{t+1} - \theta_t)

    The inner step is taken at y, with the gradient there, and the jump to y belongs to the step
    that m averages. η is the inner rate of the step before, as in the authors' code, and η_max that
    with which it was made. From step `begin` to before step `end` there are jumps. It is judged at
    θ, not at the look-ahead point y.

    Its neighbours: with β = 0 it is its inner optimizer; round gradient descent with γ = 0, where m
    is the last step alone, it is `NAGStronglyConvex` with momentum β.

    Args:
        params: Parameters, or groups of them.
        inner: The inner optimizer: sgd, adam or muon.
        beta: β.
        gamma: γ.
        begin: Steps without a jump, in which the mean is filled.
        end: The step from which on there are none again; never if None.
        settings: The inner optimizer's, `lr` among them.
    """

    def __init__(
        self,
        params: Iterable[Any],
        inner: str = "sgd",
        beta: float = 0.6,
        gamma: float = 0.99,
        begin: int = 100,
        end: int | None = None,
        **settings: Any,
    ) -> None:
        check_range("beta", beta, 0)
        check_range("gamma", gamma, 0, 1)
        check_range("begin", begin, 0)
        if end is not None:
            check_range("end", end, begin)
        own = {"beta": beta, "gamma": gamma, "begin": begin, "end": end, "look_ahead": True}
        super().__init__(params, inner, own, settings)
        for group in self.param_groups:
            group["highest"] = float(group["lr"])

    def after(self, group: dict[str, Any], parameters: list[Tensor], points: list[Tensor]) -> None:
        trends, t = self.state_tensors(parameters, "trend"), self.group_scalar(group, "t", 0.0)
        t.add_(1)  # steps taken, and the number of the next one
        steps = torch._foreach_sub(parameters, points)
        torch._foreach_lerp_(trends, steps, weight=1 - group["gamma"])
        torch._foreach_copy_(points, parameters)
        due = t >= group["begin"]
        if group["end"] is not None:
            due = due & (t < group["end"])
        size = group["beta"] * group["lr"] / group["highest"]
        jumps = torch._foreach_mul(trends, torch.where(due, size, torch.zeros_like(t)))
        torch._foreach_add_(parameters, jumps)
