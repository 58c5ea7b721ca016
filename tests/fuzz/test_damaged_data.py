"""Files of a data set past their checksum: whatever they hold, images or one message."""

import gzip
import io
import json
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from limits import cases, refusal
from PIL import Image

from damage import VALUES, damaged, damaged_bytes
from nagbench.data import cifar10, registry
from nagbench.data.images import ARRAYS, ImageSet, load, save

SMALL = replace(cifar10.SET, train=20, test=6)
NOISE = np.random.default_rng(0)
PIXELS = {
    part: NOISE.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    for part, count in (("train", SMALL.train), ("test", SMALL.test))
}
LABELS = {part: (np.arange(len(pixels)) % 10).astype(np.uint8) for part, pixels in PIXELS.items()}
WHOLE = ImageSet(SMALL, "x", PIXELS["train"], LABELS["train"], PIXELS["test"], LABELS["test"])


def jpeg(pixels: np.ndarray, form: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def batch(part: str, chosen: slice) -> dict[bytes, Any]:
    pixels = PIXELS[part][chosen].transpose(0, 3, 1, 2)
    return {b"data": pixels.reshape(len(pixels), -1), b"labels": LABELS[part][chosen].tolist()}


FOLDER = "cifar-10-batches-py"
BATCHES = {
    **{f"{FOLDER}/data_batch_{n}": batch("train", slice(4 * n - 4, 4 * n)) for n in range(1, 6)},
    f"{FOLDER}/test_batch": batch("test", slice(None)),
}
FILES = {part: [jpeg(one) for one in pixels] for part, pixels in PIXELS.items()}
JPEGS: dict[str, np.ndarray] = {
    f"{part}_{name}": array
    for part, files in FILES.items()
    for name, array in (
        ("jpeg", np.frombuffer(b"".join(files), np.uint8)),
        ("offsets", np.cumsum([0, *map(len, files)])),
        ("labels", LABELS[part]),
    )
}
STRANGE = (  # pickles that call, nest, or announce more than they hold
    b"cos\nsystem\n(S'touch x'\ntR.",
    b"cnumpy\nload\n.",
    b"cnumpy.f2py\ndtype\n.",
    b"(" * 9_000 + b".",
    b"\x8d" + b"\xff" * 8,
    b"X\xff\xff\xff\x7f",
)


@st.composite
def damaged_array(draw: st.DrawFn, array: np.ndarray) -> np.ndarray:
    """The array with another type, shape or length, or some of its numbers changed."""
    change = draw(st.sampled_from(["other", "type", "cut", "double", "axis", *["numbers"] * 3]))
    if change == "other":
        shape = draw(st.sampled_from([(), (0,), (1,), (5,), (2, 3), (20, 3072), (6, 32, 32, 3)]))
        return np.full(shape, draw(st.sampled_from([0, 1, 255, "1", b"1", 1j, 0.5, True])))
    if change == "type":
        return array.astype(draw(st.sampled_from(["i8", "f8", "f4", "u2", "U3"])))
    if change == "cut":
        return array[: draw(st.integers(0, len(array)))]
    if change in ("double", "axis"):
        return array[None] if change == "axis" else np.concatenate([array, array])
    changed, span = array.copy(), np.iinfo(array.dtype)
    for _ in range(draw(st.integers(1, 4))):
        value = draw(st.integers(int(span.min), int(span.max)) | st.integers(0, 200))
        changed.flat[draw(st.integers(0, changed.size - 1))] = value
    return changed


@st.composite
def damaged_batch(draw: st.DrawFn, whole: dict[bytes, Any]) -> bytes:
    """A pickle of the batch with an entry changed or missing, of other things, or damaged."""
    change = draw(st.sampled_from(["array", "labels", "value", "remove", "all", "bytes", "call"]))
    content = dict(whole)
    if change == "array":
        content[b"data"] = draw(damaged_array(content[b"data"]))
    elif change == "labels":
        content[b"labels"] = draw(st.lists(st.integers(-5, 300) | VALUES, max_size=8))
    elif change == "value":
        content[draw(st.sampled_from([b"data", b"labels"]))] = draw(VALUES)
    elif change == "remove":
        del content[draw(st.sampled_from([b"data", b"labels"]))]
    elif change == "all":
        return pickle.dumps(draw(VALUES), protocol=draw(st.integers(0, 5)))
    elif change == "call":
        return draw(st.sampled_from(STRANGE))
    body = pickle.dumps(content, protocol=2)
    return draw(damaged_bytes(body)) if change == "bytes" else body


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """The official archive with a batch that is damaged, missing or no file; or damaged whole."""
    bodies = {name: pickle.dumps(content, protocol=2) for name, content in BATCHES.items()}
    name = draw(st.sampled_from(sorted(BATCHES)))
    kind = draw(st.sampled_from([*[tarfile.REGTYPE] * 6, tarfile.DIRTYPE, tarfile.SYMTYPE, None]))
    bodies[name] = draw(damaged_batch(BATCHES[name]))
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for member in map(tarfile.TarInfo, bodies):
            member.size = len(bodies[member.name])
            if member.name == name and kind != tarfile.REGTYPE:
                if kind is None:
                    continue
                member.type, member.size, member.linkname = kind, 0, name
            archive.addfile(member, io.BytesIO(bodies[member.name]))
    content = draw(st.just(made.getvalue()) | damaged_bytes(made.getvalue()))
    zipped = gzip.compress(content, 1)
    return draw(st.just(zipped) | damaged_bytes(zipped))


@st.composite
def recompressed(draw: st.DrawFn) -> bytes:
    """The file of JPEGs with arrays damaged or missing, other pictures in it, or damaged whole."""
    arrays: dict[str, np.ndarray] = dict(JPEGS)
    name = draw(st.sampled_from(sorted(JPEGS)))
    if name.endswith("_jpeg") and draw(st.booleans()):
        first = FILES[name.removesuffix("_jpeg")][0]
        others = [jpeg(PIXELS["test"][0], "PNG"), jpeg(np.zeros((7, 9, 3), np.uint8))]
        body = draw(st.sampled_from(others) | damaged_bytes(first))
        arrays[name] = np.frombuffer(body + JPEGS[name].tobytes()[len(first) :], np.uint8)
        offsets = name.replace("jpeg", "offsets")
        arrays[offsets] = JPEGS[offsets] + (len(body) - len(first)) * (JPEGS[offsets] > 0)
    elif draw(st.integers(0, 9)):
        arrays[name] = draw(damaged_array(JPEGS[name]))
    else:
        del arrays[name]
    made = io.BytesIO()
    np.savez(made, allow_pickle=False, **arrays)
    return draw(st.just(made.getvalue()) | damaged_bytes(made.getvalue()))


def prepared(path: Path, content: bytes, edition: str) -> None:
    """The small set from a file that counts as known."""
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cifar10, "SET", SMALL)
        patch.setattr(cifar10, "_edition", lambda _: edition)
        refusal(lambda: registry.prepare("cifar10", path))


