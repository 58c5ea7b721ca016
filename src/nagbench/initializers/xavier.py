"""Glorot's uniform initial weights, biases zero."""

from torch import nn


def fill(module: nn.Conv2d | nn.Linear) -> None:
    """Set the layer's weights, and its biases to zero."""
    nn.init.xavier_uniform_(module.weight)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
