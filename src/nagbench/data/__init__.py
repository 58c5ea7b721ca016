"""The data sets: made or fetched once, verified, and kept as plain arrays."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nagbench.data.images import ImageSet

# Training and test images of each set; a set's module of the same name has `prepare(source)`.
SETS = {"synthetic": (5_000, 2_000), "cifar10": (50_000, 10_000)}


def prepare(name: str, source: Path | None = None) -> "ImageSet":
    """Make the set ready: from `source` if given, else from its usual origin."""
    module = importlib.import_module(f"nagbench.data.{name}")
    images: ImageSet = module.prepare(source)
    return images
