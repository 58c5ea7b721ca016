"""The fourth article as its text has it: a threshold K for the learning rate's rate of change."""

from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.rule import Rule, Step, inner, within


class KSet(Rule):
    r"""Nesterov momentum with a rate that may change slowly within a threshold, faster beyond.

    The article has no formula, only: "when −K ≤ g ≤ K the rate of change of the learning rate is
    limited; small K faster, large K better controlled". Made well-defined:

    .. math::
        \ln \eta_t = \ln \eta_{t-1} + \mathrm{clip}(\delta_{out} \cos(g_t, u_{t-1}), \pm \delta),
        \qquad \delta = \delta_{in} \text{ if } \|g_t\|_\infty \le K \text{ else } \delta_{out}

    where u is the step direction of Nesterov's method, cosine and maximum are over all parameters
    of a group, and the cosine beside a zero is zero. Choices that are ours: the cosine as the wish
    to change, and both δ. What was learned multiplies `lr`. With `delta_in = delta_out = 0` it is
    torch's `SGD(nesterov=True)`.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 0.01,
        momentum: float = 0.9,
        threshold: float = 1.0,
        delta_in: float = 0.001,
        delta_out: float = 0.05,
        weight_decay: float = 0.0,
    ) -> None:
        within("momentum", momentum, 0, 1)
        within("threshold", threshold, 0, float("inf"), high_too=True)
        within("delta_in", delta_in, 0)
        within("delta_out", delta_out, 0)
        super().__init__(
            params,
            lr,
            weight_decay,
            momentum=momentum,
            threshold=threshold,
            delta_in=delta_in,
            delta_out=delta_out,
        )

    def update(self, now: Step) -> None:
        parameters, gradients, group = now.parameters, now.gradients, now.group
        velocities = self.remembered(parameters, "velocity")
        steps = self.remembered(parameters, "step_before")
        learned = self.number(now, "learned", 0.0)
        lengths = inner(gradients, gradients).sqrt() * inner(steps, steps).sqrt()
        cosine = torch.where(lengths > 0, inner(gradients, steps) / lengths, 0.0)
        largest = torch.stack(torch._foreach_norm(gradients, float("inf"))).max()
        within_threshold = largest <= group["threshold"]
        limit = torch.where(
            within_threshold, learned.new_full((), group["delta_in"]), group["delta_out"]
        )
        learned.add_((group["delta_out"] * cosine).clamp(-limit, limit))
        torch._foreach_mul_(velocities, group["momentum"])
        torch._foreach_add_(velocities, gradients)
        torch._foreach_copy_(
            steps, torch._foreach_add(gradients, velocities, alpha=group["momentum"])
        )
        torch._foreach_sub_(parameters, torch._foreach_mul(steps, group["lr"] * learned.exp()))
