"""Embedded data: made from a seed in seconds, the same bytes on every machine.

An image shows one to five copies of its class's motif at random places on a cluttered ground, with
motifs of no class among them. All motifs cover the same area and are mirror images of themselves,
so that flips keep the label. Each class favours a colour a little: that is learned first and is
about all that a linear model finds; the shapes take a network many epochs. A tenth of the training
labels are drawn at random, which keeps gradients noisy to the end; test labels are clean, so that
test accuracy speaks of the classes.

Only raw 64-bit output of a counter-based generator and integer arithmetic are used, because
floating-point functions differ between platforms in their last bit.
"""

from pathlib import Path

import numpy as np

from nagbench.data.dataset import DataSet
from nagbench.data.images import ImageSet
from nagbench.errors import InputError

SET = DataSet(
    name="synthetic",
    height=32,
    width=32,
    class_names=tuple(f"motif {n}" for n in range(10)),
    train=5_000,
    test=2_000,
    mean=(135.880, 136.589, 136.912),
    deviation=(38.384, 39.775, 39.611),
)
SEED = 1983  # the year of Nesterov's paper
_MOTIF = 7  # pixels along a motif's side
_COVERED = 24  # pixels that every motif covers
_STRANGERS = 30  # motifs of no class
_COPIES = 5  # at most, of the class's motif in an image; some images show one alone
_DISTRACTORS = 2  # motifs of no class in an image
_CONTRAST = (40, 140)  # smallest and largest change that a motif makes to a channel
_TINT = 70  # largest shift of a class's colours, channel by channel
_GROUND = 110  # grey levels over which the ground varies
_GRID = 8  # pixels between the colours that the ground is made of
_NOISE = 32  # largest change that noise makes to a channel
_FALSE_LABELS = 10  # one in so many training labels is drawn at random


class _Stream:
    """Random integers from the raw output of a Philox generator."""

    def __init__(self, seed: int) -> None:
        self._raw = np.random.Philox(seed)

    def below(self, bound: int, *shape: int) -> np.ndarray:
        """Integers from 0 to bound - 1; the bias of the remainder is under 2^-50."""
        raw = self._raw.random_raw(int(np.prod(shape)))
        return (raw % np.uint64(bound)).astype(np.int64).reshape(shape)

    def bytes(self, *shape: int) -> np.ndarray:
        """Uniform bytes, eight from each raw number."""
        count = int(np.prod(shape))
        raw = self._raw.random_raw(-(-count // 8)).astype("<u8")
        return raw.view(np.uint8)[:count].reshape(shape)

    def order(self, count: int) -> np.ndarray:
        """A random order of `count` things."""
        return np.argsort(self._raw.random_raw(count), kind="stable")


def prepare(source: Path | None = None) -> ImageSet:
    """The data set; it comes from no file."""
    if source is not None:
        raise InputError("synthetic data", f"a source file {source}", "none: it is generated")
    stream = _Stream(SEED)
    motifs = _motifs(stream)
    train = SET.train
    labels = stream.below(SET.classes, train + SET.test)
    pixels = _images(stream, motifs, labels)
    false = stream.below(_FALSE_LABELS, train) == 0
    labels[:train][false] = stream.below(SET.classes, train)[false]
    labels = labels.astype(np.uint8)
    return ImageSet(
        SET,
        edition="synthetic",
        train_images=pixels[:train],
        train_labels=labels[:train],
        test_images=pixels[train:],
        test_labels=labels[train:],
    )


def _motifs(stream: _Stream) -> np.ndarray:
    """Masks of 7×7, mirror-symmetric, all covering the same area: the classes' first."""
    half = _MOTIF // 2
    masks: list[np.ndarray] = []
    while len(masks) < SET.classes + _STRANGERS:
        left = np.zeros((_MOTIF, half), dtype=np.int64)
        middle = stream.below(2, _MOTIF)
        pairs, rest = divmod(_COVERED - int(middle.sum()), 2)
        if rest or not 0 <= pairs <= left.size:
            continue
        left.flat[stream.order(left.size)[:pairs]] = 1
        masks.append(np.hstack([left, middle[:, None], left[:, ::-1]]))
    return np.array(masks)


def _images(stream: _Stream, motifs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    count = len(labels)
    channels, height, width = SET.inputs
    colours = stream.below(_GROUND, count, height // _GRID + 1, width // _GRID + 1, channels)
    pixels = _ground(colours + 128 - _GROUND // 2)
    tints = stream.below(2 * _TINT + 1, SET.classes, channels) - _TINT
    copies = 1 + stream.below(_COPIES, count)
    everyone = np.arange(count)[:, None, None]
    for layer in range(_DISTRACTORS + _COPIES):
        # Strangers first, so that they never cover the class's own motif.
        strange = layer < _DISTRACTORS
        shown = SET.classes + stream.below(_STRANGERS, count) if strange else labels
        low, high = _CONTRAST
        strength = low + stream.below(high - low + 1, count, channels)
        if not strange:
            strength += tints[labels]
        strength[layer - _DISTRACTORS >= copies] = 0
        change = strength[:, None, None, :] * motifs[shown][..., None]
        corner = [stream.below(side - _MOTIF + 1, count) for side in (height, width)]
        reach = np.arange(_MOTIF)
        rows = (corner[0][:, None] + reach)[:, :, None]
        columns = (corner[1][:, None] + reach)[:, None, :]
        pixels[everyone, rows, columns] += change
    grain = stream.bytes(2, *pixels.shape).astype(np.int64)
    pixels += (grain[0] - grain[1]) * _NOISE // 255
    return pixels.clip(0, 255).astype(np.uint8)


def _ground(grid: np.ndarray) -> np.ndarray:
    """Spread a grid of colours over the pixels, linearly between them."""
    for axis, side in ((1, SET.height), (2, SET.width)):
        place = np.arange(side)
        weight = (place % _GRID).reshape([-1 if n == axis else 1 for n in range(4)])
        left = np.take(grid, place // _GRID, axis)
        right = np.take(grid, place // _GRID + 1, axis)
        grid = (left * (_GRID - weight) + right * weight) // _GRID
    return grid
