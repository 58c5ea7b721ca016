"""Parameters and arithmetic of the networks, against sums by hand."""

import math
from pathlib import Path

import pytest

from nagbench.errors import InputError
from nagbench.models.registry import MODELS
from nagbench.models.size import flops, parameter_count
from networks import COLOUR, network


def convolved(inputs: int, outputs: int, kernel: int = 3, *, norm: int = 2) -> int:
    """Weights of a convolution and, for each channel, of the normalisation that follows it."""
    return inputs * outputs * kernel**2 + norm * outputs


# On CIFAR-10, from the layers' shapes, added up by hand.
PARAMETERS = {
    "logistic": 3072 * 10 + 10,
    "tiny_cnn": convolved(3, 6, norm=1) + convolved(6, 12, norm=1) + (12 * 64 * 10 + 10),
    "seed_cnn": convolved(3, 32, norm=1) + convolved(32, 64, norm=1) + (2304 * 64 + 64) + 650,
    "resnet20": convolved(3, 16)
    + 6 * convolved(16, 16)
    + convolved(16, 32)
    + 5 * convolved(32, 32)
    + convolved(32, 64)
    + 5 * convolved(64, 64)
    + 650,
    "resnet18": convolved(3, 64)
    + 4 * convolved(64, 64)
    + sum(
        convolved(n, 2 * n) + convolved(n, 2 * n, 1) + 3 * convolved(2 * n, 2 * n)
        for n in (64, 128, 256)
    )
    + 5130,
    "small_inception": 1_649_402,  # as published
    "fastnet": convolved(24, 64, norm=1)
    + convolved(64, 64, norm=1)
    + convolved(64, 256, norm=1)
    + 3 * convolved(256, 256, norm=1)
    + 24
    + 2560,
}
# Twice the multiplications of a forward pass: output pixels × weights.
FLOPS = {
    "logistic": 2 * 30_720,
    "tiny_cnn": 2 * (32**2 * 162 + 16**2 * 648 + 7_680),
    "seed_cnn": 2 * (30**2 * 864 + 13**2 * 18_432 + 2304 * 64 + 640),
    "resnet20": 2 * 40_551_040,
}
# Grey images of 24×20 pixels in 7 classes: (parameters, multiplications).
OTHER = {
    "logistic": (480 * 7 + 7, 480 * 7),
    "tiny_cnn": (
        convolved(1, 6, norm=1) + convolved(6, 12, norm=1) + 12 * 30 * 7 + 7,
        480 * 54 + 120 * 648 + 12 * 30 * 7,
    ),
    "seed_cnn": (
        convolved(1, 32, norm=1) + convolved(32, 64, norm=1) + (64 * 12 * 64 + 64) + 455,
        22 * 18 * 288 + 9 * 7 * 18_432 + 64 * 12 * 64 + 64 * 7,
    ),
    "resnet20": (
        PARAMETERS["resnet20"] - 2 * 16 * 9 - 3 * 65,
        480 * (144 + 6 * 2304) + 120 * (4608 + 5 * 9216) + 30 * (18_432 + 5 * 36_864) + 448,
    ),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_network_has_as_many_parameters_as_its_layers(name: str) -> None:
    assert parameter_count(name, COLOUR, 10) == PARAMETERS[name]


@pytest.mark.parametrize("name", MODELS)
def test_its_file_states_the_number_for_cifar10(name: str) -> None:
    text = Path(f"src/nagbench/models/{name}.py").read_text(encoding="utf-8")
    assert f"{parameter_count(name, COLOUR, 10):,} parameters" in text


def test_the_articles_networks_have_the_articles_sizes() -> None:
    assert PARAMETERS["seed_cnn"] == 167_562
    assert PARAMETERS["resnet20"] == 269_722  # "0.27M" in the article


@pytest.mark.parametrize("name", FLOPS)
def test_it_takes_the_stated_operations(name: str) -> None:
    assert flops(name, COLOUR, 10) == FLOPS[name]


@pytest.mark.parametrize("name", OTHER)
def test_sizes_follow_the_images(name: str) -> None:
    shape = (1, 24, 20), 7
    assert (parameter_count(name, *shape), flops(name, *shape)) == (
        OTHER[name][0],
        2 * OTHER[name][1],
    )


@pytest.mark.parametrize("name", MODELS)
def test_training_takes_about_three_times_the_forward_pass(name: str) -> None:
    """Gradients of weights and of inputs cost a forward pass each, but for the first layer's."""
    forward, training = flops(name, COLOUR, 10), flops(name, COLOUR, 10, training=True)
    assert 2 * forward <= training <= 3 * forward


def test_normalising_batches_adds_a_scale_and_a_shift_for_a_bias() -> None:
    plain = parameter_count("tiny_cnn", COLOUR, 10)
    assert parameter_count("tiny_cnn", COLOUR, 10, batch_norm=True) == plain + 6 + 12


def test_the_sum_is_over_what_learns() -> None:
    """The whitening layer has weights that do not: 2·12 filters of 12 numbers."""
    model = network("fastnet")
    every = sum(math.prod(parameter.shape) for parameter in model.parameters())
    norms = 2 * (64 + 256 + 256)  # their scales, which are 1
    assert every - PARAMETERS["fastnet"] == 288 + norms


def test_images_that_are_too_small_are_one_clear_error() -> None:
    with pytest.raises(InputError, match=r"SeedCNN: of 9×9 pixels.*allowed: larger images"):
        parameter_count("seed_cnn", (3, 9, 9), 10)
