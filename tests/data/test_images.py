"""The file of a data set: verified to the byte, refused when anything is off."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from nagbench.data.images import ARRAYS, ImageSet, load, save
from nagbench.errors import InputError


def test_a_set_comes_back_byte_for_byte(images: ImageSet, tmp_path: Path) -> None:
    save(images, tmp_path / "set.npz")
    again = load(tmp_path / "set.npz")
    assert again.digest == images.digest
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(again, name), getattr(images, name))


@pytest.mark.parametrize("name", ["name", "edition", *ARRAYS])
def test_the_digest_sees_every_part(images: ImageSet, name: str) -> None:
    value = getattr(images, name)
    if isinstance(value, str):
        other = value + "x"
    else:
        other = value.copy()
        other.flat[-1] ^= 1
    assert dataclasses.replace(images, **{name: other}).digest != images.digest


@pytest.mark.parametrize("keep", [0, 100, -1])
def test_a_truncated_file_is_refused(images: ImageSet, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "set.npz"
    save(images, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"set\.npz: .*delete it"):
        load(path)


def test_a_changed_byte_is_refused(images: ImageSet, tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    save(images, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError):
        load(path)


def test_content_that_is_not_its_digests_is_refused(images: ImageSet, tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    save(images, path)
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["train_labels"] = (arrays["train_labels"] + 1) % 10
    np.savez(path, **arrays)
    with pytest.raises(InputError, match="does not match its own digest"):
        load(path)


def test_a_foreign_npz_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", x=np.zeros(3))
    with pytest.raises(InputError, match="missing or foreign"):
        load(tmp_path / "set.npz")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "set.npz")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"train_images": np.zeros((200, 3, 32, 32), np.uint8)}, r"shape \(200, 3, 32, 32\)"),
        ({"train_images": np.zeros((200, 32, 32, 3), np.float32)}, "float32"),
        ({"train_labels": np.zeros(199, np.uint8)}, r"shape \(199,\)"),
        ({"test_labels": np.full(80, 10, np.uint8)}, "label 10"),
        ({"class_names": ("one",)}, "1 class names"),
    ],
)
def test_wrong_arrays_are_refused_and_nothing_is_written(
    images: ImageSet, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        save(dataclasses.replace(images, **change), tmp_path / "set.npz")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
