"""Three ways to train the same network: as most write it, with care, and with the engine."""

import itertools
import warnings
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nagbench import models
from nagbench.data.images import CLASSES
from nagbench.data.resident import DEVIATION, MEAN, ResidentSet
from nagbench.data.torchvision_import import import_torchvision
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.study import Run, Workload
from nagbench.training.capture import record
from nagbench.training.execution import WARM_UP
from nagbench.training.lane import Lane, compute_dtype

IMAGES = 10_000  # noise: what the images show takes no time
_SETTINGS = {"lr": 1e-3, "momentum": 0.9}
_LOADERS = 4


class Contestant(Protocol):
    """Trains on and on."""

    def step(self) -> None:
        """One step of every run that it trains."""


def noise() -> tuple[np.ndarray, np.ndarray]:
    """Images and labels."""
    stream = np.random.default_rng(0)
    pixels = stream.integers(0, 256, (IMAGES, 32, 32, 3), dtype=np.uint8)
    return pixels, stream.integers(0, CLASSES, IMAGES)


def _with_masks(model: nn.Module, batch: int, device: torch.device) -> nn.Module:
    """Dropout with one mask for all steps: the cheapest that there is."""
    for layer in models.layers.planned_dropouts(model):
        layer.chances = torch.randint(
            0, 256, (batch, layer.features), dtype=torch.uint8, device=device
        )
    return model


class Plain:
    """Transforms, a DataLoader with workers, float32, the loss fetched in each step."""

    def __init__(self, workload: Workload, device: torch.device) -> None:
        self._device = device
        model = models.build(workload.model, 0, workload.batch_norm).to(device)
        self._model = _with_masks(model, workload.batch_size, device)
        learned = [p for p in model.parameters() if p.requires_grad]
        self._optimizer = torch.optim.SGD(learned, **_SETTINGS, nesterov=True)  # type: ignore[arg-type]
        self._smoothing = workload.label_smoothing
        self._batches = self._endless(workload)

    def _endless(self, workload: Workload) -> Iterator[Any]:
        transforms = import_torchvision().transforms
        augment = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.RandomCrop(32, workload.padding),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize([m / 255 for m in MEAN], [d / 255 for d in DEVIATION]),
            ]
        )
        # torch thinks four workers too many for few cores; they are what scripts ask for.
        warnings.filterwarnings("ignore", "This DataLoader will create")
        loader = torch.utils.data.DataLoader(
            _Images(*noise(), augment),
            workload.batch_size,
            shuffle=True,
            num_workers=_LOADERS,
            persistent_workers=True,
            multiprocessing_context="fork",  # as in a script; this process was spawned
            pin_memory=self._device.type == "cuda",
            drop_last=True,
        )
        return itertools.chain.from_iterable(itertools.repeat(loader))

    def step(self) -> None:
        images, labels = next(self._batches)
        images = images.to(self._device, non_blocking=True)
        labels = labels.to(self._device, non_blocking=True)
        self._optimizer.zero_grad()
        loss = cross_entropy(self._model(images), labels, label_smoothing=self._smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        loss.item()


class _Images(torch.utils.data.Dataset):
    def __init__(self, pixels: np.ndarray, labels: np.ndarray, augment: Any) -> None:
        self._pixels, self._labels, self._augment = pixels, labels, augment

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._augment(self._pixels[index]), int(self._labels[index])


class Careful:
    """One run with all cores: resident data, channels last, autocast, no waiting for the loss."""

    def __init__(self, workload: Workload, device: torch.device) -> None:
        self._workload, self._device = workload, device
        model = models.build(workload.model, 0, workload.batch_norm).to(device)
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._model = _with_masks(model, workload.batch_size, device)
        learned = [p for p in model.parameters() if p.requires_grad]
        self._optimizer = torch.optim.SGD(learned, **_SETTINGS, nesterov=True)  # type: ignore[arg-type]
        dtype = compute_dtype(workload.precision)
        self._data = ResidentSet.place(*noise(), workload.padding, device, dtype)

    def step(self) -> None:
        batch, device = self._workload.batch_size, self._device
        index = torch.randint(0, IMAGES, (batch,), device=device)
        rows, columns = torch.randint(0, 2 * self._workload.padding + 1, (2, batch), device=device)
        flips = torch.randint(0, 2, (batch,), device=device, dtype=torch.bool)
        images = self._data.crops(index, rows, columns, flips)
        shortened = self._workload.precision == "bfloat16"
        self._optimizer.zero_grad()
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=shortened):
            logits = self._model(images)
        smoothing = self._workload.label_smoothing
        loss = cross_entropy(logits.float(), self._data.labels[index], label_smoothing=smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()


class Engine:
    """`lanes` runs as this project trains them; on a CPU, one of the processes that it takes."""

    def __init__(self, workload: Workload, device: torch.device, lanes: int = 1) -> None:
        dtype = compute_dtype(workload.precision)
        data = ResidentSet.place(*noise(), workload.padding, device, dtype)
        self.lanes = [
            Lane(Run(0, seed, _SETTINGS, {}), workload, CATALOGUE["nag"], device, data)
            for seed in range(lanes)
        ]
        self._left = 0
        for lane in self.lanes:
            lane.begin_epoch(lane.plan_tables(1))
            for _ in range(WARM_UP):
                lane.step()
            lane.rewind()
        self._replay = record(self.lanes) if device.type == "cuda" else self.lanes[0].step

    def step(self) -> None:
        if self._left == 0:  # the plans of an epoch are made beside a GPU, and counted on a CPU
            for lane in self.lanes:
                if lane.device.type == "cpu":
                    lane.begin_epoch(lane.plan_tables(1))
                else:
                    lane.rewind()
            self._left = self.lanes[0].steps
        self._left -= 1
        self._replay()
