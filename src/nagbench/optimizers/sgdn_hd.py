"""Hypergradient descent with Nesterov momentum (Baydin et al., 2018): article two as intended."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range, inner_product


class SGDNHD(FormulaOptimizer):
    r"""A learning rate that learns: it follows the gradient of the loss with respect to itself.

    .. math::
        \eta_t = \eta_{t-1} + \beta \, g_t^T u_{t-1}, \qquad v_t = \mu v_{t-1} + g_t, \qquad
        u_t = g_t + \mu v_t, \qquad \theta_{t+1} = \theta_t - \eta_t u_t

    The article says: differentiate the learning rate, get a factor, update factor and parameters in
    turn. Its formula does nothing of it; this does. The product is over all parameters of a group.
    The rate may turn negative when the factor is large; as in the authors' code nothing prevents
    it, and the run then diverges for all to see. What was learned is added to `lr`, so a schedule
    moves the rate that it starts from.

    Its neighbours: with `hyper_lr=0` it is torch's `SGD(nesterov=True)`. What it learns is added to
    the rate and unbounded; what `ThresholdRate` learns multiplies the rate and is bounded in each
    step.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate that it begins with, η₀.
        momentum: μ.
        hyper_lr: The learning rate's own learning rate, β.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0.9,
        hyper_lr: float = 1e-3,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("momentum", momentum, 0, 1)
        check_range("hyper_lr", hyper_lr, 0)
        super().__init__(params, lr, weight_decay, momentum=momentum, hyper_lr=hyper_lr)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        velocities = self.state_tensors(parameters, "velocity")
        directions = self.state_tensors(parameters, "direction")  # u of the step before
        learned = self.group_scalar(group, "learned", 0.0)
        learned.add_(group["hyper_lr"] * inner_product(gradients, directions))
        torch._foreach_mul_(velocities, group["momentum"])
        torch._foreach_add_(velocities, gradients)
        torch._foreach_copy_(
            directions, torch._foreach_add(gradients, velocities, alpha=group["momentum"])
        )
        torch._foreach_sub_(parameters, torch._foreach_mul(directions, group["lr"] + learned))
