"""Three ways to train the same network: as most write it, with care, and with the engine."""

import itertools
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nagbench.benchmark.cases import SETTINGS, network_with_masks
from nagbench.data.cifar10 import SET
from nagbench.data.torchvision_import import import_torchvision
from nagbench.engine.capture import WARM_UP
from nagbench.engine.graph import capture_graph
from nagbench.engine.loop import step
from nagbench.engine.recipe import Recipe
from nagbench.engine.resident import ResidentSet
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import compute_dtype

IMAGES = 10_000  # noise: what the images show takes no time
_LOADERS = 4


class Contestant(Protocol):
    """Trains on and on."""

    def step(self) -> None:
        """One step of every run that it trains."""


def noise() -> tuple[np.ndarray, np.ndarray]:
    """Images and labels."""
    stream = np.random.default_rng(0)
    pixels = stream.integers(0, 256, (IMAGES, SET.height, SET.width, SET.channels), dtype=np.uint8)
    return pixels, stream.integers(0, SET.classes, IMAGES)


def _resident(recipe: Recipe, device: torch.device) -> ResidentSet:
    """The noise on the device, scaled as CIFAR-10 is."""
    dtype = compute_dtype(recipe.precision)
    return ResidentSet.place(
        *noise(), recipe.padding, device, dtype, SET.mean, SET.deviation, SET.classes
    )


class Plain:
    """Transforms, a DataLoader with workers, float32, the loss fetched in each step."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self._device = device
        self._model = network_with_masks(recipe, device)
        learned = [p for p in self._model.parameters() if p.requires_grad]
        self._optimizer = torch.optim.SGD(learned, **SETTINGS)  # type: ignore[arg-type]
        self._smoothing = recipe.label_smoothing
        self._batches = self._endless(recipe)

    def _endless(self, recipe: Recipe) -> Iterator[Any]:
        transforms = import_torchvision().transforms
        augment = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.RandomCrop((SET.height, SET.width), recipe.padding),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize([m / 255 for m in SET.mean], [d / 255 for d in SET.deviation]),
            ]
        )
        # torch thinks four workers too many for few cores; they are what scripts ask for.
        warnings.filterwarnings("ignore", "This DataLoader will create")
        loader = torch.utils.data.DataLoader(
            _Images(*noise(), augment),
            recipe.batch_size,
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

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self._recipe, self._device = recipe, device
        model = network_with_masks(recipe, device)
        self._model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        learned = [p for p in model.parameters() if p.requires_grad]
        self._optimizer = torch.optim.SGD(learned, **SETTINGS)  # type: ignore[arg-type]
        self._data = _resident(recipe, device)

    def step(self) -> None:
        batch, device = self._recipe.batch_size, self._device
        index = torch.randint(0, IMAGES, (batch,), device=device)
        rows, columns = torch.randint(0, 2 * self._recipe.padding + 1, (2, batch), device=device)
        flips = torch.randint(0, 2, (batch,), device=device, dtype=torch.bool)
        images = self._data.crops(index, rows, columns, flips)
        shortened = self._recipe.precision == "bfloat16"
        self._optimizer.zero_grad()
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=shortened):
            logits = self._model(images)
        smoothing = self._recipe.label_smoothing
        loss = cross_entropy(logits.float(), self._data.labels[index], label_smoothing=smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()


class Engine:
    """`lanes` runs as this project trains them; on a CPU, one of the processes that it takes."""

    def __init__(self, recipe: Recipe, device: torch.device, lanes: int = 1) -> None:
        data = _resident(recipe, device)
        self.runs = [LiveRun(replace(recipe, seed=seed), data, device) for seed in range(lanes)]
        self._left = 0
        for run in self.runs:
            run.begin_epoch(run.plan(1))
            for _ in range(WARM_UP):
                step(run)
            run.rewind()
        branches = [partial(step, run) for run in self.runs]
        self._replay = capture_graph(branches, device) if device.type == "cuda" else None
        for run in self.runs:
            run.rewind()

    def step(self) -> None:
        if self._left == 0:  # the plans of an epoch are made beside a GPU, and counted on a CPU
            for run in self.runs:
                if run.device.type == "cpu":
                    run.begin_epoch(run.plan(1))
                else:
                    run.rewind()
            self._left = self.runs[0].steps
        self._left -= 1
        if self._replay is not None:
            self._replay()
        else:
            step(self.runs[0])
