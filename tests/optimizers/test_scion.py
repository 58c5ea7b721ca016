"""Scion against its authors' rule, a kind of layer at a time."""

import numpy as np
import pytest
import torch
from test_muon import gradients, mapped

from nagbench.optimizers import scion
from nagbench.optimizers.muon import orthogonal
from nagbench.optimizers.scion import Scion

RATE, KEPT, RADIUS, HEAD = 0.01, 0.9, 8.0, 128.0


def path(shape: tuple[int, ...], hidden: bool) -> np.ndarray:
    """The momentum begins as the first gradient; then each norm's oracle."""
    weights, m = np.ones(shape), gradients(shape)[0]
    for gradient in gradients(shape):
        m = KEPT * m + (1 - KEPT) * gradient
        if len(shape) == 1:
            corner = RADIUS * m / (np.sqrt(np.mean(m**2)) + 1e-8)
        elif hidden:
            corner = RADIUS * mapped(m.reshape(shape[0], -1)).reshape(shape)
            corner = corner * (shape[0] / shape[1]) ** 0.5 / np.prod(shape[2:])
        else:
            corner = HEAD * np.sign(m) / shape[1]
        weights = weights - RATE * corner
    return weights


@pytest.mark.parametrize(
    ("shape", "hidden"),
    [((6, 4), True), ((4, 6, 3, 3), True), ((12, 2, 2, 1), True), ((3, 7), False), ((5,), False)],
)
def test_each_kind_of_layer_follows_the_authors_rule(
    shape: tuple[int, ...], hidden: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scion, "orthogonal", lambda matrix: orthogonal(matrix, torch.float64))
    parameter = torch.nn.Parameter(torch.ones(shape, dtype=torch.float64))
    groups = [{"params": [parameter], "use_muon": hidden}]
    optimizer = Scion(groups, lr=RATE, momentum=KEPT, radius=RADIUS, head_radius=HEAD)
    for gradient in gradients(shape):
        parameter.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
    found = parameter.detach().numpy()
    np.testing.assert_allclose(found, path(shape, hidden), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("settings", [{"momentum": 1.0}, {"radius": 0.0}, {"head_radius": 0.0}])
def test_settings_out_of_range_are_refused_by_name(settings: dict[str, float]) -> None:
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "use_muon": False}]
    with pytest.raises(ValueError, match=next(iter(settings))):
        Scion(groups, **settings)  # type: ignore[arg-type]


def test_a_group_that_does_not_say_what_it_is_is_refused() -> None:
    with pytest.raises(ValueError, match="use_muon"):
        Scion([torch.nn.Parameter(torch.ones(2, 2))])
