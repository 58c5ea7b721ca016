"""The networks: their size, their initial weights, and the shapes that they take."""

import pytest
import torch
from torch import nn
from torch.nn.functional import max_pool2d, relu

from nagbench import models
from nagbench.data.torchvision_import import import_torchvision
from nagbench.models import initializers, layers
from nagbench.models.fastnet import FastNet
from nagbench.models.residual import BasicBlock
from nagbench.provenance import PACKAGE


def convolved(inputs: int, outputs: int, kernel: int = 3, *, norm: int = 2) -> int:
    """Weights of a convolution and, for each channel, of the normalisation that follows it."""
    return inputs * outputs * kernel**2 + norm * outputs


# From the layers' shapes, added up by hand.
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
NAMES = pytest.mark.parametrize("name", models.MODELS)
NORMALIZED = pytest.mark.parametrize(
    "name", [name for name, row in models.MODELS.items() if row.batch_norm is not None]
)


def prepared(name: str, images: int, **options: object) -> nn.Module:
    """A network in training mode, nothing dropped."""
    model = models.build(name, 0, **options)  # type: ignore[arg-type]
    for layer in layers.planned_dropouts(model):
        layer.chances = torch.full((images, layer.features), 255, dtype=torch.uint8)
    return model


def noise(count: int = 8) -> torch.Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@NAMES
def test_it_has_the_stated_number_of_parameters(name: str) -> None:
    assert models.parameter_count(name) == PARAMETERS[name]
    assert f"{PARAMETERS[name]:,}" in (PACKAGE / "models" / f"{name}.py").read_text()


def test_the_articles_networks_have_the_articles_sizes() -> None:
    assert PARAMETERS["seed_cnn"] == 167_562
    assert PARAMETERS["resnet20"] == 269_722  # "0.27M" in the article


@pytest.mark.parametrize("name", FLOPS)
def test_it_takes_the_stated_operations(name: str) -> None:
    assert models.flops(name) == FLOPS[name]


@NAMES
def test_training_takes_about_three_times_the_forward_pass(name: str) -> None:
    """Gradients of weights and of inputs cost a forward pass each, but for the first layer's."""
    forward, training = models.flops(name), models.flops(name, training=True)
    assert 2 * forward <= training <= 3 * forward


def test_resnet18_is_torchvisions_but_for_its_first_layer() -> None:
    theirs = import_torchvision().models.resnet18(num_classes=10)
    theirs.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    theirs.maxpool = nn.Identity()
    ours = models.build("resnet18", 3)
    values = list(ours.state_dict().values())
    names = list(theirs.state_dict())
    # Theirs lists a block's shortcut last, as ours does.
    theirs.load_state_dict(dict(zip(names, values, strict=True)))
    torch.testing.assert_close(ours(noise()), theirs(noise()))


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


