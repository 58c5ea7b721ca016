"""What every network must do: initial weights, shapes, gradients, options."""

import ast
import hashlib
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import max_pool2d, relu

from nagbench.data.torchvision_import import import_torchvision
from nagbench.errors import InputError
from nagbench.initializers.registry import INITIALIZERS
from nagbench.models import layers
from nagbench.models.fastnet import FastNet
from nagbench.models.registry import MODELS, check_batch_norm, resolve
from networks import COLOUR, network

NAMES = pytest.mark.parametrize("name", MODELS)
NORMALIZED = pytest.mark.parametrize(
    "name", [name for name, row in MODELS.items() if row.batch_norm is not None]
)
# Smallest images that a network takes; the others take any.
SMALLEST = {"tiny_cnn": 4, "seed_cnn": 10, "fastnet": 9}
# Of seed 1 on CIFAR-10: all weights, one after the other, times cos(0), cos(1), …, added up; and a
# checksum of their names and shapes.
INITIAL = {
    "logistic": (-1.54680507, "2f1256487fe7cffe"),
    "tiny_cnn": (-1.27540984, "c77b4abd67398bf9"),
    "seed_cnn": (-4.84986745, "0714a8496b403a29"),
    "resnet20": (-13.2302950, "a7ace534a6f64b77"),
    "resnet18": (45.9867798, "158608fc8a8b9ffd"),
    "small_inception": (-3.05466012, "e057d1f3008dec5e"),
    "fastnet": (-4.50985329, "fa4952f90a0aca05"),
}


def noise(count: int = 8, inputs: tuple[int, int, int] = COLOUR) -> torch.Tensor:
    return torch.randn(count, *inputs, generator=torch.Generator().manual_seed(0))


def keeping_all(model: nn.Module, images: int) -> nn.Module:
    """The network in training mode, nothing dropped from a batch of so many images."""
    for layer in layers.planned_dropouts(model):
        layer.chances = torch.full((images, layer.features), 255, dtype=torch.uint8)
    return model


@pytest.mark.parametrize("name", INITIAL)
def test_initial_weights_are_what_they_were(name: str) -> None:
    """An edit that moves a weight, or draws another number before it, changes published runs."""
    state = network(name, seed=1).state_dict()
    weights = torch.cat([value.double().flatten() for value in state.values()])
    shapes = repr([(key, tuple(value.shape)) for key, value in state.items()])
    total, checksum = INITIAL[name]
    # Instruction sets differ in the last bits of normal numbers: by 4e-7 in these sums.
    assert float(weights @ torch.arange(len(weights)).double().cos()) == pytest.approx(total, 1e-5)
    assert hashlib.sha256(shapes.encode()).hexdigest()[:16] == checksum


@NAMES
def test_a_seed_decides_the_initial_weights_and_nothing_else_does(name: str) -> None:
    torch.manual_seed(1)
    first = network(name, seed=5).state_dict()
    torch.manual_seed(2)
    state = torch.random.get_rng_state()
    second = network(name, seed=5).state_dict()
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(first[key], second[key]) for key in first)
    other = network(name, seed=6).state_dict()
    assert not all(torch.equal(first[key], other[key]) for key in first)


@NAMES
@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_initialisers_set_the_weights_that_they_should(name: str, initializer: str) -> None:
    model, own = network(name, initializer=initializer), network(name)
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


@NAMES
@pytest.mark.parametrize("inputs", [COLOUR, (1, 28, 28), (3, 24, 20), (2, 10, 41)])
@pytest.mark.parametrize("classes", [2, 100])
def test_it_gives_a_logit_for_each_class(
    name: str, inputs: tuple[int, int, int], classes: int
) -> None:
    model = network(name, inputs, classes).eval()
    assert model(noise(7, inputs)).shape == (7, classes)


@NAMES
def test_images_of_the_smallest_size_are_taken_and_smaller_ones_refused(name: str) -> None:
    side = SMALLEST.get(name, 1)
    for inputs in ((1, side, side), (1, side, side + 3), (1, side + 3, side)):
        assert network(name, inputs, 3).eval()(noise(2, inputs)).shape == (2, 3)
    if name not in SMALLEST:
        return
    for inputs in ((1, side - 1, side), (1, side, side - 1)):
        with pytest.raises(InputError, match=rf"{name}.*{inputs[1]}×{inputs[2]}.*larger images"):
            network(name, inputs, 3)


