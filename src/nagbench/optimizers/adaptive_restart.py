"""Nesterov's method that begins again when momentum leads astray (O'Donoghue and Candès, 2015)."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import GroupStep, inner_product
from nagbench.optimizers.nesterov_1983 import Nesterov1983

SCHEMES = ("gradient", "function")


class AdaptiveRestart(Nesterov1983):
    r"""`Nesterov1983` with :math:`t_k \leftarrow 1`, so without momentum, in a step in which

    - `scheme="gradient"`: the move goes uphill, :math:`\nabla f(y_k)^T (x_{k+1} - x_k) > 0`;
    - `scheme="function"`: the loss has risen, :math:`f(y_k) > f(y_{k-1})`. The article compares
      f at the points x; here it is the closure's loss, at y, which costs nothing more.

    Products and losses are those of all parameters of a group together.

    Its neighbours: it takes the steps of `Nesterov1983` while it makes progress; `SRSGD` begins
    again after a fixed number of steps. It needs no knowledge of κ, and near a minimum it reaches
    the rate of `NAGStronglyConvex`, which does.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate η.
        scheme: One of `SCHEMES`; `function` needs a closure.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.1,
        scheme: str = "gradient",
        weight_decay: float = 0.0,
    ) -> None:
        if scheme not in SCHEMES:
            raise ValueError(f"scheme must be {' or '.join(SCHEMES)}: {scheme}")
        super().__init__(params, lr, weight_decay, scheme=scheme)

    def restarted(self, t: Tensor, moves: Sequence[Tensor], step: GroupStep) -> Tensor:
        if step.group["scheme"] == "gradient":
            astray = inner_product(step.gradients, moves) > 0
        elif step.loss is None:
            raise ValueError("scheme 'function' needs a closure that returns the loss")
        else:
            before = self.group_scalar(step.group, "loss", float("inf"))
            loss = step.loss.detach().to(before)
            astray = loss > before
            before.copy_(loss)
        return torch.where(astray, torch.ones_like(t), t)
