"""CIFAR-10 (Krizhevsky 2009): downloaded, or read from a file in one of two formats.

The official python archive, and an npz file that holds every image as a JPEG. Both are known by
their checksum; the edition says which one a result was drawn from.
"""

import hashlib
import io
import itertools
import os
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from nagbench.data import pickles
from nagbench.data.dataset import DataSet
from nagbench.data.images import ImageSet, read_arrays
from nagbench.errors import InputError

OFFICIAL = "CIFAR-10"
RECOMPRESSED = "CIFAR-10 (JPEG-75)"
# SHA-256 of the files that are taken, and the edition that each holds.
EDITIONS = {
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce": OFFICIAL,
    "ef25a6cf560ef85ae03a12f757d5d60a9e1a9395bceb14dd564f02e1f0cbd0a1": RECOMPRESSED,
}
ARCHIVE = "cifar-10-python.tar.gz"
SET = DataSet(
    name="cifar10",
    height=32,
    width=32,
    class_names=(
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ),
    train=50_000,
    test=10_000,
    mean=(125.307, 122.950, 113.865),
    deviation=(62.993, 62.089, 66.705),
)  # fmt: skip
_ALLOWED = f"the official {ARCHIVE}, or the npz file of its images as JPEGs (quality 75)"
_TRAIN = [f"cifar-10-batches-py/data_batch_{n}" for n in range(1, 6)]
_TEST = "cifar-10-batches-py/test_batch"


def prepare(source: Path | None = None) -> ImageSet:
    """The data set from `source`, or from a download that is kept for the next time."""
    path = _download() if source is None else source
    edition = _edition(path)
    arrays = _read_archive(path) if edition == OFFICIAL else _read_jpegs(path)
    return ImageSet(SET, edition, **arrays)


def cache_folder() -> Path:
    """Where a download is kept: `NAGBENCH_CACHE`, or the user's cache."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nagbench"
    return Path(os.environ.get("NAGBENCH_CACHE") or default)


def _download() -> Path:
    # Here, because it brings torch, and the shape of the set is asked for where torch is not.
    from nagbench.data.torchvision_import import import_torchvision

    folder = cache_folder()
    official = import_torchvision().datasets
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Keeps a file of the right checksum, and refuses one of another.
        official.utils.download_url(
            official.CIFAR10.url, str(folder), ARCHIVE, official.CIFAR10.tgz_md5
        )
    except Exception as error:  # network, disk and checksum each have errors of their own
        (folder / ARCHIVE).unlink(missing_ok=True)
        cause = f"could not be downloaded to {folder} ({type(error).__name__}: {error})"
        allowed = f"a network, or a file named by --config cifar10=PATH: {_ALLOWED}"
        raise InputError("CIFAR-10", cause, allowed) from None
    return folder / ARCHIVE


def _edition(path: Path) -> str:
    try:
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(path, f"not readable ({error.strerror})", _ALLOWED) from None
    if checksum not in EDITIONS:
        found = f"{path.stat().st_size} bytes of unknown checksum {checksum[:16]}…"
        raise InputError(path, found, _ALLOWED)
    return EDITIONS[checksum]


def _read_archive(path: Path) -> dict[str, np.ndarray]:
    batches: dict[str, Any] = {}

    def part(names: list[str]) -> tuple[np.ndarray, np.ndarray]:
        flat = np.concatenate([batches[name][b"data"].bytes() for name in names])
        labels = bytearray(label for name in names for label in batches[name][b"labels"])
        pixels = flat.reshape(-1, *SET.inputs).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(pixels), np.frombuffer(labels, np.uint8)

    try:
        with tarfile.open(path) as archive:
            for name in (*_TRAIN, _TEST):
                member = archive.extractfile(name)
                if member is None:
                    raise KeyError(name)
                batches[name] = pickles.load(member.read())
        train, test = part(_TRAIN), part([_TEST])
    except Exception as error:  # tarfile, zlib, pickle and numpy each have errors of their own
        raise InputError(path, f"not readable as CIFAR-10's archive ({error})", _ALLOWED) from None
    return {
        "train_images": train[0],
        "train_labels": train[1],
        "test_images": test[0],
        "test_labels": test[1],
    }


def _read_jpegs(path: Path) -> dict[str, np.ndarray]:
    from PIL import Image

    found = read_arrays(path, _ALLOWED)
    arrays = {}
    for part in ("train", "test"):
        try:
            stream, offsets = found[f"{part}_jpeg"], found[f"{part}_offsets"]
            pixels = [
                np.asarray(Image.open(io.BytesIO(stream[start:stop].tobytes())).convert("RGB"))
                for start, stop in itertools.pairwise(offsets)
            ]
            arrays[f"{part}_images"] = np.stack(pixels)
            arrays[f"{part}_labels"] = found[f"{part}_labels"]
        except Exception as error:  # numpy and Pillow each have errors of their own
            raise InputError(path, f"not readable as JPEGs ({error})", _ALLOWED) from None
    return arrays
