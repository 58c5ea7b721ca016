"""The fourth article as its text has it: a threshold K for the learning rate's rate of change."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range, inner_product


class ThresholdRate(FormulaOptimizer):
    r"""Nesterov momentum with a rate that may change slowly within a threshold, faster beyond.

    The article has no formula, only: "when −K ≤ g ≤ K the rate of change of the learning rate is
    limited; small K faster, large K better controlled". Made well-defined:

    .. math::
        \ln \eta_t = \ln \eta_{t-1} + \mathrm{clip}(\delta_{out} \cos(g_t, u_{t-1}), \pm \delta),
        \qquad \delta = \delta_{in} \text{ if } \|g_t\|_\infty \le K \text{ else } \delta_{out}

    where u is the step direction of Nesterov's method, cosine and maximum are over all parameters
    of a group, and the cosine beside a zero is zero. Choices that are ours: the cosine as the wish
    to change, and both δ. What was learned multiplies `lr`.

    Its neighbours: with `delta_in = delta_out = 0` it is torch's `SGD(nesterov=True)`. Like
    `SGDNHD` it raises the rate while gradients agree with the step before, but by a bounded factor,
    so the rate stays positive. In `NAGClipped` K bounds the gradient instead.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate that it begins with, η₀.
        momentum: Of Nesterov's method, in torch's form.
        threshold: K.
        delta_in: Largest change of ln η in a step whose gradient lies within K.
        delta_out: The same where it does not.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.01,
        momentum: float = 0.9,
        threshold: float = 1.0,
        delta_in: float = 0.001,
        delta_out: float = 0.05,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("momentum", momentum, 0, 1)
        check_range("threshold", threshold, 0, ends="[]")
        check_range("delta_in", delta_in, 0)
        check_range("delta_out", delta_out, 0)
        super().__init__(
            params,
            lr,
            weight_decay,
            momentum=momentum,
            threshold=threshold,
            delta_in=delta_in,
            delta_out=delta_out,
        )

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        velocities = self.state_tensors(parameters, "velocity")
        directions = self.state_tensors(parameters, "direction")  # u of the step before
        learned = self.group_scalar(group, "learned", 0.0)
        lengths = (
            inner_product(gradients, gradients).sqrt()
            * inner_product(directions, directions).sqrt()
        )
        cosine = torch.where(lengths > 0, inner_product(gradients, directions) / lengths, 0.0)
        largest = torch.stack(torch._foreach_norm(gradients, float("inf"))).max()
        within_threshold = largest <= group["threshold"]
        limit = torch.where(
            within_threshold, learned.new_full((), group["delta_in"]), group["delta_out"]
        )
        learned.add_((group["delta_out"] * cosine).clamp(-limit, limit))
        torch._foreach_mul_(velocities, group["momentum"])
        torch._foreach_add_(velocities, gradients)
        torch._foreach_copy_(
            directions, torch._foreach_add(gradients, velocities, alpha=group["momentum"])
        )
        torch._foreach_sub_(parameters, torch._foreach_mul(directions, group["lr"] * learned.exp()))
