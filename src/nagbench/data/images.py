"""Images and labels as plain arrays, their digest, and the file that keeps them."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nagbench.data.dataset import DataSet
from nagbench.errors import InputError
from nagbench.files import atomic_path

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True)
class ImageSet:
    """A data set in memory.

    Attributes:
        declared: Its shape, mean and deviation.
        edition: Which of several files of the data it comes from; stands in every record.
        train_images, test_images: Grey levels (n, height, width, channels) in uint8.
        train_labels, test_labels: Class indexes (n,) in uint8.
    """

    declared: DataSet
    edition: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.declared.class_names

    @property
    def classes(self) -> int:
        return self.declared.classes

    @property
    def inputs(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        return self.declared.inputs

    @property
    def mean(self) -> tuple[float, ...]:
        """Of each channel, in grey levels."""
        return self.declared.mean

    @property
    def deviation(self) -> tuple[float, ...]:
        """Of each channel, in grey levels."""
        return self.declared.deviation

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides a number, and of name and edition."""
        scale = [list(map(float, values)) for values in (self.mean, self.deviation)]
        words = json.dumps([self.name, self.edition, self.classes, *scale])
        total = hashlib.sha256(words.encode())
        for name in ARRAYS:
            array = getattr(self, name)
            total.update(f"{name}{array.shape}{array.dtype}".encode())
            total.update(np.ascontiguousarray(array).data)
        return total.hexdigest()


def check(images: ImageSet, place: object) -> None:
    """Refuse arrays that are not what the set declares; `place` is where they come from."""
    channels, height, width = images.inputs
    for part in ("train", "test"):
        count = getattr(images.declared, part)
        pixels = getattr(images, f"{part}_images")
        labels = getattr(images, f"{part}_labels")
        shape = count, height, width, channels
        if pixels.dtype != np.uint8 or pixels.shape != shape:
            found = f"{part} images of shape {pixels.shape} and type {pixels.dtype}"
            raise InputError(place, found, f"uint8 of shape {shape}")
        if labels.dtype != np.uint8 or labels.shape != (count,):
            found = f"{part} labels of shape {labels.shape} and type {labels.dtype}"
            raise InputError(place, found, f"uint8, one for each of {count} images")
        if labels.max() >= images.classes:
            raise InputError(place, f"{part} label {labels.max()}", f"0 to {images.classes - 1}")


def check_scale(images: ImageSet, place: object) -> None:
    """Refuse a declared mean or deviation that is not that of the training images.

    A grey level is granted: editions of a set may differ a little.
    """
    sums = np.zeros((2, len(images.mean)))
    for part in np.array_split(images.train_images, -(-len(images.train_images) // 1000)):
        levels = part.astype(np.float64)
        sums += levels.sum((0, 1, 2)), (levels**2).sum((0, 1, 2))
    mean, square = sums / images.train_images[..., 0].size
    measured = np.array([mean, np.sqrt(square - mean**2)])
    if np.abs(measured - [images.mean, images.deviation]).max() > 1:
        found = f"mean {images.mean} and deviation {images.deviation} are declared"
        mean, deviation = (tuple(values) for values in measured.round(3).tolist())
        raise InputError(place, found, f"those of the training images, {mean} and {deviation}")


def save(images: ImageSet, path: Path) -> None:
    """Write the set, uncompressed, with its digest."""
    check(images, path)
    content: dict[str, Any] = {
        "declared": np.array(json.dumps(asdict(images.declared))),
        "edition": np.array(images.edition),
        "digest": np.array(images.digest),
        **{name: getattr(images, name) for name in ARRAYS},
    }
    with atomic_path(path) as temporary:
        np.savez(temporary, **content)


def load(path: Path) -> ImageSet:
    """Read a set that `save` wrote, and verify it."""
    allowed = "a file written by `nagbench data` (delete it to have it made again)"
    found: dict[str, Any] = read_arrays(path, allowed)
    names = {*ARRAYS, "declared", "edition", "digest"}
    if missing := sorted(names - set(found)):
        raise InputError(path, f"foreign, or of an older form: no {', '.join(missing)}", allowed)
    try:
        words = json.loads(str(found["declared"]))
        declared = DataSet(**{name: _tuple(value) for name, value in words.items()})
    except (AttributeError, TypeError, ValueError, InputError) as error:
        raise InputError(path, f"declares no data set ({error})", allowed) from None
    images = ImageSet(declared, str(found["edition"]), **{name: found[name] for name in ARRAYS})
    check(images, path)
    if images.digest != str(found["digest"]):
        raise InputError(path, "content does not match its own digest", allowed)
    return images


def read_arrays(path: Path, allowed: str) -> dict[str, Any]:
    """The arrays of an npz file; `allowed` says what would have served."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(path, "no such file", allowed) from None
    except Exception as error:  # zipfile, zlib, numpy and the system each have errors of their own
        raise InputError(path, f"not readable ({error})", allowed) from None


def _tuple(value: Any) -> Any:
    """Lists as tuples; JSON knows lists alone."""
    return tuple(value) if isinstance(value, list) else value
