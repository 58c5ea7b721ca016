"""Dropout whose masks are planned, so that every optimizer and device drops the same units."""

import torch
from torch import Tensor, nn


class PlannedDropout(nn.Module):
    """Drops features where `uniforms`, set by the trainer before each step, lies below `p`."""

    uniforms: Tensor

    def __init__(self, features: int, p: float) -> None:
        super().__init__()
        self.features, self.p = features, p
        self.register_buffer("uniforms", torch.empty(0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (self.uniforms >= self.p).to(x.dtype) / (1 - self.p)


def planned_dropouts(model: nn.Module) -> list[PlannedDropout]:
    """The layers for which a trainer must plan masks."""
    return [module for module in model.modules() if isinstance(module, PlannedDropout)]
