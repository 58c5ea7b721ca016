"""Nesterov's method that begins again when momentum leads astray (O'Donoghue and Candès, 2015)."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.nesterov_1983 import Nesterov1983
from nagbench.optimizers.rule import Step, inner

SCHEMES = ("gradient", "function")


class AdaptiveRestart(Nesterov1983):
    r"""`Nesterov1983` with :math:`t_k \leftarrow 1`, so without momentum, in a step in which

    - `scheme="gradient"`: the move goes uphill, :math:`\nabla f(y_k)^T (x_{k+1} - x_k) > 0`;
    - `scheme="function"`: the loss has risen, :math:`f(y_k) > f(y_{k-1})`. The article compares
      f at the points x; here it is the closure's loss, at y, which costs nothing more.

    Steps, products and losses are those of all parameters of a group together. It needs no
    knowledge of κ and reaches the rate of `NAGStronglyConvex` near a minimum.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 0.1,
        scheme: str = "gradient",
        weight_decay: float = 0.0,
    ) -> None:
        if scheme not in SCHEMES:
            raise ValueError(f"scheme must be {' or '.join(SCHEMES)}: {scheme}")
        super().__init__(params, lr, weight_decay, scheme=scheme)

    def restarted(self, t: Tensor, moves: Sequence[Tensor], now: Step) -> Tensor:
        if now.group["scheme"] == "gradient":
            astray = inner(now.gradients, moves) > 0
        elif now.loss is None:
            raise ValueError("scheme 'function' needs a closure that returns the loss")
        else:
            before = self.number(now, "loss", float("inf"))
            loss = now.loss.detach().to(before)
            astray = loss > before
            before.copy_(loss)
        return torch.where(astray, torch.ones_like(t), t)
