"""The small Inception network of Zhang et al. (2017), who fitted random labels with it."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from nagbench.models.layers import convolution, normalization


class _Convolution(nn.Module):
    """Convolution, batch normalisation without scale, rectifier."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, batch_norm: bool
    ) -> None:
        super().__init__()
        self.conv = convolution(
            inputs, outputs, kernel, stride=stride, padding=kernel // 2, batch_norm=batch_norm
        )
        self.norm = normalization(outputs, batch_norm, scaled=False)

    def forward(self, x: Tensor) -> Tensor:
        return relu(self.norm(self.conv(x)))


class _Inception(nn.Module):
    """1×1 and 3×3 convolutions side by side."""

    def __init__(self, inputs: int, narrow: int, wide: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.narrow = _Convolution(inputs, narrow, 1, batch_norm=batch_norm)
        self.wide = _Convolution(inputs, wide, 3, batch_norm=batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.narrow(x), self.wide(x)], 1)


class _Downsample(nn.Module):
    """A 3×3 convolution and 3×3 pooling side by side, both of stride 2."""

    def __init__(self, inputs: int, outputs: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.conv = _Convolution(inputs, outputs, 3, 2, batch_norm=batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.conv(x), max_pool2d(x, 3, 2, 1)], 1)


class SmallInception(nn.Module):
    """Two stages of Inception modules after a convolution, then the mean and a dense layer.

    1,649,402 parameters on CIFAR-10, as published. The article crops its images to 28×28; here they
    keep their size.
    """

    def __init__(self, inputs: tuple[int, int, int], classes: int, batch_norm: bool = True) -> None:
        super().__init__()
        layers: list[nn.Module] = [_Convolution(inputs[0], 96, 3, batch_norm=batch_norm)]
        channels = 96
        # Channels of the 1×1 and 3×3 convolutions; 0 and 3×3 for the modules that downsample.
        for narrow, wide in (
            (32, 32), (32, 48), (0, 80), (112, 48), (96, 64), (80, 80), (48, 96), (0, 96),
            (176, 160), (176, 160),
        ):  # fmt: skip
            if narrow:
                layers.append(_Inception(channels, narrow, wide, batch_norm=batch_norm))
                channels = narrow + wide
            else:
                layers.append(_Downsample(channels, wide, batch_norm=batch_norm))
                channels += wide
        self.layers = nn.Sequential(*layers)
        self.dense = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.dense(self.layers(x).mean((2, 3)))
        return output
