"""The embedded data: the same everywhere, and as hard as it says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from nagbench.data import registry
from nagbench.data.images import ImageSet
from nagbench.data.synthetic import SET, _motifs, _Stream
from nagbench.engine.loop import train
from nagbench.engine.splits import place_splits
from nagbench.errors import InputError
from networks import recipe_of

DIGEST = "095b7427da2ad7621d800a9b30fb0a51f9c915be84e602dcaa86d518ddf2343b"


@pytest.fixture(scope="module")
def synthetic() -> ImageSet:
    return registry.prepare("synthetic")


def test_its_bytes_are_those_of_every_machine(synthetic: ImageSet) -> None:
    assert synthetic.digest == DIGEST


def test_it_is_shaped_like_cifar10(synthetic: ImageSet) -> None:
    assert synthetic.declared is SET
    assert SET.inputs == registry.data_set("cifar10").inputs
    assert SET.classes == registry.data_set("cifar10").classes
    counts = np.bincount(synthetic.test_labels, minlength=10)
    assert counts.min() > 150  # 200 of each, give or take four deviations of the draw


def test_mean_and_deviation_are_those_of_its_training_images(synthetic: ImageSet) -> None:
    for channel in range(SET.channels):
        levels = synthetic.train_images[..., channel].astype(np.float64)
        assert levels.mean() == pytest.approx(SET.mean[channel], abs=0.0005)
        assert levels.std() == pytest.approx(SET.deviation[channel], abs=0.0005)


def test_motifs_differ_cover_the_same_area_and_mirror_themselves() -> None:
    motifs = _motifs(_Stream(0))
    assert len({motif.tobytes() for motif in motifs}) == len(motifs)
    assert set(motifs.sum(axis=(1, 2))) == {24}
    np.testing.assert_array_equal(motifs, motifs[:, :, ::-1])


def test_draws_are_uniform() -> None:
    counts = np.bincount(_Stream(3).below(10, 100_000), minlength=10)
    chi_squared = ((counts - 10_000) ** 2 / 10_000).sum()
    assert chi_squared < 27.9  # 0.1 % of chi-squared with nine degrees lies above


def accuracy(images: ImageSet, model: str, rate: float, epochs: int) -> list[float]:
    """Accuracy on 1,000 held-out images after each epoch of Nesterov's method."""
    settings = {"lr": rate, "momentum": 0.9, "nesterov": True}
    recipe = recipe_of(
        model, batch_size=64, epochs=epochs, settings=settings, validation_size=1000,
    )  # fmt: skip
    device = torch.device("cpu")
    (*_, (runs, _)) = train([recipe], place_splits(images, recipe, device), device, [None])
    curve = runs[0].outcome.curve
    pairs = zip(curve["epoch"], curve["validation_accuracy"], strict=True)
    return [value for epoch, value in pairs if epoch >= 1 and epoch % 1 == 0]


def test_a_small_network_climbs_and_a_linear_model_stays_behind(synthetic: ImageSet) -> None:
    climbing = accuracy(synthetic, "tiny_cnn", 0.01, 8)
    linear = max(accuracy(synthetic, "logistic", rate, 4)[-1] for rate in (1e-4, 1e-3, 1e-2))
    assert climbing[0] > 0.12  # chance is 0.10, with a deviation of 0.0095
    assert climbing[3] > climbing[0] + 0.1
    assert climbing[7] > climbing[3] + 0.1
    assert climbing[7] < 0.95
    assert linear < climbing[7] / 2


def test_it_comes_from_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="generated"):
        registry.prepare("synthetic", tmp_path)
