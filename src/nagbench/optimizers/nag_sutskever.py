"""Nesterov's accelerated gradient in the form of Sutskever et al. (2013)."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class NAGSutskever(torch.optim.Optimizer):
    r"""Momentum whose gradient is taken where the momentum is about to lead.

    .. math::
        v_{t+1} = \mu v_t - \eta \nabla f(\theta_t + \mu v_t), \qquad
        \theta_{t+1} = \theta_t + v_{t+1}

    The parameters that the model sees hold the look-ahead point :math:`\theta_t + \mu v_t`, where
    the gradient is needed. `eval()` moves them to :math:`\theta_t`, the point that the method
    proposes, and `train()` back.

    Its neighbours: torch's `SGD(nesterov=True)` keeps a velocity without the learning rate, so the
    two part when the rate changes (there a new rate rescales the past steps at once, here it acts
    on new gradients alone), and it evaluates at the look-ahead point. With a constant rate both
    take the same gradients. With `momentum=0` it is gradient descent.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.01,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        if lr < 0:
            raise ValueError(f"lr must not be negative: {lr}")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be in [0, 1): {momentum}")
        if weight_decay < 0:
            raise ValueError(f"weight_decay must not be negative: {weight_decay}")
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._ahead = True

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            momentum, decay = group["momentum"], group["weight_decay"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["velocity"] = torch.zeros_like(parameter)
                velocity = state["velocity"]
                gradient = parameter.grad
                if decay:
                    gradient = gradient.add(parameter, alpha=decay)
                # From look-ahead to look-ahead: −μv back, +v' forward, +μv' ahead.
                parameter.sub_(velocity, alpha=momentum)
                velocity.mul_(momentum).sub_(group["lr"] * gradient)
                parameter.add_(velocity, alpha=1 + momentum)
        return loss

    def eval(self) -> None:
        """Put the parameters at the method's own point."""
        self._shift(ahead=False)

    def train(self) -> None:
        """Put the parameters at the look-ahead point, where gradients are taken."""
        self._shift(ahead=True)

    @torch.no_grad()
    def _shift(self, ahead: bool) -> None:
        if ahead == self._ahead:
            return
        self._ahead = ahead
        for group in self.param_groups:
            sign = group["momentum"] if ahead else -group["momentum"]
            for parameter in group["params"]:
                if "velocity" in self.state[parameter]:
                    parameter.add_(self.state[parameter]["velocity"], alpha=sign)
