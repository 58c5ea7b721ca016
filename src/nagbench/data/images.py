"""Images and labels as plain arrays, their digest, and the file that keeps them."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nagbench.errors import InputError
from nagbench.files import atomic_path

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
CLASSES = 10


@dataclass(frozen=True)
class ImageSet:
    """A data set in memory: uint8 images (n, 32, 32, 3) and uint8 class indexes (n,)."""

    name: str
    edition: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]

    @cached_property
    def digest(self) -> str:
        """What tells one set from another: its name, edition and every byte."""
        total = hashlib.sha256(f"{self.name}\0{self.edition}\0".encode())
        for name in ARRAYS:
            array = getattr(self, name)
            total.update(f"{name}{array.shape}{array.dtype}".encode())
            total.update(np.ascontiguousarray(array).data)
        return total.hexdigest()


def check(images: ImageSet, place: object) -> None:
    """Refuse arrays that are no images with labels."""
    for part in ("train", "test"):
        pixels = getattr(images, f"{part}_images")
        labels = getattr(images, f"{part}_labels")
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != (32, 32, 3):
            found = f"{part} images of shape {pixels.shape} and type {pixels.dtype}"
            raise InputError(place, found, "uint8 of shape (n, 32, 32, 3)")
        if labels.dtype != np.uint8 or labels.shape != pixels.shape[:1]:
            found = f"{part} labels of shape {labels.shape} and type {labels.dtype}"
            raise InputError(place, found, f"uint8, one for each of {len(pixels)} images")
        if len(labels) and labels.max() >= CLASSES:
            raise InputError(place, f"{part} label {labels.max()}", f"0 to {CLASSES - 1}")
    if len(images.class_names) != CLASSES:
        raise InputError(place, f"{len(images.class_names)} class names", f"{CLASSES} of them")


def save(images: ImageSet, path: Path) -> None:
    """Write the set, uncompressed, with its digest."""
    check(images, path)
    words = {"name": images.name, "edition": images.edition, "digest": images.digest}
    with atomic_path(path) as temporary:
        arrays: dict[str, Any] = {name: getattr(images, name) for name in ARRAYS}
        arrays |= {name: np.array(text) for name, text in words.items()}
        np.savez(temporary, class_names=np.array(images.class_names), **arrays)


def load(path: Path) -> ImageSet:
    """Read a set that `save` wrote, and verify every byte of it."""
    allowed = "a file written by `nagbench data` (delete it to have it made again)"
    found: dict[str, Any] = read_arrays(path, allowed)
    names = {*ARRAYS, "name", "edition", "digest", "class_names"}
    if set(found) != names:
        missing = ", ".join(sorted(names ^ set(found)))
        raise InputError(path, f"arrays missing or foreign: {missing}", allowed)
    images = ImageSet(
        name=str(found["name"]),
        edition=str(found["edition"]),
        class_names=tuple(map(str, found["class_names"])),
        **{name: found[name] for name in ARRAYS},
    )
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
