"""Penalties on the weights, which a run minimises beside its loss."""

import torch
from torch import Tensor, nn

from nagbench.engine.recipe import Training


def penalty(weights: list[nn.Parameter], training: Training) -> Tensor | None:
    """l1·Σ|w| + l2/2·Σw² over `weights`, None if the training wants neither."""
    parts = []
    if training.l1:
        parts.append(training.l1 * torch.stack([weight.abs().sum() for weight in weights]).sum())
    if training.l2:
        squares = torch.stack([weight.square().sum() for weight in weights]).sum()
        parts.append(training.l2 / 2 * squares)
    return torch.stack(parts).sum() if parts else None


def penalized(model: nn.Module) -> list[nn.Parameter]:
    """The weights that penalties are on: all that learn but biases and scales."""
    return [weight for weight in model.parameters() if weight.requires_grad and weight.ndim > 1]
