"""The fourth article's network of 6 and 12 channels, with its dimensions made consistent."""

from torch import Tensor, nn

from nagbench.models.layers import convolution, normalization, size_left
from nagbench.models.pooling import pooled


class TinyCNN(nn.Module):
    """conv 6 – pool – conv 12 – pool – dense; 8,518 parameters on CIFAR-10.

    The article prints a dense layer of 128·7·7 inputs after 12 channels, and pools only once; here
    each convolution is followed by pooling and the dense layer takes what is there: 12·8·8 numbers
    of an image of 32×32 pixels.
    """

    def __init__(
        self, inputs: tuple[int, int, int], classes: int, batch_norm: bool = False
    ) -> None:
        super().__init__()
        channels, height, width = inputs
        rows, columns = size_left(inputs, height // 2 // 2, width // 2 // 2)
        self.conv1 = convolution(channels, 6, batch_norm=batch_norm)
        self.norm1 = normalization(6, batch_norm)
        self.conv2 = convolution(6, 12, batch_norm=batch_norm)
        self.norm2 = normalization(12, batch_norm)
        self.dense = nn.Linear(12 * rows * columns, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = pooled(self.conv1(x), self.norm1)
        x = pooled(self.conv2(x), self.norm2)
        output: Tensor = self.dense(x.flatten(1))
        return output
