"""The three parts of a data set, on the device."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from nagbench.engine.randomness import split
from nagbench.engine.recipe import Recipe
from nagbench.engine.resident import ResidentSet
from nagbench.errors import InputError

if TYPE_CHECKING:
    from nagbench.data.images import ImageSet

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}


@dataclass(frozen=True)
class Splits:
    """What trains, what chooses, what judges."""

    train: ResidentSet
    validation: ResidentSet
    test: ResidentSet


def compute_dtype(precision: str) -> torch.dtype:
    """The type of images and activations. Weights stay in float32 beside bfloat16 activations."""
    return _DTYPES[precision]


def place_splits(images: "ImageSet", recipe: Recipe, device: torch.device) -> Splits:
    """Hold out the validation images and put all parts on the device."""
    check_sizes(images, recipe)
    train, validation = split(len(images.train_labels), recipe.validation_size)
    train = train[: recipe.train_size]

    def place(pixels: np.ndarray, labels: np.ndarray, padding: int) -> ResidentSet:
        return ResidentSet.place(
            pixels,
            labels,
            padding,
            device,
            compute_dtype(recipe.precision),
            images.mean,
            images.deviation,
            images.classes,
        )

    return Splits(
        place(images.train_images[train], images.train_labels[train], recipe.padding),
        place(images.train_images[validation], images.train_labels[validation], 0),
        place(images.test_images, images.test_labels, 0),
    )


def check_sizes(images: "ImageSet", recipe: Recipe) -> None:
    """Refuse a recipe that wants more images than there are."""
    total = len(images.train_labels)
    left = total - recipe.validation_size
    if left <= 0:
        found = f"{recipe.validation_size} of {total} images"
        raise InputError("validation_size", found, f"fewer than {total}")
    size = recipe.train_size or left
    if size > left:
        found = f"{size} images, but {left} are left after validation"
        raise InputError("train_size", found, f"at most {left}")
    if recipe.batch_size > size:
        found = f"{recipe.batch_size} images, but there are {size} to train on"
        raise InputError("batch_size", found, f"at most {size}")
