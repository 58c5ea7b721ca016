"""Averages in place of a schedule (Defazio et al., 2024)."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import (
    FormulaOptimizer,
    GroupStep,
    LookAhead,
    check_range,
)


class _ScheduleFree(LookAhead, FormulaOptimizer):
    """Gradients at y, between z, which takes the steps, and x, the mean of z that is judged.

    The model holds y; x follows from y and z.
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Tensor, weight_decay: float, **settings: Any
    ) -> None:
        super().__init__(params, lr, weight_decay, look_ahead=True, **settings)

    @abstractmethod
    def share(self, group: dict[str, Any]) -> float:
        """β, x's share of y."""

    @abstractmethod
    def directions(self, step: GroupStep, k: Tensor) -> list[Tensor]:
        """What z steps along in step k, counted from 1."""

    def update(self, step: GroupStep) -> None:
        parameters, _, group, _ = step
        beta = self.share(group)
        places = self.state_tensors(parameters, "z", lambda p: p.detach().clone())
        k, highest, weights = (
            self.group_scalar(group, n, 0.0) for n in ("k", "highest", "weights")
        )
        k.add_(1)
        highest.clamp_(min=group["lr"])
        weights.add_(highest**2)
        # Of x in this step; with a rate of 0 so far it stays where it is.
        new = torch.where(weights > 0, highest**2 / weights, 0.0)
        along = torch._foreach_mul(self.directions(step, k), group["lr"])
        for parameter, place, part in zip(parameters, places, along, strict=True):
            parameter.lerp_(place, new.to(parameter.dtype))
            parameter.add_(part * (beta * (1 - new) - 1))
        torch._foreach_sub_(places, along)

    def exchange(self, group: dict[str, Any]) -> None:
        beta = self.share(group)
        weight = 1 - 1 / beta if group["look_ahead"] else 1 - beta
        for parameter in group["params"]:
            if "z" in self.state[parameter]:
                parameter.lerp_(self.state[parameter]["z"], weight)


class ScheduleFreeSGD(_ScheduleFree):
    r"""Gradient descent at z, with gradients between z and its mean.

    .. math::
        y_t = (1 - \beta) z_t + \beta x_t, \qquad z_{t+1} = z_t - \eta_t g(y_t), \qquad
        x_{t+1} = x_t + \frac{\eta_{max}^2}{\sum \eta_{max}^2} (z_{t+1} - x_t)

    with :math:`\eta_{max}` the highest rate so far. It is judged at x, not at the look-ahead
    point y.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        momentum: β.
        weight_decay: Coupled weight decay, at y.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("momentum", momentum, 0, 1, "()")
        super().__init__(params, lr, weight_decay, momentum=momentum)

    def share(self, group: dict[str, Any]) -> float:
        return float(group["momentum"])

    def directions(self, step: GroupStep, k: Tensor) -> list[Tensor]:  # noqa: ARG002
        return step.gradients


class ScheduleFreeAdamW(_ScheduleFree):
    r"""`ScheduleFreeSGD` whose steps are divided as Adam divides them.

    .. math::
        y_t = (1 - \beta_1) z_t + \beta_1 x_t, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2,
        \qquad z_{t+1} = z_t - \eta_t \Big(\frac{g(y_t)}{\sqrt{\hat v} + \epsilon}
        + \lambda y_t\Big)

    and x as there.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        betas: β₁ and β₂.
        eps: ε.
        weight_decay: λ, decoupled.
    """

    decay = "own"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2.5e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("betas", betas[0], 0, 1, "()")
        check_range("betas", betas[1], 0, 1)
        check_range("eps", eps, 0)
        super().__init__(params, lr, weight_decay, betas=betas, eps=eps)

    def share(self, group: dict[str, Any]) -> float:
        return float(group["betas"][0])

    def directions(self, step: GroupStep, k: Tensor) -> list[Tensor]:
        parameters, gradients, group, _ = step
        beta = group["betas"][1]
        squares = self.state_tensors(parameters, "square")
        torch._foreach_mul_(squares, beta)
        torch._foreach_addcmul_(squares, gradients, gradients, value=1 - beta)
        sizes = torch._foreach_sqrt(torch._foreach_div(squares, 1 - beta**k))
        torch._foreach_add_(sizes, group["eps"])
        along = torch._foreach_div(gradients, sizes)
        if group["weight_decay"]:
            torch._foreach_add_(along, parameters, alpha=group["weight_decay"])
        return list(along)
