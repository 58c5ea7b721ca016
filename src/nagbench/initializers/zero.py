"""A control that cannot learn: all gradients but those of the last biases vanish."""

from torch import nn


def fill(module: nn.Conv2d | nn.Linear) -> None:
    """Set the layer's weights, and its biases to zero."""
    nn.init.zeros_(module.weight)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
