"""The three parts of a data set, on the device."""

from dataclasses import dataclass

import numpy as np
import torch

from nagbench.data.images import ImageSet
from nagbench.data.resident import ResidentSet
from nagbench.errors import InputError
from nagbench.study import Unit
from nagbench.training.lane import compute_dtype
from nagbench.training.plan import split


@dataclass(frozen=True)
class Splits:
    """What trains, what chooses, what judges."""

    train: ResidentSet
    validation: ResidentSet
    test: ResidentSet


def place_splits(images: ImageSet, unit: Unit, device: torch.device) -> Splits:
    """Hold out the validation images and put all parts on the device."""
    workload = unit.workload
    train, validation = split(len(images.train_labels), unit.study.validation_size)
    train = train[: workload.train_size]
    dtype = compute_dtype(workload.precision)

    def place(pixels: np.ndarray, labels: np.ndarray, padding: int) -> ResidentSet:
        return ResidentSet.place(pixels, labels, padding, device, dtype)

    return Splits(
        place(images.train_images[train], images.train_labels[train], workload.padding),
        place(images.train_images[validation], images.train_labels[validation], 0),
        place(images.test_images, images.test_labels, 0),
    )


def check_sizes(images: ImageSet, unit: Unit) -> None:
    """Refuse a unit that wants more images than there are."""
    place = f"study {unit.study.name}"
    total = len(images.train_labels)
    left = total - unit.study.validation_size
    if left <= 0:
        found = f"{unit.study.validation_size} of {total} images"
        raise InputError(f"{place}.validation_size", found, f"fewer than {total}")
    workload = unit.workload
    size = workload.train_size or left
    if size > left:
        found = f"{size} images, but {left} are left after validation"
        raise InputError(f"{place}.workloads.{workload.name}.train_size", found, f"at most {left}")
    if workload.batch_size > size:
        found = f"{workload.batch_size} images, but there are {size} to train on"
        raise InputError(f"{place}.workloads.{workload.name}.batch_size", found, f"at most {size}")
