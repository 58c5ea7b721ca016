"""The fourth article's network of 6 and 12 channels, with its dimensions made consistent."""

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu


class TinyCNN(nn.Module):
    """conv 6 – pool – conv 12 – pool – dense; 8,518 parameters for ten classes.

    The article prints a dense layer of 128·7·7 inputs after 12 channels, and pools only once; here
    each convolution is followed by pooling and the dense layer takes what is there, 12·8·8.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 12, 3, padding=1)
        self.dense = nn.Linear(12 * 8 * 8, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = relu(max_pool2d(self.conv1(x), 2))  # pooling first gives the same numbers in less time
        x = relu(max_pool2d(self.conv2(x), 2))
        output: Tensor = self.dense(x.flatten(1))
        return output
