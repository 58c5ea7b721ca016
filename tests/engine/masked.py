"""A small network that has what a captured step can get wrong: batch normalisation and dropout."""

import torch
from torch import Tensor, nn

from nagbench.models.layers import PlannedDropout


class Masked(nn.Module):
    """A convolution with batch normalisation, dropout, a dense layer."""

    def __init__(self, inputs: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs[0], 4, 4, stride=4, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = PlannedDropout(256, 0.25)
        self.dense = nn.Linear(256, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(torch.relu(self.norm(self.conv(x))).flatten(1))
        logits: Tensor = self.dense(x)
        return logits