@pytest.mark.parametrize("channels", [6, 32])
def test_pooling_before_the_rectifier_gives_the_same_bits(channels: int) -> None:
    x = torch.randn(8, channels, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(relu(max_pool2d(x, 2)), max_pool2d(relu(x), 2))


@NAMES
def test_every_parameter_that_learns_gets_a_gradient(name: str) -> None:
    model = prepared(name, 8)
    model(noise()).square().sum().backward()
    for label, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, label
            assert parameter.grad.abs().sum() > 0, label


@NORMALIZED
@pytest.mark.parametrize("wanted", [True, False])
def test_batch_normalisation_is_an_option(name: str, wanted: bool) -> None:
    model = prepared(name, 8, batch_norm=wanted)
    assert bool(layers.batch_norms(model)) == wanted
    assert model(noise()).shape == (8, 10)
    # A convolution has biases where nothing else shifts its outputs.
    biased = [m.bias is not None for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert any(biased) != wanted or name == "fastnet"


def test_a_network_with_no_place_for_it_refuses_batch_normalisation() -> None:
    with pytest.raises(models.InputError, match="logistic has no place for it"):
        models.check_batch_norm("place", "logistic", batch_norm=False)
    models.check_batch_norm("place", "logistic", batch_norm=None)


def test_the_two_shortcuts_of_a_residual_block() -> None:
    """With convolutions that give nothing, a block is its shortcut."""
    x = noise()[:, :1].abs()
    for projected in (False, True):
        block = BasicBlock(1, 3, 2, projected=projected, batch_norm=False)
        for conv in (block.conv1, block.conv2):
            nn.init.zeros_(conv.weight)
            nn.init.zeros_(conv.bias)
        y = block(x)
        assert y.shape == (8, 3, 16, 16)
        if not projected:  # every other pixel, between channels of zeros
            assert torch.equal(y[:, 1:2], x[:, :, ::2, ::2])
            assert not y[:, [0, 2]].any()


def test_whitening_makes_patches_uncorrelated_and_of_one_size() -> None:
    images = noise(64).double()
    images[:, 1] = 0.8 * images[:, 0] + 0.2 * images[:, 1]
    model = FastNet(10).double()
    model.whiten(images)
    outputs = model.whitening(images).permute(1, 0, 2, 3).flatten(1)[:12]
    covariance = outputs @ outputs.T / outputs.shape[1]
    # The 5e-4 that keeps noise from being blown up is all that is missing to the identity.
    torch.testing.assert_close(covariance, torch.eye(12, dtype=torch.double), atol=0.05, rtol=0)
    assert torch.equal(model.whitening.weight[:12], -model.whitening.weight[12:])


@NAMES
@pytest.mark.parametrize("initializer", models.INITIALIZERS)
def test_initialisers_set_the_weights_that_they_should(name: str, initializer: str) -> None:
    model = models.build(name, 0, initializer=initializer)
    own = models.build(name, 0)
    for module, before in zip(model.modules(), own.modules(), strict=True):
        if not isinstance(module, nn.Conv2d | nn.Linear) or not module.weight.requires_grad:
            continue
        if initializer == "network":
            assert torch.equal(module.weight, before.weight)  # type: ignore[arg-type]
        elif initializer == "zero":
            assert not module.weight.any()
        elif module.weight.numel() > 2000:
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(module.weight)
            variance = 2 / fan_in if initializer == "kaiming" else 2 / (fan_in + fan_out)
            assert float(module.weight.detach().var()) == pytest.approx(variance, rel=0.15)


def test_the_initialisers_of_studies_are_those_that_there_are() -> None:
    assert tuple(initializers.INITIALIZERS) == models.INITIALIZERS


def test_dropped_units_are_those_of_the_plan() -> None:
    layer = layers.PlannedDropout(4, 0.25)
    layer.chances = torch.tensor([[0, 63, 64, 255]], dtype=torch.uint8)
    expected = torch.tensor([[0.0, 0.0, 4 / 3, 4 / 3]])
    assert torch.allclose(layer(torch.ones(1, 4)), expected)
    assert torch.equal(layer.eval()(torch.ones(1, 4)), torch.ones(1, 4))
    with pytest.raises(ValueError, match="1/256"):
        layers.PlannedDropout(4, 0.3)


def test_held_statistics_change_nothing_but_memory() -> None:
    model = prepared("resnet20", 8)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with layers.statistics_held(model):
        held = model(noise())
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]), key
    assert torch.equal(model(noise()), held)
    assert not torch.equal(model.state_dict()["norm.running_mean"], before["norm.running_mean"])


def test_recalibrated_statistics_are_the_batches_mean() -> None:
    model = prepared("resnet20", 8)
    batches = noise(24).split(8)

    def forward() -> None:
        for batch in batches:
            model(batch)

    layers.recalibrate(model, forward)
    inputs = [model.conv(batch) for batch in batches]
    means = torch.stack([x.mean((0, 2, 3)) for x in inputs]).mean(0)
    torch.testing.assert_close(model.norm.running_mean, means)
    assert not any(module.training for module in model.modules())
    assert model.norm.momentum == 0.1


@NAMES
def test_the_files_that_it_is_made_with_are_those_that_it_imports(name: str) -> None:
    """What a record's digest covers: nothing that decides a network may be left out."""
    said = models.sources(name)
    imported: set[str] = set()
    waiting = [name, "initializers"]
    while waiting:
        file = waiting.pop()
        imported.add(file)
        text = (PACKAGE / "models" / f"{file}.py").read_text()
        waiting += [
            line.split()[1].rpartition(".")[2]
            for line in text.splitlines()
            if line.startswith("from nagbench.models.")
        ]
    assert set(said) == imported
