"""ResNet-18 as torchvision builds it, with the first layer that small images need."""

from torch import Tensor, nn
from torch.nn.functional import relu

from nagbench.models.layers import convolution, normalization
from nagbench.models.residual import BasicBlock, initialize_convolutions


class ResNet18(nn.Module):
    """4 stages of 2 blocks, 64 to 512 channels, shortcuts of 1×1 convolutions.

    In place of 7×7 with stride 2 and pooling, the first layer is a 3×3 convolution of stride 1.
    11,173,962 parameters on CIFAR-10.
    """

    def __init__(self, inputs: tuple[int, int, int], classes: int, batch_norm: bool = True) -> None:
        super().__init__()
        self.conv = convolution(inputs[0], 64, batch_norm=batch_norm)
        self.norm = normalization(64, batch_norm)
        blocks, channels = [], 64
        for stage, width in enumerate((64, 128, 256, 512)):
            for block in range(2):
                stride = 2 if stage and not block else 1
                blocks.append(
                    BasicBlock(channels, width, stride, projected=True, batch_norm=batch_norm)
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
