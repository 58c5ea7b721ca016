"""The third article's method as printed, in its three readings."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range, scalar_like


class NADLoop(FormulaOptimizer):
    r"""The training loop: Adam created anew in every batch, which is the sign of the gradient.

    The loop calls ``Adam(lr=0.01, ...)`` inside the batch. A new Adam's first step is

    .. math:: \theta \leftarrow \theta - \eta \frac{g}{|g| + \epsilon}

    whatever its betas. Repair: none; the missing arguments have no effect.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        eps: ε.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.01,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("eps", eps, 0)
        super().__init__(params, lr, weight_decay, eps=eps)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        sizes = torch._foreach_add(torch._foreach_abs(gradients), group["eps"])
        signs = torch._foreach_div(gradients, sizes)
        torch._foreach_sub_(parameters, torch._foreach_mul(signs, group["lr"]))


class NADAverage(FormulaOptimizer):
    r"""The article's weighted average as the step.

    .. math::
        w_0 = \sigma(\gamma \eta), \qquad w_1 \leftarrow w_0 g + w_0 w_1, \qquad
        \theta \leftarrow \theta - \eta w_1

    Repair: the last equation; the article never changes θ.

    Its neighbours: written with w₁/w₀ as velocity it is heavy ball, torch's `SGD(momentum=w₀)`
    with rate η w₀. The logistic function of a small number keeps the momentum near ½. Nothing in it
    is Nesterov's.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        gamma: γ.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.001,
        gamma: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("gamma", gamma, 0)
        super().__init__(params, lr, weight_decay, gamma=gamma)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        averages = self.state_tensors(parameters, "average")
        torch._foreach_add_(averages, gradients)
        torch._foreach_mul_(averages, logistic(group["gamma"] * group["lr"], parameters[0]))
        torch._foreach_sub_(parameters, torch._foreach_mul(averages, group["lr"]))


class NADWeight(FormulaOptimizer):
    r"""The article's weight update as the step.

    .. math::
        u \leftarrow (1 - \beta) u + (1 - \beta) \sigma(\gamma \eta) \, g \odot u, \qquad
        \theta \leftarrow \theta - \eta u

    Repairs: the last equation, and u = 1 to begin with, since u = 0 stays 0 for ever. As u is
    multiplied by (1 − β)(1 + σ g), it dies out while |g| is small and explodes where it is not; its
    sign does not follow the gradient's.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        beta: β.
        gamma: γ.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.001,
        beta: float = 0.9,
        gamma: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("beta", beta, 0, 1)
        check_range("gamma", gamma, 0)
        super().__init__(params, lr, weight_decay, beta=beta, gamma=gamma)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        weights = self.state_tensors(parameters, "weight", torch.ones_like)
        factors = torch._foreach_mul(
            gradients, logistic(group["gamma"] * group["lr"], parameters[0])
        )
        torch._foreach_add_(factors, 1)
        torch._foreach_mul_(factors, 1 - group["beta"])
        torch._foreach_mul_(weights, factors)
        torch._foreach_sub_(parameters, torch._foreach_mul(weights, group["lr"]))


def logistic(exponent: float | Tensor, like: Tensor) -> Tensor:
    """σ, the article's w₀, as a tensor of no dimension with the type and device of `like`."""
    return torch.sigmoid(scalar_like(exponent, like))
