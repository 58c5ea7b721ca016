"""The first article's network: conv 32 – pool – conv 64 – pool – dense 64 – dropout."""

from torch import Tensor, nn
from torch.nn.functional import relu

from nagbench.models.layers import PlannedDropout, convolution, normalization, size_left
from nagbench.models.pooling import pooled


class SeedCNN(nn.Module):
    """3×3 convolutions without padding, as in the article; 167,562 parameters on CIFAR-10."""

    def __init__(
        self, inputs: tuple[int, int, int], classes: int, batch_norm: bool = False
    ) -> None:
        super().__init__()
        channels, height, width = inputs
        # Each convolution takes off two rows and columns, each pooling halves what is left.
        rows, columns = (((side - 2) // 2 - 2) // 2 for side in (height, width))
        rows, columns = size_left(inputs, rows, columns)
        self.conv1 = convolution(channels, 32, padding=0, batch_norm=batch_norm)
        self.norm1 = normalization(32, batch_norm)
        self.conv2 = convolution(32, 64, padding=0, batch_norm=batch_norm)
        self.norm2 = normalization(64, batch_norm)
        self.dense1 = nn.Linear(64 * rows * columns, 64)
        self.dropout = PlannedDropout(64, 0.25)
        self.dense2 = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = pooled(self.conv1(x), self.norm1)
        x = pooled(self.conv2(x), self.norm2)
        x = self.dropout(relu(self.dense1(x.flatten(1))))
        output: Tensor = self.dense2(x)
        return output
