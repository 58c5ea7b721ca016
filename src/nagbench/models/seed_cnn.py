"""The first article's network at 32×32: conv 32 – pool – conv 64 – pool – dense 64 – dropout."""

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from nagbench.models.dropout import PlannedDropout


class SeedCNN(nn.Module):
    """3×3 convolutions without padding, as the article's Keras layers; 167,562 parameters."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.dense1 = nn.Linear(64 * 6 * 6, 64)
        self.dropout = PlannedDropout(64, 0.25)
        self.dense2 = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = relu(max_pool2d(self.conv1(x), 2))  # pooling first gives the same numbers in less time
        x = relu(max_pool2d(self.conv2(x), 2))
        x = self.dropout(relu(self.dense1(x.flatten(1))))
        output: Tensor = self.dense2(x)
        return output
