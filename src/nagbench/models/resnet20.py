"""ResNet-20 as He et al. (2016) built it for CIFAR-10."""

from torch import Tensor, nn
from torch.nn.functional import relu

from nagbench.models.layers import convolution, normalization
from nagbench.models.residual import BasicBlock, initialize_convolutions


class ResNet20(nn.Module):
    """3 stages of 3 blocks, 16, 32 and 64 channels, shortcuts without parameters.

    269,722 parameters and 40.6 million multiplications an image of CIFAR-10.
    """

    def __init__(self, inputs: tuple[int, int, int], classes: int, batch_norm: bool = True) -> None:
        super().__init__()
        self.conv = convolution(inputs[0], 16, batch_norm=batch_norm)
        self.norm = normalization(16, batch_norm)
        blocks, channels = [], 16
        for stage, width in enumerate((16, 32, 64)):
            for block in range(3):
                stride = 2 if stage and not block else 1
                blocks.append(
                    BasicBlock(channels, width, stride, projected=False, batch_norm=batch_norm)
                )
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.dense = nn.Linear(channels, classes)
        initialize_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(relu(self.norm(self.conv(x))))
        # The mean, not a pooling layer, whose gradient on a GPU is not deterministic.
        output: Tensor = self.dense(x.mean((2, 3)))
        return output
