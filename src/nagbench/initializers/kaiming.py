"""He's normal initial weights for ReLU, biases zero."""

from torch import nn


def fill(module: nn.Conv2d | nn.Linear) -> None:
    """Set the layer's weights, and its biases to zero."""
    nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    if module.bias is not None:
        nn.init.zeros_(module.bias)
