"""Layers that networks share: planned dropout, batch normalisation, residual blocks."""

import pytest
import torch
from torch import nn

from nagbench.models import layers
from nagbench.models.residual import BasicBlock
from networks import network
from no_waiting import NoWaiting


def noise(count: int = 8) -> torch.Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_dropped_units_are_those_of_the_plan() -> None:
    layer = layers.PlannedDropout(4, 0.25)
    layer.chances = torch.tensor([[0, 63, 64, 255]], dtype=torch.uint8)
    expected = torch.tensor([[0.0, 0.0, 4 / 3, 4 / 3]])
    assert torch.allclose(layer(torch.ones(1, 4)), expected)
    assert torch.equal(layer.eval()(torch.ones(1, 4)), torch.ones(1, 4))
    with pytest.raises(ValueError, match="1/256"):
        layers.PlannedDropout(4, 0.3)


def test_held_statistics_change_nothing_but_memory() -> None:
    model = network("resnet20")
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with layers.statistics_held(model):
        held = model(noise())
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]), key
    assert torch.equal(model(noise()), held)
    assert not torch.equal(model.state_dict()["norm.running_mean"], before["norm.running_mean"])


def test_recalibrated_statistics_are_the_batches_mean() -> None:
    """Exactly as torch's cumulative mean, which asks the device in each layer for their number."""
    model, torchs = network("resnet20"), network("resnet20")
    batches = noise(24).split(8)
    for layer in layers.batch_norms(torchs):
        layer.reset_running_stats()
        layer.momentum = None
    with torch.no_grad(), NoWaiting():
        layers.recalibrate(model, batches, model)
    with torch.no_grad():
        for batch in batches:
            torchs(batch)
    for mine, other in zip(model.buffers(), torchs.buffers(), strict=True):
        assert torch.equal(mine, other)
    inputs = [model.conv(batch) for batch in batches]
    means = torch.stack([x.mean((0, 2, 3)) for x in inputs]).mean(0)
    torch.testing.assert_close(model.norm.running_mean, means)
    assert not any(module.training for module in model.modules())
    assert model.norm.momentum == 0.1


@pytest.mark.parametrize(("height", "width"), [(32, 32), (7, 4), (1, 5)])
def test_the_two_shortcuts_of_a_residual_block(height: int, width: int) -> None:
    """With convolutions that give nothing, a block is its shortcut."""
    x = noise()[:, :1, :height, :width].abs()
    for projected in (False, True):
        block = BasicBlock(1, 3, 2, projected=projected, batch_norm=False)
        for conv in (block.conv1, block.conv2):
            nn.init.zeros_(conv.weight)
            nn.init.zeros_(conv.bias)
        y = block(x)
        assert y.shape == (8, 3, -(-height // 2), -(-width // 2))
        if not projected:  # every other pixel, between channels of zeros
            assert torch.equal(y[:, 1:2], x[:, :, ::2, ::2])
            assert not y[:, [0, 2]].any()


@pytest.mark.parametrize(("rows", "columns", "fits"), [(1, 1, True), (0, 5, False), (5, 0, False)])
def test_an_image_of_which_nothing_is_left_is_refused(rows: int, columns: int, fits: bool) -> None:
    if fits:
        assert layers.size_left((3, 8, 6), rows, columns) == (rows, columns)
        return
    with pytest.raises(ValueError, match="8×6"):
        layers.size_left((3, 8, 6), rows, columns)
