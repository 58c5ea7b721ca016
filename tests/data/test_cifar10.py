"""CIFAR-10 from files in both formats, made here at the size of the real ones' structure.

A real file, which is large, is checked too where the variable NAGBENCH_CIFAR10 names one.
"""

import functools
import hashlib
import http.server
import io
import os
import pickle
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nagbench.data import cifar10, registry
from nagbench.data.torchvision_import import import_torchvision
from nagbench.errors import InputError

TRAIN, TEST = 20, 6


@pytest.fixture
def content(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Small sets in canonical order; files made of them are admitted by `register`."""
    noise = np.random.default_rng(0)
    found = {}
    for part, count in (("train", TRAIN), ("test", TEST)):
        grey = noise.integers(20, 236, (count, 4, 4, 1))
        # JPEG halves the resolution of colours: weak ones leave mean and deviation what they are.
        coarse = (grey + noise.integers(-20, 20, (count, 4, 4, 3))).astype(np.uint8)
        found[f"{part}_images"] = coarse.repeat(8, axis=1).repeat(8, axis=2)
        found[f"{part}_labels"] = (np.arange(count) % 10).astype(np.uint8)
    levels = found["train_images"].astype(np.float64)
    scale = {"mean": levels.mean((0, 1, 2)), "deviation": levels.std((0, 1, 2))}
    words = {name: tuple(values.tolist()) for name, values in scale.items()}
    monkeypatch.setattr(cifar10, "SET", replace(cifar10.SET, train=TRAIN, test=TEST, **words))
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
    arrays: dict[str, Any] = {"class_names": np.array(cifar10.SET.class_names)}
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
    images = registry.prepare("cifar10", path)
    assert images.edition == "CIFAR-10"
    for name, expected in content.items():
        np.testing.assert_array_equal(getattr(images, name), expected)


def test_the_recompressed_file_is_read_in_order(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cifar10.npz"
    write_jpegs(path, content)
    register(monkeypatch, path, cifar10.RECOMPRESSED)
    images = registry.prepare("cifar10", path)
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
        registry.prepare("cifar10", path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.npz: not readable \(No such file"):
        registry.prepare("cifar10", tmp_path / "nowhere.npz")


@pytest.mark.parametrize("edition", [cifar10.OFFICIAL, cifar10.RECOMPRESSED])
def test_a_file_that_is_not_what_its_checksum_says_is_refused(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edition: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"neither a tar nor an npz")
    register(monkeypatch, path, edition)
    with pytest.raises(InputError, match="not readable"):
        registry.prepare("cifar10", path)


def test_too_few_images_are_refused(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.npz"
    write_jpegs(path, content)
    register(monkeypatch, path, cifar10.RECOMPRESSED)
    monkeypatch.setattr(cifar10, "SET", replace(cifar10.SET, train=TRAIN + 1))
    with pytest.raises(InputError, match=r"file\.npz: train images of shape \(20, .*\(21, 32, "):
        registry.prepare("cifar10", path)


def test_a_pickle_that_would_run_something_is_refused(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_archive(path, content, test_batch=b"cos\nsystem\n(S'true'\ntR.")
    register(monkeypatch, path, cifar10.OFFICIAL)
    with pytest.raises(InputError, match=r"os\.system|posix\.system"):
        registry.prepare("cifar10", path)


@pytest.mark.parametrize(
    "batch",
    [
        b"cnumpy.f2py\ndtype\n.",
        b"X\x01\x00\x00\x00\xff.",
        pickle.dumps([]),
        pickle.dumps({b"data": np.zeros((6, 3))}),
        pickle.dumps({b"data": np.zeros((6, 3072), np.uint8), b"labels": [10**12] * 6}),
        pickle.dumps({b"data": np.zeros((6, 3072), np.uint8), b"labels": [[0], [0, 1]]}),
    ],
)
def test_a_batch_that_holds_something_else_is_refused(
    content: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: bytes
) -> None:
    path = tmp_path / "file"
    write_archive(path, content, test_batch=batch)
    register(monkeypatch, path, cifar10.OFFICIAL)
    with pytest.raises(InputError, match="not readable as CIFAR-10's archive"):
        registry.prepare("cifar10", path)


def test_a_failed_download_says_the_way_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAGBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(import_torchvision().datasets.CIFAR10, "url", "http://127.0.0.1:9/none")
    with pytest.raises(InputError, match=r"downloaded.*--config cifar10=PATH"):
        registry.prepare("cifar10")
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
    official = import_torchvision().datasets.CIFAR10
    monkeypatch.setattr(official, "url", f"{server}/origin")
    with pytest.raises(InputError, match="downloaded"):  # these are not the official bytes
        registry.prepare("cifar10")
    assert not list((tmp_path / "cache").iterdir())
    monkeypatch.setattr(official, "tgz_md5", hashlib.md5(origin.read_bytes()).hexdigest())
    first = registry.prepare("cifar10")
    origin.unlink()
    assert registry.prepare("cifar10").digest == first.digest


if "NAGBENCH_CIFAR10" in os.environ:

    def test_a_real_file_has_the_declared_mean_and_deviation() -> None:
        images = registry.prepare("cifar10", Path(os.environ["NAGBENCH_CIFAR10"]))
        # The official file within rounding; recompressed images are smoother.
        tolerance = {cifar10.OFFICIAL: 0.0005, cifar10.RECOMPRESSED: 0.5}[images.edition]
        for channel, declared in enumerate(zip(images.mean, images.deviation, strict=True)):
            levels = images.train_images[..., channel].astype(np.float64)
            assert (levels.mean(), levels.std()) == pytest.approx(declared, abs=tolerance)
