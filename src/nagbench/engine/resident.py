"""The decoded set on the device: a batch is one gather, augmentation included."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class ResidentSet:
    """A part of a data set, on one device.

    Attributes:
        images: Grey levels (n, height, width, channels) in uint8, with a border of `padding`.
        labels: Class indexes (n,) in int64.
        padding: Pixels that the border adds on each side.
        dtype: In which batches are made.
        mean: Of each channel, in grey levels.
        scale: One over the deviation of each channel.
        classes: How many there are.
        known: What was worked out of the first images.
    """

    images: Tensor
    labels: Tensor
    padding: int
    dtype: torch.dtype
    mean: Tensor
    scale: Tensor
    classes: int
    known: dict[Any, Tensor] = field(default_factory=dict, repr=False)

    @classmethod
    def place(
        cls,
        images: np.ndarray,
        labels: np.ndarray,
        padding: int,
        device: torch.device,
        dtype: torch.dtype,
        mean: Sequence[float],
        deviation: Sequence[float],
        classes: int,
    ) -> "ResidentSet":
        """Put images on the device, with a black border for the random crops."""
        exact = torch.promote_types(dtype, torch.float32)
        border = ((0, 0), (padding, padding), (padding, padding), (0, 0))
        return cls(
            images=torch.from_numpy(np.pad(images, border)).to(device),
            labels=torch.from_numpy(labels.astype(np.int64)).to(device),
            padding=padding,
            dtype=dtype,
            mean=torch.tensor(mean, dtype=exact, device=device),
            scale=1 / torch.tensor(deviation, dtype=exact, device=device),
            classes=classes,
        )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def inputs(self) -> tuple[int, int, int]:
        """Channels, height and width of an image without its border."""
        _, height, width, channels = self.images.shape
        return channels, height - 2 * self.padding, width - 2 * self.padding

    def crops(
        self,
        index: Tensor,
        rows: Tensor,
        columns: Tensor,
        flips: Tensor,
        holes: Tensor | None = None,
        side: int = 0,
    ) -> Tensor:
        """Images `index`, cut out at (`rows`, `columns`) and mirrored where `flips`.

        Around `holes`, given as (row, column), a square of that `side` is set to the mean.
        """
        count, height, width, channels = self.images.shape
        shifts = 2 * self.padding + 1
        stride = self.images.stride()
        windows = self.images.as_strided(
            (count, shifts, shifts, height - shifts + 1, width - shifts + 1, channels),
            (stride[0], stride[1], stride[2], *stride[1:]),
        )
        cut = windows[index, rows, columns]
        scaled = self._scaled(torch.where(flips[:, None, None, None], cut.flip(2), cut))
        return scaled if holes is None else _blanked(scaled, holes, side)

    def plain(self, start: int, stop: int) -> Tensor:
        """Images `start` to `stop`, not augmented."""
        return self._scaled(self._inner(start, stop))

    def first(self, count: int) -> Tensor:
        """The first images, not augmented, in float64 on the CPU: the same on every device."""
        inner = self._inner(0, min(count, len(self))).cpu().double()
        scaled = (inner - self.mean.cpu().double()) * self.scale.cpu().double()
        return scaled.permute(0, 3, 1, 2)

    def of_first(self, count: int, function: Callable[[Tensor], Tensor]) -> Tensor:
        """What a function makes of the `first` images; worked out once for all runs."""
        key = function.__module__, function.__qualname__, count
        if key not in self.known:
            self.known[key] = function(self.first(count))
        return self.known[key]

    def _inner(self, start: int, stop: int) -> Tensor:
        height, width = self.images.shape[1:3]
        return self.images[
            start:stop, self.padding : height - self.padding, self.padding : width - self.padding
        ]

    def _scaled(self, images: Tensor) -> Tensor:
        """Standardised, as (n, channels, height, width) in channels-last memory."""
        scaled = (images.to(self.mean.dtype) - self.mean) * self.scale
        return scaled.to(self.dtype).permute(0, 3, 1, 2)


def _blanked(images: Tensor, holes: Tensor, side: int) -> Tensor:
    """Zero, which is the mean, in squares of `side` around `holes`, cut off at the border."""
    within = []  # of each axis, (image, pixel along it)
    for axis, pixels in enumerate(images.shape[2:]):
        away = torch.arange(pixels, device=images.device) - holes[:, axis, None] + side // 2
        within.append((away >= 0) & (away < side))
    square = within[0][:, None, :, None] & within[1][:, None, None, :]
    return images.masked_fill(square, 0.0)
