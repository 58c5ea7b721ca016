"""Momentum made orthogonal by Newton and Schulz's iteration (Jordan, 2024)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range

_COEFFICIENTS = 3.4445, -4.7750, 2.0315
_ITERATIONS = 5
_BETAS, _EPS = (0.9, 0.95), 1e-10  # of the Adam inside


class Muon(FormulaOptimizer):
    r"""Momentum of a hidden layer's matrix, with all its singular values brought near one.

    .. math::
        M \leftarrow \mu M + (1 - \mu) G, \qquad
        W \leftarrow W - \eta \, \mathrm{orthogonal}\big((1 - \mu) G + \mu M\big)
        \sqrt{\max(1, \mathrm{rows} / \mathrm{columns})}

    Without `nesterov` M itself is made orthogonal: no gradient is mixed in, no look-ahead. The
    iteration runs in bfloat16 and brings singular values to between 0.5 and 1.5. A kernel is
    flattened to a matrix with a row for each filter, but scaled by its height over its width, which
    is 1 for square ones: so does the author's code. Libraries scale it by the flattened shape.

    Vectors and the last layer, the groups without `use_muon`, are Adam's, at a rate of their own
    that a schedule scales alike. Weight decay is decoupled in both.

    Args:
        params: Groups of parameters, each with the flag `use_muon`.
        lr: Learning rate η of the matrices.
        momentum: μ.
        nesterov: Whether the gradient is mixed in.
        adam_lr: Learning rate of the Adam inside.
        weight_decay: Decoupled weight decay.
    """

    decay = "decoupled"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.02,
        momentum: float = 0.95,
        nesterov: bool = True,
        adam_lr: float = 3e-4,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("momentum", momentum, 0, 1)
        check_range("adam_lr", adam_lr, 0)
        super().__init__(
            params, lr, weight_decay, momentum=momentum, nesterov=nesterov, adam_lr=adam_lr
        )
        for group in self.param_groups:
            if "use_muon" not in group:
                raise ValueError("each group of parameters needs the flag use_muon")
            if not group["use_muon"]:
                group["lr"] = adam_lr

    def update(self, step: GroupStep) -> None:
        if step.group["use_muon"]:
            self._orthogonal_step(step)
        else:
            self._adam_step(step)

    def _orthogonal_step(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        momentum = group["momentum"]
        means = self.state_tensors(parameters, "momentum")
        torch._foreach_lerp_(means, gradients, weight=1 - momentum)
        if group["nesterov"]:
            gradients = list(torch._foreach_lerp(gradients, means, weight=momentum))
        else:
            gradients = means
        for parameter, direction in zip(parameters, gradients, strict=True):
            parameter.sub_(self.moved(parameter, direction, momentum) * group["lr"])

    def moved(self, parameter: Tensor, direction: Tensor, momentum: float) -> Tensor:  # noqa: ARG002
        """The step of a matrix or kernel at rate one, made of the momentum of its gradients."""
        scale = max(1, parameter.shape[-2] / parameter.shape[-1]) ** 0.5
        matrix = orthogonal(direction.flatten(1)).to(parameter.dtype)
        return scale * matrix.view_as(parameter)

    def _adam_step(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        means = self.state_tensors(parameters, "mean")
        squares = self.state_tensors(parameters, "square")
        k = self.group_scalar(group, "k", 0.0)
        k.add_(1)
        torch._foreach_lerp_(means, gradients, weight=1 - _BETAS[0])
        torch._foreach_lerp_(squares, torch._foreach_mul(gradients, gradients), 1 - _BETAS[1])
        sizes = torch._foreach_sqrt(torch._foreach_div(squares, 1 - _BETAS[1] ** k))
        torch._foreach_add_(sizes, _EPS)
        steps = torch._foreach_div(means, sizes)
        torch._foreach_mul_(steps, group["lr"] / (1 - _BETAS[0] ** k))
        torch._foreach_sub_(parameters, steps)


def orthogonal(matrix: Tensor, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """The matrix with its singular values brought near one, in number type `dtype`."""
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).to(dtype)
    x = x / (x.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x
