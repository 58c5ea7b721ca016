"""Distance over weighted gradients (Khaled et al., 2023)."""

from typing import Any

import torch
from torch import Tensor

from nagbench.optimizers.rule import Rule, Step, inner, within


class DoWG(Rule):
    r"""Gradient descent without a rate to tune: the farther it has come, the larger its steps.

    .. math::
        r_t = \max(r_{t-1}, \|x_t - x_0\|), \qquad v_t = v_{t-1} + r_t^2 \|g_t\|^2, \qquad
        x_{t+1} = x_t - \frac{r_t^2}{\sqrt{v_t}} g_t

    with r₀ = `distance`, a guess that should be small. Lengths are those of a group. `lr`
    multiplies the step and is 1 in the article.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        distance: float = 1e-4,
        weight_decay: float = 0.0,
    ) -> None:
        if distance <= 0:
            raise ValueError(f"distance must be above 0: {distance}")
        within("distance", distance, 0)
        super().__init__(params, lr, weight_decay, distance=distance)

    def update(self, now: Step) -> None:
        parameters, gradients, group = now.parameters, now.gradients, now.group
        starts = self.remembered(parameters, "start", lambda p: p.detach().clone())
        farthest = self.number(now, "farthest", group["distance"])
        weighted = self.number(now, "weighted", 0.0)
        away = torch._foreach_sub(parameters, starts)
        farthest.copy_(torch.maximum(farthest, inner(away, away).sqrt()))
        square = farthest * farthest
        weighted.add_(square * inner(gradients, gradients))
        rate = torch.where(weighted > 0, square / weighted.sqrt(), 0.0)
        torch._foreach_sub_(parameters, torch._foreach_mul(gradients, group["lr"] * rate))
