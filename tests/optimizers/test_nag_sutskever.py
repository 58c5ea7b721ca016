"""Sutskever's form against its formula, and where it meets and leaves its neighbours."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nagbench.optimizers.nag_sutskever import NAGSutskever

CURVATURE = np.array([1.0, 0.3, 0.02])
START = np.array([1.0, -2.0, 3.0])


def formula(rates: list[float], momentum: float, decay: float = 0.0) -> np.ndarray:
    """v = μv − ηg(θ + μv); θ = θ + v, on a quadratic, as the paper prints it."""
    theta, velocity, path = START.copy(), np.zeros(3), []
    for rate in rates:
        ahead = theta + momentum * velocity
        velocity = momentum * velocity - rate * (CURVATURE * ahead + decay * ahead)
        theta = theta + velocity
        path.append(theta.copy())
    return np.array(path)


def trained(optimizer: type, rates: list[float], **settings: float) -> tuple[np.ndarray, ...]:
    """The points judged and the points trained at, after each step."""
    parameter = torch.nn.Parameter(torch.from_numpy(START.copy()))
    curvature = torch.from_numpy(CURVATURE)
    instance = optimizer([parameter], lr=rates[0], **settings)
    judged, ahead = [], []
    for rate in rates:
        instance.param_groups[0]["lr"] = rate
        instance.zero_grad()
        (0.5 * (curvature * parameter**2).sum()).backward()
        instance.step()
        ahead.append(parameter.detach().numpy().copy())
        if hasattr(instance, "eval"):
            instance.eval()
        judged.append(parameter.detach().numpy().copy())
        if hasattr(instance, "train"):
            instance.train()
    return np.array(judged), np.array(ahead)


CONSTANT = [0.1] * 200
CHANGING = [0.1 * 0.99**n + 0.02 * (n % 3) for n in range(200)]


@pytest.mark.parametrize("rates", [CONSTANT, CHANGING])
@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_it_follows_its_formula(rates: list[float], decay: float) -> None:
    judged, _ = trained(NAGSutskever, rates, momentum=0.9, weight_decay=decay)
    np.testing.assert_allclose(judged, formula(rates, 0.9, decay), rtol=1e-9, atol=1e-12)


def test_at_a_constant_rate_it_trains_at_torchs_points() -> None:
    _, ours = trained(NAGSutskever, CONSTANT, momentum=0.9)
    _, torchs = trained(torch.optim.SGD, CONSTANT, momentum=0.9, nesterov=True)
    np.testing.assert_allclose(ours, torchs, rtol=1e-9, atol=1e-12)


def test_when_the_rate_changes_the_two_part() -> None:
    _, ours = trained(NAGSutskever, CHANGING, momentum=0.9)
    _, torchs = trained(torch.optim.SGD, CHANGING, momentum=0.9, nesterov=True)
    assert np.abs(ours - torchs).max() > 1e-2


@given(rate=st.floats(1e-3, 0.9))
def test_without_momentum_it_is_gradient_descent(rate: float) -> None:
    judged, ahead = trained(NAGSutskever, [rate] * 5, momentum=0.0)
    _, descent = trained(torch.optim.SGD, [rate] * 5)
    np.testing.assert_allclose(judged, descent, rtol=1e-11)
    np.testing.assert_array_equal(judged, ahead)


def test_the_rate_may_be_a_tensor() -> None:
    parameters = [torch.nn.Parameter(torch.ones(3)) for _ in range(2)]
    for parameter, rate in zip(parameters, (0.1, torch.tensor(0.1)), strict=True):
        optimizer = NAGSutskever([parameter], lr=rate)
        parameter.grad = torch.ones(3)
        optimizer.step()
    torch.testing.assert_close(*parameters)


@pytest.mark.parametrize(
    "settings", [{"lr": -0.1}, {"momentum": 1.0}, {"momentum": -0.1}, {"weight_decay": -1.0}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        NAGSutskever([torch.nn.Parameter(torch.ones(1))], **settings)
