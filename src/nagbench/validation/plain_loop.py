"""A plain training loop: NAG on the first article's network, as a tutorial would write it.

It takes from torch and torchvision and nothing from the engine, so that no mistake of the engine
can be in both.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from nagbench.data.torchvision_import import import_torchvision

Images = tuple[np.ndarray, np.ndarray]
WORKERS = 2  # that load


def plain_loop(
    train: Images,
    test: Images,
    mean: Sequence[float],
    deviation: Sequence[float],
    *,
    rate: float,
    momentum: float,
    batch_size: int,
    epochs: int,
    seed: int,
) -> float:
    """The test accuracy, from 0 to 1, after so many epochs.

    Args:
        train, test: Grey levels (n, height, width, channels) in uint8, and class indexes (n,).
        mean, deviation: Of each channel, in grey levels.
    """
    torch.manual_seed(seed)
    transforms = import_torchvision().transforms
    scaled = [
        transforms.ToTensor(),
        transforms.Normalize([m / 255 for m in mean], [d / 255 for d in deviation]),
    ]
    side = train[0].shape[1:3]
    moved = [transforms.RandomCrop(side, padding=4), transforms.RandomHorizontalFlip()]
    to_image = transforms.ToPILImage()
    training = _Pictures(*train, transforms.Compose([to_image, *moved, *scaled]))
    testing = _Pictures(*test, transforms.Compose([to_image, *scaled]))
    network = nn.Sequential(
        *(nn.Conv2d(train[0].shape[3], 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.LazyLinear(64), nn.ReLU(), nn.Dropout(0.25), nn.Linear(64, 10)),
    )
    network(torch.stack([testing[0][0]]))  # a lazy layer learns its size
    optimizer = torch.optim.SGD(network.parameters(), rate, momentum, nesterov=True)
    loader = DataLoader(training, batch_size, shuffle=True, drop_last=True, num_workers=WORKERS)
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    network.eval()
    with torch.no_grad():
        right = [
            (network(images).argmax(1) == labels).sum().item()
            for images, labels in DataLoader(testing, batch_size, num_workers=WORKERS)
        ]
    return float(sum(right) / len(testing))


class _Pictures(torch.utils.data.Dataset):
    def __init__(self, images: np.ndarray, labels: np.ndarray, transform: nn.Module) -> None:
        self._images, self._labels, self._transform = images, labels, transform

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self._transform(self._images[index]), int(self._labels[index])
