"""The decoded set on the device: a batch is one gather, augmentation included."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# Mean and deviation of CIFAR-10's training images by channel; every data set is scaled with them.
MEAN = (125.307, 122.950, 113.865)
DEVIATION = (62.993, 62.089, 66.705)


@dataclass(frozen=True)
class ResidentSet:
    """Padded images (n, height, width, 3) in uint8 and their labels, on one device."""

    images: Tensor
    labels: Tensor
    padding: int
    dtype: torch.dtype
    mean: Tensor
    scale: Tensor

    @classmethod
    def place(
        cls,
        images: np.ndarray,
        labels: np.ndarray,
        padding: int,
        device: torch.device,
        dtype: torch.dtype,
    ) -> "ResidentSet":
        """Put images on the device, with a black border for the random crops."""
        exact = torch.promote_types(dtype, torch.float32)
        border = ((0, 0), (padding, padding), (padding, padding), (0, 0))
        return cls(
            images=torch.from_numpy(np.pad(images, border)).to(device),
            labels=torch.from_numpy(labels.astype(np.int64)).to(device),
            padding=padding,
            dtype=dtype,
            mean=torch.tensor(MEAN, dtype=exact, device=device),
            scale=1 / torch.tensor(DEVIATION, dtype=exact, device=device),
        )

    def __len__(self) -> int:
        return len(self.labels)

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
        mean, deviation = (torch.tensor(value, dtype=torch.float64) for value in (MEAN, DEVIATION))
        return ((inner - mean) / deviation).permute(0, 3, 1, 2)

    def _inner(self, start: int, stop: int) -> Tensor:
        height, width = self.images.shape[1:3]
        return self.images[
            start:stop, self.padding : height - self.padding, self.padding : width - self.padding
        ]

    def _scaled(self, images: Tensor) -> Tensor:
        """Standardised, as (n, 3, height, width) in channels-last memory."""
        scaled = (images.to(self.mean.dtype) - self.mean) * self.scale
        return scaled.to(self.dtype).permute(0, 3, 1, 2)


def _blanked(images: Tensor, holes: Tensor, side: int) -> Tensor:
    """Zero, which is the mean, in squares of `side` around `holes`, cut off at the border."""
    pixels = torch.arange(images.shape[2], device=images.device)
    away = pixels[None, :, None] - holes[:, None, :] + side // 2  # (image, pixel, axis)
    within = (away >= 0) & (away < side)
    square = within[:, None, :, None, 0] & within[:, None, None, :, 1]
    return images.masked_fill(square, 0.0)
