"""Steps of a fixed length in each layer's own norm (Pethick et al., 2025)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.base import FormulaOptimizer, GroupStep, check_range
from nagbench.optimizers.muon import orthogonal


class Scion(FormulaOptimizer):
    r"""Steps to the corner of a ball, in a norm for each kind of layer, without constraint.

    .. math::
        m \leftarrow (1 - \alpha) m + \alpha g, \qquad
        \theta \leftarrow \theta - \eta \, \rho \, \mathrm{lmo}(m)

    where m begins as the first gradient. Hidden matrices of `rows` × `columns` take the spectral
    norm's lmo, Muon's orthogonal matrix times √(rows/columns); kernels the same for their channels,
    divided by the kernel's area; the last layer the signs over its columns, with a radius of its
    own; vectors are divided by their root mean square. In the groups that the benchmark makes, the
    last layer is the matrix among those without `use_muon`. The authors' other form, in which
    weights shrink by η in each step, asks for initial weights of its own and is not here.

    Its neighbours: `Muon` has the spectral norm for matrices alone, and Adam beside it.

    Args:
        params: Groups of parameters, each with the flag `use_muon`.
        lr: Learning rate η.
        momentum: 1 - α, the share of what was before.
        radius: ρ, of all but the last layer.
        head_radius: ρ of the last layer.
        weight_decay: Coupled weight decay.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0.9,
        radius: float = 8.0,
        head_radius: float = 128.0,
        weight_decay: float = 0.0,
    ) -> None:
        check_range("momentum", momentum, 0, 1)
        check_range("radius", radius, 0, ends="()")
        check_range("head_radius", head_radius, 0, ends="()")
        radii = {"radius": radius, "head_radius": head_radius}
        super().__init__(params, lr, weight_decay, momentum=momentum, **radii)
        for group in self.param_groups:
            if "use_muon" not in group:
                raise ValueError("each group of parameters needs the flag use_muon")

    def update(self, step: GroupStep) -> None:
        parameters, gradients, group, _ = step
        first = not any("mean" in self.state[parameter] for parameter in parameters)
        means = self.state_tensors(parameters, "mean")
        torch._foreach_lerp_(means, gradients, weight=1.0 if first else 1 - group["momentum"])
        for parameter, mean in zip(parameters, means, strict=True):
            head = parameter.ndim > 1 and not group["use_muon"]
            corner = mean.sign() / mean.shape[1] if head else _corner(mean)
            radius = group["head_radius" if head else "radius"]
            parameter.sub_(corner * (group["lr"] * radius))


def _corner(mean: Tensor) -> Tensor:
    """Where a linear function with this slope is largest on the unit ball."""
    if mean.ndim < 2:
        return mean / (mean.square().mean().sqrt() + 1e-8)
    rows, columns, *kernel = mean.shape
    matrix = orthogonal(mean.flatten(1)).to(mean.dtype).view_as(mean)
    area = torch.Size(kernel).numel()
    return matrix * ((rows / columns) ** 0.5 / area)
