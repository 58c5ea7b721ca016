"""The third article's method as printed, in its three readings."""

from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.rule import Rule, Step, within


class NADLoop(Rule):
    r"""The training loop: Adam created anew in every batch, which is the sign of the gradient.

    The loop calls ``Adam(lr=0.01, ...)`` inside the batch. A new Adam's first step is

    .. math:: \theta \leftarrow \theta - \eta \frac{g}{|g| + \epsilon}

    whatever its betas. Repair: none; the missing arguments have no effect.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 0.01,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        within("eps", eps, 0)
        super().__init__(params, lr, weight_decay, eps=eps)

    def update(self, now: Step) -> None:
        parameters, gradients, group = now.parameters, now.gradients, now.group
        sizes = torch._foreach_add(torch._foreach_abs(gradients), group["eps"])
        steps = torch._foreach_div(gradients, sizes)
        torch._foreach_sub_(parameters, torch._foreach_mul(steps, group["lr"]))


class NADAverage(Rule):
    r"""The article's weighted average as the step.

    .. math::
        w_0 = \sigma(\gamma \eta), \qquad w_1 \leftarrow w_0 g + w_0 w_1, \qquad
        \theta \leftarrow \theta - \eta w_1

    Repair: the last equation; the article never changes θ. Written with w₁/w₀ as velocity it is
    heavy ball with momentum w₀ and rate η w₀: the logistic
    function of a small number keeps the momentum near ½.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 0.001,
        gamma: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        within("gamma", gamma, 0)
        super().__init__(params, lr, weight_decay, gamma=gamma)

    def update(self, now: Step) -> None:
        parameters, gradients, group = now.parameters, now.gradients, now.group
        averages = self.remembered(parameters, "average")
        torch._foreach_add_(averages, gradients)
        torch._foreach_mul_(averages, share(group["gamma"] * group["lr"], parameters[0]))
        torch._foreach_sub_(parameters, torch._foreach_mul(averages, group["lr"]))


class NADWeight(Rule):
    r"""The article's weight update as the step.

    .. math::
        u \leftarrow (1 - \beta) u + (1 - \beta) \sigma(\gamma \eta) \, g \odot u, \qquad
        \theta \leftarrow \theta - \eta u

    Repairs: the last equation, and u = 1 to begin with, since u = 0 stays 0 for ever. As u is
    multiplied by (1 − β)(1 + σ g), it dies out while |g| is small and explodes where it is not; its
    sign does not follow the gradient's.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 0.001,
        beta: float = 0.9,
        gamma: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        within("beta", beta, 0, 1)
        within("gamma", gamma, 0)
        super().__init__(params, lr, weight_decay, beta=beta, gamma=gamma)

    def update(self, now: Step) -> None:
        parameters, gradients, group = now.parameters, now.gradients, now.group
        weights = self.remembered(parameters, "weight", torch.ones_like)
        factors = torch._foreach_mul(gradients, share(group["gamma"] * group["lr"], parameters[0]))
        torch._foreach_add_(factors, 1)
        torch._foreach_mul_(factors, 1 - group["beta"])
        torch._foreach_mul_(weights, factors)
        torch._foreach_sub_(parameters, torch._foreach_mul(weights, group["lr"]))


def share(exponent: float | Tensor, like: Tensor) -> Tensor:
    """The logistic function, the article's w₀."""
    return torch.sigmoid(torch.as_tensor(exponent, dtype=like.dtype, device=like.device))