def archive_with(body: bytes) -> bytes:
    """An archive of this one batch."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        member = tarfile.TarInfo(next(iter(BATCHES)))
        member.size = len(body)
        archive.addfile(member, io.BytesIO(body))
    return made.getvalue()


# It asks to remember an object under a number, beside as many places as that.
REMEMBERED = b"Nr" + (50_000_000).to_bytes(4, "little") + b"0N."


@given(archives())
@example(archive_with(REMEMBERED))
@cases(150, "CIFAR-10, the archive")
def test_damaged_archives(tmp_path: Path, content: bytes) -> None:
    prepared(tmp_path / "file", content, cifar10.OFFICIAL)


@given(recompressed())
@cases(150, "CIFAR-10, the file of JPEGs")
def test_damaged_recompressed_files(tmp_path: Path, content: bytes) -> None:
    prepared(tmp_path / "file", content, cifar10.RECOMPRESSED)


@given(st.data())
@cases(100, "a data set as `nagbench data` keeps it")
def test_damaged_prepared_files(tmp_path: Path, data: st.DataObject) -> None:
    """What `nagbench data` keeps."""
    path = tmp_path / "data.npz"
    save(WHOLE, path)
    with np.load(path) as found:
        arrays = {name: found[name] for name in found.files}
    name = data.draw(st.sampled_from(sorted(arrays)))
    if name == "declared":
        words = data.draw(damaged(json.loads(str(arrays[name]))))
        arrays[name] = np.array(json.dumps(words))
    elif name in ARRAYS:
        arrays[name] = data.draw(damaged_array(arrays[name]))
    else:
        arrays[name] = np.array(data.draw(st.text(max_size=5) | st.integers(0, 5)))
    np.savez(path, allow_pickle=False, **arrays)
    path.write_bytes(data.draw(st.just(path.read_bytes()) | damaged_bytes(path.read_bytes())))
    refusal(lambda: load(path))