@NAMES
@pytest.mark.parametrize("inputs", [COLOUR, (1, 24, 20)])
def test_every_parameter_that_learns_gets_a_gradient(
    name: str, inputs: tuple[int, int, int]
) -> None:
    model = keeping_all(network(name, inputs), 8)
    model(noise(8, inputs)).square().sum().backward()
    for label, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, label
            assert parameter.grad.abs().sum() > 0, label


@NORMALIZED
@pytest.mark.parametrize("wanted", [True, False])
def test_batch_normalisation_is_an_option(name: str, wanted: bool) -> None:
    model = keeping_all(network(name, batch_norm=wanted), 8)
    assert bool(layers.batch_norms(model)) == wanted
    assert model(noise()).shape == (8, 10)
    # A convolution has biases where nothing else shifts its outputs.
    biased = [m.bias is not None for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert any(biased) != wanted or name == "fastnet"


@NORMALIZED
def test_without_a_wish_it_is_as_published(name: str) -> None:
    published = bool(layers.batch_norms(network(name)))
    assert resolve(name)[1] == {"batch_norm": published}


def test_a_network_with_no_place_for_it_refuses_batch_normalisation() -> None:
    with pytest.raises(InputError, match="logistic has no place for it"):
        check_batch_norm("place", "logistic", batch_norm=False)
    check_batch_norm("place", "logistic", batch_norm=None)
    assert resolve("logistic") == ("nagbench.models.logistic:Logistic", {})


@pytest.mark.parametrize("channels", [6, 32])
def test_pooling_before_the_rectifier_gives_the_same_bits(channels: int) -> None:
    x = torch.randn(8, channels, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(relu(max_pool2d(x, 2)), max_pool2d(relu(x), 2))


def test_resnet18_is_torchvisions_but_for_its_first_layer() -> None:
    theirs = import_torchvision().models.resnet18(num_classes=10)
    theirs.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    theirs.maxpool = nn.Identity()
    ours = network("resnet18", seed=3)
    values = list(ours.state_dict().values())
    names = list(theirs.state_dict())
    # Theirs lists a block's shortcut last, as ours does.
    theirs.load_state_dict(dict(zip(names, values, strict=True)))
    torch.testing.assert_close(ours(noise()), theirs(noise()))


@pytest.mark.parametrize("inputs", [COLOUR, (1, 24, 20), (4, 9, 12)])
def test_whitening_makes_patches_uncorrelated_and_of_one_size(
    inputs: tuple[int, int, int],
) -> None:
    images = noise(64 if inputs == COLOUR else 400, inputs).double()
    images[:, -1] = 0.8 * images[:, 0] + 0.2 * images[:, -1]
    model = FastNet(inputs, 10).double()
    model.whiten(model.patch_moment(images))
    components = 4 * inputs[0]
    outputs = model.whitening(images).permute(1, 0, 2, 3).flatten(1)
    assert len(outputs) == 2 * components
    outputs = outputs[:components]
    covariance = outputs @ outputs.T / outputs.shape[1]
    # The 5e-4 that keeps noise from being blown up is all that is missing to the identity.
    identity = torch.eye(components, dtype=torch.double)
    torch.testing.assert_close(covariance, identity, atol=0.05, rtol=0)
    weights = model.whitening.weight
    assert torch.equal(weights[:components], -weights[components:])


@pytest.mark.parametrize("package", ["models", "data", "engine"])
def test_what_a_run_executes_imports_no_registry(package: str) -> None:
    """A new network or data set would otherwise count as an edit of every run's code."""
    named = {"models/size.py", "data/registry.py", "models/registry.py"}  # no run executes these
    read = []
    for file in sorted(Path("src/nagbench", package).glob("*.py")):
        if f"{package}/{file.name}" in named:
            continue
        read.append(file.name)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None) or "", *(a.name for a in node.names)]
                assert not any(name.endswith("registry") for name in names), file
    assert len(read) > 3


def test_package_files_are_empty() -> None:
    """They are part of every run's code."""
    for package in ("models", "data", "engine"):
        assert Path("src/nagbench", package, "__init__.py").read_text(encoding="utf-8") == ""
