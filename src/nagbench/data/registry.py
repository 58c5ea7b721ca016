"""The data sets by name. Nothing that decides a run's result imports this."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nagbench.data.dataset import DataSet
from nagbench.errors import InputError

if TYPE_CHECKING:
    from nagbench.data.images import ImageSet

# Each is a module of `nagbench.data` with `SET` and `prepare(source)`.
SETS = ("synthetic", "cifar10")


def data_set(name: str) -> DataSet:
    """The shape of the set of that name."""
    declared: DataSet = _module(name).SET
    return declared


def prepare(name: str, source: Path | None = None) -> "ImageSet":
    """The images of the set of that name, checked against what it declares.

    Args:
        name: One of `SETS`.
        source: A file of the data; without it they come from their usual origin.
    """
    from nagbench.data.images import check, check_scale

    images: ImageSet = _module(name).prepare(source)
    place = source or f"data set {name}"
    check(images, place)
    check_scale(images, place)
    return images


def _module(name: str) -> Any:
    if name not in SETS:
        raise InputError("data set", f"found {name!r}", ", ".join(SETS))
    return importlib.import_module(f"nagbench.data.{name}")
