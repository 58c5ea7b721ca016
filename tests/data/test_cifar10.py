"""CIFAR-10 from files in both formats, made here at the size of the real ones' structure."""

import functools
import hashlib
import http.server
import io
import pickle
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nagbench import data
from nagbench.data import cifar10
from nagbench.errors import InputError

TRAIN, TEST = 20, 6


@pytest.fixture
def content(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Small sets in canonical order; files made of them are admitted by `register`."""
    monkeypatch.setitem(data.SETS, "cifar10", (TRAIN, TEST))
    noise = np.random.default_rng(0)
    found = {}
    for part, count in (("train", TRAIN), ("test", TEST)):
        coarse = noise.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
        found[f"{part}_images"] = coarse.repeat(8, axis=1).repeat(8, axis=2)
        found[f"{part}_labels"] = (np.arange(count) % 10).astype(np.uint8)
    return found


def register(monkeypatch: pytest.MonkeyPatch, path: Path, edition: str) -> None:
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(cifar10.EDITIONS, checksum, edition)


def write_archive(path: Path, content: dict[str, np.ndarray], **replaced: bytes) -> None:
    batches = np.split(np.arange(TRAIN), 5)
    parts = {
        f"data_batch_{n}": (content["train_images"][i], content["train_labels"][i])
        for n, i in enumerate(batches, 1)
    }
    parts["test_batch"] = (content["test_images"], content["test_labels"])
    with tarfile.open(path, "w:gz") as archive:
        for name, (pixels, labels) in parts.items():
            batch = {
                b"data": pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1),
                b"labels": labels.tolist(),
            }
            body = replaced.get(name, pickle.dumps(batch, protocol=2))
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))


def write_jpegs(path: Path, content: dict[str, np.ndarray]) -> None:
    arrays: dict[str, Any] = {"class_names": np.array(cifar10.CLASS_NAMES)}
    for part in ("train", "test"):
        files = []
        for pixels in content[f"{part}_images"]:
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "JPEG", quality=75)
            files.append(buffer.getvalue())
        arrays[f"{part}_jpeg"] = np.frombuffer(b"".join(files), np.uint8)
        arrays[f"{part}_offsets"] = np.cumsum([0, *map(len, files)])
        arrays[f"{part}_labels"] = content[f"{part}_labels"]
    np.savez(path, **arrays)


def test_the_official_archive_is_read_in_order(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / cifar10.ARCHIVE
    write_archive(path, content)
    register(monkeypatch, path, cifar10.OFFICIAL)
    images = data.prepare("cifar10", path)
    assert images.edition == "CIFAR-10"
    for name, expected in content.items():
        np.testing.assert_array_equal(getattr(images, name), expected)


def test_the_recompressed_file_is_read_in_order(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cifar10.npz"
    write_jpegs(path, content)
    register(monkeypatch, path, cifar10.RECOMPRESSED)
    images = data.prepare("cifar10", path)
    assert images.edition == "CIFAR-10 (JPEG-75)"
    np.testing.assert_array_equal(images.train_labels, content["train_labels"])
    far = np.abs(images.train_images.astype(int) - content["train_images"].astype(int))
    assert 0 < far.mean() < 20  # lossy, and each image nearer to its own than to any other
    others = np.abs(np.roll(images.train_images, 1, axis=0).astype(int) - content["train_images"])
    assert others.mean() > 2 * far.mean()


def test_an_unknown_checksum_is_refused(content: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / cifar10.ARCHIVE
    write_archive(path, content)
    with pytest.raises(InputError, match=r"unknown checksum.*allowed: the official"):
        data.prepare("cifar10", path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.npz: not readable \(No such file"):
        data.prepare("cifar10", tmp_path / "nowhere.npz")


@pytest.mark.parametrize("edition", [cifar10.OFFICIAL, cifar10.RECOMPRESSED])
def test_a_file_that_is_not_what_its_checksum_says_is_refused(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edition: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"neither a tar nor an npz")
    register(monkeypatch, path, edition)
    with pytest.raises(InputError, match="not readable"):
        data.prepare("cifar10", path)


def test_too_few_images_are_refused(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.npz"
    write_jpegs(path, content)
    register(monkeypatch, path, cifar10.RECOMPRESSED)
    monkeypatch.setitem(data.SETS, "cifar10", (TRAIN + 1, TEST))
    with pytest.raises(InputError, match="20 train images"):
        data.prepare("cifar10", path)


def test_a_pickle_that_would_run_something_is_refused(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_archive(path, content, test_batch=b"cos\nsystem\n(S'true'\ntR.")
    register(monkeypatch, path, cifar10.OFFICIAL)
    with pytest.raises(InputError, match=r"os\.system|posix\.system"):
        data.prepare("cifar10", path)


def test_a_failed_download_says_the_way_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAGBENCH_CACHE", str(tmp_path / "cache"))
    torchvision = cifar10.import_torchvision()
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "url", "http://127.0.0.1:9/none")
    with pytest.raises(InputError, match=r"downloaded.*--config cifar10=PATH"):
        data.prepare("cifar10")
    assert not list((tmp_path / "cache").iterdir())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A web server for the files under `tmp_path`, on this machine alone."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def test_a_download_is_verified_and_kept(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    origin = tmp_path / "origin"
    write_archive(origin, content)
    register(monkeypatch, origin, cifar10.OFFICIAL)
    monkeypatch.setenv("NAGBENCH_CACHE", str(tmp_path / "cache"))
    official = cifar10.import_torchvision().datasets.CIFAR10
    monkeypatch.setattr(official, "url", f"{server}/origin")
    with pytest.raises(InputError, match="downloaded"):  # these are not the official bytes
        data.prepare("cifar10")
    assert not list((tmp_path / "cache").iterdir())
    monkeypatch.setattr(official, "tgz_md5", hashlib.md5(origin.read_bytes()).hexdigest())
    first = data.prepare("cifar10")
    origin.unlink()
    assert data.prepare("cifar10").digest == first.digest
