"""Data of other shapes than CIFAR-10's train through the engine: grey, not square, 100 classes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from nagbench.data.dataset import DataSet
from nagbench.data.images import ImageSet, check
from nagbench.engine.loop import train
from nagbench.engine.outcome import Outcome
from nagbench.engine.randomness import epoch_plan
from nagbench.engine.splits import place_splits
from nagbench.errors import InputError
from networks import recipe_of

CPU = torch.device("cpu")


def image_set(name: str, pixels: np.ndarray, labels: np.ndarray, test: int) -> ImageSet:
    """A set of these images, the last `test` of them for testing."""
    train = len(labels) - test
    levels = pixels[:train].astype(np.float64)
    declared = DataSet(
        name=name,
        height=pixels.shape[1],
        width=pixels.shape[2],
        class_names=tuple(f"class {n}" for n in range(labels.max() + 1)),
        train=train,
        test=test,
        mean=tuple(levels.mean((0, 1, 2)).round(3).tolist()),
        deviation=tuple(levels.std((0, 1, 2)).round(3).tolist()),
    )
    labels = labels.astype(np.uint8)
    return ImageSet(declared, name, pixels[:train], labels[:train], pixels[train:], labels[train:])


@pytest.fixture(scope="module")
def digits() -> ImageSet:
    """Handwritten digits: 1,797 grey images of 8×8 pixels."""
    found = load_digits()
    grey = (found.images * (255 / 16)).round().astype(np.uint8)
    return image_set("digits", grey[..., None], found.target, 397)


@pytest.fixture(scope="module")
def hundred() -> ImageSet:
    """100 classes of 24×20 colour images: a colour above and another below, ten by ten."""
    random = np.random.default_rng(0)
    colours = random.integers(40, 216, (10, 3))
    labels = random.permutation(np.arange(2200) % 100)
    halves = np.stack([colours[labels // 10], colours[labels % 10]], 1)  # (image, half, channel)
    clean = halves.repeat(12, 1)[:, :, None, :].repeat(20, 2)
    pixels = clean + random.integers(-40, 41, clean.shape)
    return image_set("hundred", pixels.astype(np.uint8), labels, 200)


def trained(images: ImageSet, model: str, **changes: Any) -> Outcome:
    recipe = recipe_of(model, data=images.name, judged_on_test=True, **changes)
    splits = place_splits(images, recipe, CPU)
    *_, (runs, execution) = train([recipe], splits, CPU, [None])
    assert execution == "eager"
    return runs[0].outcome


def test_they_are_what_they_declare(digits: ImageSet, hundred: ImageSet) -> None:
    for images, inputs, classes in ((digits, (1, 8, 8), 10), (hundred, (3, 24, 20), 100)):
        check(images, images.name)
        assert (images.inputs, images.classes) == (inputs, classes)
        assert images.declared.chance == 1 / classes


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        ("logistic", {}),
        ("tiny_cnn", {"batch_size": 10}),
        ("tiny_cnn", {"batch_size": 10, "cutout": 2, "batch_norm": True, "precision": "bfloat16"}),
    ],
)
def test_digits_are_learned(digits: ImageSet, model: str, changes: dict[str, Any]) -> None:
    outcome = trained(digits, model, padding=1, flip=False, **changes)
    assert outcome.status == "finished"
    loss = outcome.curve["validation_loss"]
    assert loss[0] > loss[2] > loss[4]  # after whole epochs
    assert outcome.curve["test_accuracy"][-1] > 0.5  # chance is 0.1


@pytest.mark.parametrize(
    ("model", "changes", "least"),
    [
        ("logistic", {}, 0.3),
        ("tiny_cnn", {"cutout": 6}, 0.1),
        ("seed_cnn", {}, 0.05),
        # Two epochs are few for large networks: that their loss falls is enough.
        ("resnet20", {"cutout": 6, "label_smoothing": 0.1, "train_size": 1000}, 0.0),
        pytest.param("fastnet", {"train_size": 600}, 0.0, marks=pytest.mark.slow),
    ],
)
def test_a_hundred_classes_are_learned(
    hundred: ImageSet, model: str, changes: dict[str, Any], least: float
) -> None:
    outcome = trained(hundred, model, **changes)
    assert outcome.status == "finished"
    loss = outcome.curve["validation_loss"]
    assert loss[0] > loss[2] > loss[4]  # after whole epochs
    assert outcome.curve["test_accuracy"][-1] >= least  # chance is 0.01


def test_a_network_that_needs_larger_images_says_so(digits: ImageSet) -> None:
    with pytest.raises(InputError, match=r"SeedCNN: of 8×8 pixels.*allowed: larger images"):
        trained(digits, "seed_cnn")
    with pytest.raises(InputError, match=r"FastNet: of 8×8 pixels"):
        trained(digits, "fastnet")


def test_a_hundred_classes_begin_at_chance(hundred: ImageSet) -> None:
    outcome = trained(hundred, "logistic", initializer="zero", epochs=1)
    assert outcome.curve["validation_loss"][0] == pytest.approx(np.log(100), rel=1e-6)


@pytest.mark.parametrize("cutout", [0, 1, 7, 8])
def test_a_batch_is_the_padded_cropped_mirrored_and_blanked_images(
    hundred: ImageSet, cutout: int
) -> None:
    recipe = recipe_of("logistic", data="hundred", padding=3, cutout=cutout, precision="float64")
    data = place_splits(hundred, replace(recipe, validation_size=1), CPU).train
    plan = epoch_plan(3, 1, len(data), (24, 20), recipe, [])
    index, rows, columns, flips, *rest = (torch.from_numpy(table) for table in plan.tables())
    holes = rest[0] if cutout else None
    batch = data.crops(index, rows, columns, flips, holes, cutout)
    if cutout:  # centres lie anywhere in the image and nowhere else
        assert plan.holes.min(0).tolist() == [0, 0]
        assert plan.holes.max(0).tolist() == [23, 19]
    inner = data.images[:, 3:-3, 3:-3].numpy()
    for n, image in enumerate(batch.numpy()):
        padded = np.pad(inner[plan.order[n]], ((3, 3), (3, 3), (0, 0)))
        cut = padded[plan.rows[n] : plan.rows[n] + 24, plan.columns[n] : plan.columns[n] + 20]
        cut = cut[:, ::-1] if plan.flips[n] else cut
        expected = (cut - np.array(hundred.mean)) / np.array(hundred.deviation)
        if cutout:
            top, left = plan.holes[n] - cutout // 2
            expected[max(top, 0) : top + cutout, max(left, 0) : left + cutout] = 0
        np.testing.assert_allclose(image, expected.transpose(2, 0, 1), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_images_are_scaled_with_their_own_mean_and_deviation(
    digits: ImageSet, hundred: ImageSet, precision: str
) -> None:
    for images in (digits, hundred):
        recipe = recipe_of("logistic", data=images.name, validation_size=1, precision=precision)
        scaled = place_splits(images, recipe, CPU).train.plain(0, 10**6).double()
        assert scaled.shape[1:] == images.inputs
        one = torch.ones(images.inputs[0], dtype=torch.float64)
        torch.testing.assert_close(scaled.mean((0, 2, 3)), 0 * one, atol=1e-3, rtol=0)
        torch.testing.assert_close(scaled.std((0, 2, 3)), one, atol=1e-3, rtol=0)
