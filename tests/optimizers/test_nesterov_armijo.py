"""The line search against a second statement, and what its authors' code does at its edges."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from rows import make
from test_formulas import CURVATURE, NOISE, START, in_float64  # noqa: F401

from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.nesterov_armijo import NesterovArmijo

STEEP = 30 * CURVATURE
REMEMBERED, ANEW = CATALOGUE["nesterov_armijo"], CATALOGUE["nesterov_armijo_anew"]


def searched(
    noises: Sequence[np.ndarray], first: Callable[[float], float], c: float, beta: float
) -> tuple[np.ndarray, list[float], list[int]]:
    """Points proposed, rates, and losses looked at, of each step.

    Args:
        noises: Of each batch, added to the gradient.
        first: The rate at which a search begins, given the one found last.
        c: Of Armijo's condition.
        beta: The rate's factor after a failure.
    """
    x, y, t, rate = START, START, 1.0, 1.0
    points, rates, looks = [], [], []
    for noise in noises:

        def f(point: np.ndarray, noise: np.ndarray = noise) -> float:
            return float(0.5 * point @ STEEP @ point + noise @ point)

        g, rate, looked = STEEP @ y + noise, first(rate), 2
        while f(y - rate * g) > f(y) - c * rate * (g @ g):
            rate, looked = rate * beta, looked + 1
        new, later = y - rate * g, (1 + np.sqrt(1 + 4 * t**2)) / 2
        x, y, t = new, new + (t - 1) / later * (new - x), later
        points.append(x)
        rates.append(rate)
        looks.append(looked)
    return np.array(points), rates, looks


class Batches:
    """The optimizer under test on the same batches; it counts what it looks at."""

    def __init__(self, optimizer: Any, parameter: torch.nn.Parameter) -> None:
        self.optimizer, self.parameter, self.looks = optimizer, parameter, 0

    def step(self, noise: np.ndarray) -> np.ndarray:
        curvature, tilt = torch.from_numpy(STEEP), torch.from_numpy(noise)

        def closure() -> torch.Tensor:
            self.looks += 1
            loss = 0.5 * self.parameter @ curvature @ self.parameter + tilt @ self.parameter
            if torch.is_grad_enabled():
                self.optimizer.zero_grad()
                loss.backward()
            return loss

        self.optimizer.train()
        self.optimizer.step(closure)
        self.optimizer.eval()
        return self.parameter.detach().numpy().copy()


FIRST: dict[str, Callable[[float], float]] = {
    "enlarged": lambda rate: rate * 1.5 ** (1 / 20),
    "kept": lambda rate: rate,
    "lr": lambda _: 1.0,
}


@pytest.mark.parametrize("begin", FIRST)
def test_it_takes_the_steps_and_the_looks_of_its_formula(begin: str) -> None:
    parameter = torch.nn.Parameter(torch.from_numpy(START.copy()))
    optimizer = NesterovArmijo([parameter], c=0.5, begin=begin, growth=1.5, period=20)
    batches = Batches(optimizer, parameter)
    points, rates, looks = searched(NOISE, FIRST[begin], 0.5, 0.9)
    found = np.array([batches.step(noise) for noise in NOISE])
    np.testing.assert_allclose(found, points, rtol=1e-12, atol=1e-12)
    assert batches.looks == sum(looks)
    if begin != "lr":
        assert float(optimizer.state[parameter]["rate"]) == pytest.approx(rates[-1])


def test_the_two_rows_part_in_how_often_they_look() -> None:
    """Where L = 30 beginning at 1 fails 33 times a step; a remembered rate grows a thousandth."""
    looks = {}
    for row in (REMEMBERED, ANEW):
        parameter = torch.nn.Parameter(torch.from_numpy(START.copy()))
        batches = Batches(make(row, [parameter]), parameter)
        for noise in NOISE:
            batches.step(noise)
        looks[row.name] = batches.looks
    _, _, anew = searched(NOISE, lambda _: 1.0, 0.5, 0.9)
    _, _, remembered = searched(NOISE, lambda rate: rate * 2 ** (1 / 500), 0.5, 0.9)
    assert looks == {"nesterov_armijo": sum(remembered), "nesterov_armijo_anew": sum(anew)}
    assert 10 * sum(remembered) < sum(anew)


def steep(optimizer: Any, parameter: torch.nn.Parameter, curvature: float) -> int:
    """A step on x²·L/2; how often it looked."""
    looks = 0

    def closure() -> torch.Tensor:
        nonlocal looks
        looks += 1
        loss = curvature / 2 * parameter.square().sum()
        if torch.is_grad_enabled():
            optimizer.zero_grad()
            loss.backward()
        return loss

    optimizer.step(closure)
    return looks


def test_it_accepts_what_armijo_asks_and_counts_its_looks() -> None:
    """On x²·L/2 a rate η is accepted if and only if η ≤ 2(1 − c)/L: with c = ½, 1/L."""
    parameter = torch.nn.Parameter(torch.ones(1))
    optimizer = make(ANEW, [parameter], {"lr": 1.0, "backtrack": 0.5})
    assert steep(optimizer, parameter, 6.0) == 1 + 4  # 1, ½ and ¼ fail, ⅛ holds
    assert float(parameter.detach()) == pytest.approx(1 - 6 / 8)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("row", [REMEMBERED, ANEW], ids=["enlarged", "lr"])
def test_a_search_that_finds_nothing_steps_next_to_nowhere(row: Any, decay: float) -> None:
    """With L = 100 two tries from 1 cannot hold; the rate after them was never tried."""
    parameter = torch.nn.Parameter(torch.ones(1))
    optimizer = make(row, [parameter], {"lr": 1.0, "tries": 2, "weight_decay": decay})
    assert steep(optimizer, parameter, 100.0) == 3
    assert float(parameter.detach()) == pytest.approx(1 - 1e-6 * (100 + decay))
    if row is REMEMBERED:  # goes on from there, as the authors' code does
        assert float(optimizer.state[parameter]["rate"]) == pytest.approx(2 ** (1 / 500) * 0.81)


def test_where_the_gradient_vanishes_nothing_is_searched_and_the_rate_stays() -> None:
    """Rounding would refuse every rate there, and a remembered one would be lost."""
    parameter = torch.nn.Parameter(torch.full((1,), 1e-9))
    optimizer = make(REMEMBERED, [parameter])
    assert steep(optimizer, parameter, 1.0) == 1
    assert float(optimizer.state[parameter]["rate"]) == 1.0
