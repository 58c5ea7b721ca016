"""Sharpness-aware minimization (Foret et al., 2021)."""

from collections.abc import Callable, Iterable
from typing import Any

import torch

from nagbench.optimizers.base import check_range, inner_product
from nagbench.optimizers.wrapper import Wrapper


class SAM(Wrapper):
    r"""An inner optimizer on the gradient at the worst point nearby, to first order.

    .. math::
        \theta \leftarrow A\Big(\theta, \nabla f\big(\theta + \rho \frac{g}{\|g\|}\big)\Big),
        \qquad g = \nabla f(\theta)

    The length is that of all parameters' gradients together. A step takes two gradients of one
    batch, so it needs a closure and cannot be captured.

    Args:
        params: Parameters, or groups of them.
        inner: The inner optimizer: sgd, adam or muon.
        rho: ρ.
        settings: The inner optimizer's, `lr` among them.
    """

    def __init__(
        self, params: Iterable[Any], inner: str = "sgd", rho: float = 0.05, **settings: Any
    ) -> None:
        check_range("rho", rho, 0)
        super().__init__(params, inner, {"rho": rho}, settings)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step; returns the closure's loss where the step began."""
        if closure is None:
            raise ValueError("SAM needs a closure that evaluates the loss and its gradient")
        with torch.enable_grad():
            loss = closure()
        moved = [(p, group) for group in self.param_groups for p in group["params"]]
        moved = [(p, group) for p, group in moved if p.grad is not None]
        gradients = [p.grad for p, _ in moved]
        here = [p.clone() for p, _ in moved]
        length = inner_product(gradients, gradients).sqrt()
        for (parameter, group), gradient in zip(moved, gradients, strict=True):
            parameter.add_(gradient * torch.where(length > 0, group["rho"] / length, 0.0))
        with torch.enable_grad():
            closure()
        for (parameter, _), start in zip(moved, here, strict=True):
            parameter.copy_(start)
        self.inner.step()
        return loss
