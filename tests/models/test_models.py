"""The networks: their size, their initial weights, and the shapes that they take."""

import pytest
import torch
from torch.nn.functional import max_pool2d, relu

from nagbench import models
from nagbench.provenance import PACKAGE

# From the layers' shapes: inputs × outputs × kernel + biases, added up by hand.
PARAMETERS = {
    "logistic": 3072 * 10 + 10,
    "tiny_cnn": (3 * 6 * 9 + 6) + (6 * 12 * 9 + 12) + (12 * 64 * 10 + 10),
    "seed_cnn": (3 * 32 * 9 + 32) + (32 * 64 * 9 + 64) + (2304 * 64 + 64) + (64 * 10 + 10),
}
NAMES = pytest.mark.parametrize("name", models.MODELS)


@NAMES
def test_it_has_the_stated_number_of_parameters(name: str) -> None:
    assert models.parameter_count(name) == PARAMETERS[name]
    assert f"{PARAMETERS[name]:,}" in (PACKAGE / "models" / f"{name}.py").read_text()


def test_the_articles_network_has_the_articles_size() -> None:
    assert PARAMETERS["seed_cnn"] == 167_562


@NAMES
def test_a_seed_decides_the_initial_weights_and_nothing_else_does(name: str) -> None:
    torch.manual_seed(1)
    first = models.build(name, seed=5).state_dict()
    torch.manual_seed(2)
    state = torch.random.get_rng_state()
    second = models.build(name, seed=5).state_dict()
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(first[key], second[key]) for key in first)
    other = models.build(name, seed=6).state_dict()
    assert not all(torch.equal(first[key], other[key]) for key in first)


@NAMES
def test_it_gives_a_logit_for_each_class(name: str) -> None:
    model = models.build(name, seed=0).eval()
    assert model(torch.zeros(7, 3, 32, 32)).shape == (7, 10)


def test_pooling_before_the_rectifier_gives_the_same_bits() -> None:
    x = torch.randn(8, 6, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(relu(max_pool2d(x, 2)), max_pool2d(relu(x), 2))


@NAMES
def test_every_parameter_gets_a_gradient(name: str) -> None:
    model = models.build(name, seed=0)
    for layer in models.dropout.planned_dropouts(model):
        layer.uniforms = torch.ones(4, layer.features)
    model(torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))).sum().backward()
    for parameter in model.parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0
