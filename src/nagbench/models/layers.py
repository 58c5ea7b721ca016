"""Layers that several networks share, and what a trainer must know of them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class PlannedDropout(nn.Module):
    """Dropout whose masks are planned, so that all optimizers and devices drop the same units.

    Drops features where `chances`, bytes set by the trainer before each step, lie below 256·p.
    """

    chances: Tensor

    def __init__(self, features: int, p: float) -> None:
        super().__init__()
        self.features, self.p = features, p
        self.threshold = round(256 * p)
        if self.threshold != 256 * p:
            raise ValueError(f"p must be a multiple of 1/256: {p}")
        self.register_buffer("chances", torch.empty(0, dtype=torch.uint8), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (self.chances >= self.threshold).to(x.dtype) / (1 - self.p)


def planned_dropouts(model: nn.Module) -> list[PlannedDropout]:
    """The layers for which a trainer must plan masks."""
    return [module for module in model.modules() if isinstance(module, PlannedDropout)]


def convolution(
    inputs: int,
    outputs: int,
    kernel: int = 3,
    *,
    stride: int = 1,
    padding: int = 1,
    batch_norm: bool,
) -> nn.Conv2d:
    """A convolution, with biases unless batch normalisation follows, which has its own."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=not batch_norm)


def normalization(channels: int, batch_norm: bool, *, scaled: bool = True) -> nn.Module:
    """Batch normalisation, or nothing; not `scaled`: with a shift alone to be learned."""
    if not batch_norm:
        return nn.Identity()
    layer = nn.BatchNorm2d(channels)
    if not scaled:
        layer.weight.requires_grad_(False)
    return layer


def size_left(inputs: tuple[int, int, int], rows: int, columns: int) -> tuple[int, int]:
    """The pixels that a network's layers leave of an image; `ValueError` if there are none."""
    if min(rows, columns) < 1:
        _, height, width = inputs
        raise ValueError(f"of {height}×{width} pixels its layers leave none")
    return rows, columns


def batch_norms(model: nn.Module) -> list[_BatchNorm]:
    """The layers that keep running statistics of their inputs."""
    return [module for module in model.modules() if isinstance(module, _BatchNorm)]


@contextmanager
def statistics_held(model: nn.Module) -> Iterator[None]:
    """Training mode in which batch normalisation still uses its batch, but remembers nothing."""
    layers = batch_norms(model)
    for layer in layers:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer in layers:
            layer.track_running_stats = True


def recalibrate(
    model: nn.Module, batches: Iterable[Tensor], forward: Callable[[Tensor], object]
) -> None:
    """Batch normalisation's running statistics anew: the mean over batches in a `forward` pass.

    All else is in inference mode meanwhile.
    """
    layers = batch_norms(model)
    kept = [layer.momentum for layer in layers]
    model.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.train()
    for count, batch in enumerate(batches, 1):
        for layer in layers:
            layer.momentum = 1 / count  # the plain mean of all so far
        forward(batch)
    for layer, momentum in zip(layers, kept, strict=True):
        layer.momentum = momentum
        layer.eval()
