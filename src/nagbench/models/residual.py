"""The basic block of residual networks (He et al., 2016)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from nagbench.models.layers import convolution, normalization


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut.

    Where the shape changes, the shortcut is a 1×1 convolution if `projected` (option B), else every
    other pixel with zeros for the new channels (option A).
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, *, projected: bool, batch_norm: bool
    ) -> None:
        super().__init__()
        self.conv1 = convolution(inputs, outputs, stride=stride, batch_norm=batch_norm)
        self.norm1 = normalization(outputs, batch_norm)
        self.conv2 = convolution(outputs, outputs, batch_norm=batch_norm)
        self.norm2 = normalization(outputs, batch_norm)
        self.stride, self.more = stride, outputs - inputs
        self.shortcut: nn.Module | None = None
        if projected and (stride > 1 or self.more):
            self.shortcut = nn.Sequential(
                convolution(inputs, outputs, 1, stride=stride, padding=0, batch_norm=batch_norm),
                normalization(outputs, batch_norm),
            )

    def forward(self, x: Tensor) -> Tensor:
        y = relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return relu(y + self._past(x))

    def _past(self, x: Tensor) -> Tensor:
        if self.shortcut is not None:
            passed: Tensor = self.shortcut(x)
            return passed
        if self.stride == 1 and not self.more:
            return x
        x = x[:, :, :: self.stride, :: self.stride]
        return pad(x, (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))


def initialize_convolutions(model: nn.Module) -> None:
    """He et al.'s initial weights, as the residual networks were published with."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
