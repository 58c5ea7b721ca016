"""The file of a data set: verified to the byte, refused when anything is off."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nagbench.data.dataset import DataSet
from nagbench.data.images import ARRAYS, ImageSet, load, save
from nagbench.errors import InputError


def test_a_set_comes_back_byte_for_byte(images: ImageSet, tmp_path: Path) -> None:
    save(images, tmp_path / "set.npz")
    again = load(tmp_path / "set.npz")
    assert again.digest == images.digest
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(again, name), getattr(images, name))


@pytest.mark.parametrize("name", ARRAYS)
def test_the_digest_sees_every_byte(images: ImageSet, name: str) -> None:
    other = getattr(images, name).copy()
    other.flat[-1] ^= 1
    assert dataclasses.replace(images, **{name: other}).digest != images.digest


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"mean": (135.880, 136.589, 136.913)},
        {"deviation": (38.385, 39.775, 39.611)},
        {"class_names": tuple(map(str, range(11)))},
    ],
)
def test_the_digest_sees_what_else_decides_a_number(
    images: ImageSet, changes: dict[str, Any]
) -> None:
    declared = dataclasses.replace(images.declared, **changes)
    assert dataclasses.replace(images, declared=declared).digest != images.digest
    assert dataclasses.replace(images, edition="other").digest != images.digest


def test_the_digest_is_of_values_not_of_how_they_are_written(images: ImageSet) -> None:
    changes: dict[str, Any] = {"mean": (135, 136, 137), "deviation": (38, 39, 40)}
    floats = {name: tuple(map(float, values)) for name, values in changes.items()}
    digests = {
        dataclasses.replace(images, declared=dataclasses.replace(images.declared, **words)).digest
        for words in (changes, floats)
    }
    assert len(digests) == 1


@pytest.mark.parametrize(("channels", "classes"), [(1, 2), (1, 256), (4, 100)])
def test_sets_of_other_shapes_come_back(tmp_path: Path, channels: int, classes: int) -> None:
    declared = DataSet(
        name="other",
        height=5,
        width=9,
        class_names=tuple(f"class {n}" for n in range(classes)),
        train=classes,
        test=2,
        mean=tuple(100 + 1 / (n + 3) for n in range(channels)),
        deviation=tuple(50 + 1 / (n + 7) for n in range(channels)),
    )
    noise = np.random.default_rng(0)

    def part(count: int) -> tuple[np.ndarray, np.ndarray]:
        pixels = noise.integers(0, 256, (count, 5, 9, channels), dtype=np.uint8)
        return pixels, np.arange(classes - count, classes, dtype=np.uint8)

    some = ImageSet(declared, "made", *part(classes), *part(2))
    save(some, tmp_path / "set.npz")
    again = load(tmp_path / "set.npz")
    assert (again.declared, again.digest) == (some.declared, some.digest)
    assert again.inputs == (channels, 5, 9)


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
    with pytest.raises(InputError, match="foreign"):
        load(tmp_path / "set.npz")


def test_a_file_of_an_older_form_says_how_to_remake_it(images: ImageSet, tmp_path: Path) -> None:
    """Before shapes were declared, a file held names and arrays alone."""
    path = tmp_path / "set.npz"
    arrays = {name: getattr(images, name) for name in ARRAYS}
    names = {"name": "synthetic", "edition": "synthetic", "digest": "0" * 64}
    np.savez(path, class_names=np.array(images.class_names), **arrays, **names)
    words = r"set\.npz: .*older form: no declared; allowed: .*delete it to have it made"
    with pytest.raises(InputError, match=words):
        load(path)


@pytest.mark.parametrize("words", ["nothing", "[1]", '{"name": "x"}', '{"height": 0}'])
def test_a_file_that_declares_no_data_set_is_refused(
    images: ImageSet, tmp_path: Path, words: str
) -> None:
    path = tmp_path / "set.npz"
    save(images, path)
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(path, **{**arrays, "declared": np.array(words)})
    with pytest.raises(InputError, match=r"set\.npz: declares no data set"):
        load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "set.npz")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"train_images": np.zeros((200, 3, 32, 32), np.uint8)}, r"shape \(200, 3, 32, 32\)"),
        ({"train_images": np.zeros((200, 32, 32, 3), np.float32)}, "float32"),
        ({"train_labels": np.zeros(199, np.uint8)}, r"shape \(199,\)"),
        ({"train_images": np.zeros((200, 32, 32, 1), np.uint8)}, r"shape \(200, 32, 32, 1\)"),
        ({"train_images": np.zeros((199, 32, 32, 3), np.uint8)}, r"shape \(199, 32, 32, 3\)"),
        ({"test_images": np.zeros((80, 32, 31, 3), np.uint8)}, r"shape \(80, 32, 31, 3\)"),
        ({"test_labels": np.zeros(80, np.int64)}, "int64"),
        ({"test_labels": np.full(80, 10, np.uint8)}, "test label 10; allowed: 0 to 9"),
    ],
)
def test_wrong_arrays_are_refused_and_nothing_is_written(
    images: ImageSet, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        save(dataclasses.replace(images, **change), tmp_path / "set.npz")
    assert not list(tmp_path.iterdir())
