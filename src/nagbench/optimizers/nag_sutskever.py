"""Nesterov's accelerated gradient in the form of Sutskever et al. (2013)."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from nagbench.optimizers.base import GroupStep, LookAheadOptimizer, check_range


class NAGSutskever(LookAheadOptimizer):
    r"""Momentum whose gradient is taken where the momentum is about to lead.

    .. math::
        v_{t+1} = \mu v_t - \eta \nabla f(\theta_t + \mu v_t), \qquad
        \theta_{t+1} = \theta_t + v_{t+1}

    The parameters that the model sees hold the look-ahead point :math:`\theta_t + \mu v_t`, where
    the gradient is needed. `eval()` moves them to :math:`\theta_t`, the point that the method
    proposes, and `train()` back.

    Its neighbours: torch's `SGD(nesterov=True)` keeps a velocity without the learning rate, so the
    two part when the rate changes (there a new rate rescales the past steps at once, here it acts
    on new gradients alone), and it is judged at the look-ahead point. With a constant rate both
    take the same gradients. `NAGStronglyConvex` is this formula with the momentum that a condition
    number asks for. With `momentum=0` it is gradient descent.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        momentum: μ.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.01,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("momentum", momentum, 0, 1)
        super().__init__(params, lr, weight_decay, momentum=momentum)

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        momentum = group["momentum"]
        velocities = self.state_tensors(parameters, "velocity")
        for parameter, gradient, velocity in zip(parameters, gradients, velocities, strict=True):
            # From look-ahead to look-ahead: −μv back, +v' forward, +μv' ahead.
            parameter.sub_(velocity, alpha=momentum)
            velocity.mul_(momentum).sub_(group["lr"] * gradient)
            parameter.add_(velocity, alpha=1 + momentum)

    def exchange(self, group: dict[str, Any]) -> None:
        sign = -1 if group["look_ahead"] else 1
        for parameter in group["params"]:
            if "velocity" in self.state[parameter]:
                parameter.add_(self.state[parameter]["velocity"], alpha=sign * group["momentum"])
