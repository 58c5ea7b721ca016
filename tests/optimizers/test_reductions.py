"""What one method becomes another with: the claims that docstrings and catalogue make."""

from typing import Any

import numpy as np
import pytest
import torch
from rows import make
from test_formulas import CHANGING, CONSTANT, START, STEPS, by_code, in_float64  # noqa: F401

from nagbench.engine import build
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.gradient_scaling import GradientScaling
from nagbench.optimizers.nad import NADWeight

NAG = {"momentum": 0.9}
MOVING = {"constant": CONSTANT, "changing": CHANGING}


@pytest.mark.parametrize(
    ("name", "settings", "other", "others"),
    [
        ("heavy_ball", {"momentum": 0.0}, "sgd", {}),
        ("nag_sutskever", {"momentum": 0.0}, "sgd", {}),
        ("nag_strongly_convex", {"kappa": 1.0}, "sgd", {}),
        ("srsgd", {"restart": 2}, "sgd", {}),
        ("mass", {"momentum": 0.0, "compensation": 0.0}, "sgd", {}),
        ("sgdn_hd", {**NAG, "hyper_lr": 0.0}, "nag", NAG),
        ("qhm", {**NAG, "nu": 0.0}, "sgd", {}),
        ("aggmo", {"betas": (0.9,)}, "heavy_ball", NAG),
        ("threshold_rate", {**NAG, "delta_in": 0.0, "delta_out": 0.0}, "nag", NAG),
        ("nag_clipped", {**NAG, "threshold": float("inf")}, "nag", NAG),
        ("mass", {**NAG, "compensation": 0.0}, "nag_strongly_convex", {"kappa": 361.0}),
    ],
)
@pytest.mark.parametrize("rates", MOVING.values(), ids=MOVING)
def test_it_becomes_the_other(
    name: str, settings: dict[str, Any], other: str, others: dict[str, Any], rates: list[float]
) -> None:
    one, two = by_code(name, rates, 0.0, settings), by_code(other, rates, 0.0, others)
    np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-12)


def test_qhm_with_nu_of_beta_is_nag() -> None:
    """QHM with ν = β and rate η/(1 − β) takes NAG's steps (Ma and Yarats, 2019)."""
    rates = [rate / (1 - 0.9) for rate in CONSTANT]
    found = by_code("qhm", rates, 0.0, {"momentum": 0.9, "nu": 0.9})
    np.testing.assert_allclose(found, by_code("nag", CONSTANT, 0.0, NAG), rtol=1e-10)


def test_nad_average_is_heavy_ball() -> None:
    """Momentum σ(γη) and rate η·σ(γη), at a constant η."""
    gamma, rate = 3.0, CONSTANT[0]
    w0 = 1 / (1 + np.exp(-gamma * rate))
    found = by_code("nad_average", CONSTANT, 0.0, {"gamma": gamma})
    expected = by_code("heavy_ball", [rate * w0] * STEPS, 0.0, {"momentum": w0})
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_nad_loop_is_the_first_step_of_a_new_adam() -> None:
    found = by_code("nad_loop", CONSTANT, 0.0, {"eps": 1e-8})[0]
    for betas in ((0.9, 0.999), (0.5, 0.5)):
        first = by_code("adam", CONSTANT, 0.0, {"betas": betas, "eps": 1e-8})[0]
        np.testing.assert_allclose(found, first, rtol=1e-9)
    np.testing.assert_allclose(np.abs(found - START), CONSTANT[0], rtol=1e-4)


def test_nad_weights_zero_is_absorbing() -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = NADWeight([parameter], lr=0.1)
    parameter.grad = torch.ones(2)
    optimizer.step()
    optimizer.state[parameter]["weight"].zero_()
    before = parameter.detach().clone()
    for _ in range(3):
        parameter.grad = torch.full((2,), 100.0)
        optimizer.step()
    assert torch.equal(parameter, before)


def test_exp_rates_larger_rate_makes_smaller_steps_and_its_limit_is_where_it_should_be() -> None:
    """Stable on a quadratic of curvature L if and only if lr > ln(L/2)."""
    for curvature in (3.0, 50.0):
        for above in (-0.01, 0.01):
            parameter = torch.nn.Parameter(torch.ones(1))
            row = CATALOGUE["exp_rate"]
            optimizer: Any = make(row, [parameter], {"lr": float(np.log(curvature / 2)) + above})
            for _ in range(1000):
                parameter.grad = curvature * parameter.detach()
                optimizer.step()
            assert (abs(float(parameter.detach())) < 1) == (above > 0)


def test_adam_with_a_huge_epsilon_tends_to_momentum() -> None:
    """m̂/(√v̂ + ε) → m̂/ε: momentum with damped gradients and a corrected start."""
    eps, beta = 1e8, 0.9
    rates = [rate * eps for rate in CONSTANT]
    found = by_code("adam", rates, 0.0, {"betas": (beta, 0.999), "eps": eps})
    rates = [rate * (1 - beta) / (1 - beta ** (n + 1)) for n, rate in enumerate(CONSTANT)]
    expected = by_code("heavy_ball", rates, 0.0, {"momentum": beta})
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_when_the_rate_changes_the_nesterov_forms_part() -> None:
    """At a constant rate torch's and Sutskever's take one path of gradients; else they do not."""
    for rates, apart in ((CONSTANT, False), (CHANGING, True)):
        sutskever, constant = (
            by_code(name, rates, 0.0, settings)
            for name, settings in (
                ("nag_sutskever", NAG),
                ("nag_strongly_convex", {"kappa": 361.0}),
            )
        )
        assert np.abs(sutskever - constant).max() < 1e-9
        torchs = by_code("nag", rates, 0.0, NAG)
        # torch is judged ahead of its own point: θ + μ(θ − θ_before) at a constant rate.
        before = np.vstack([START, sutskever[:-1]])
        ahead = sutskever + 0.9 * (sutskever - before)
        assert (np.abs(torchs - ahead).max() > 1e-3) == apart


def test_gradient_scaling_turns_to_nan_at_a_negative_weight() -> None:
    parameter = torch.nn.Parameter(torch.tensor([1.0, -1.0, 1.0]))
    optimizer = GradientScaling([parameter], lr=0.1)
    parameter.grad = torch.ones(3)
    optimizer.step()
    assert parameter[1:].isnan().all()
    assert float(parameter[0].detach()) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("nag_strongly_convex", {"kappa": 0.99}),
        ("srsgd", {"restart": 1}),
        ("mass", {"momentum": 1.0}),
        ("mass", {"compensation": -0.1}),
        ("sgdn_hd", {"momentum": -0.1}),
        ("sgdn_hd", {"hyper_lr": -1.0}),
        ("threshold_rate", {"threshold": -1.0}),
        ("threshold_rate", {"delta_in": -1.0}),
        ("nag_clipped", {"threshold": -1.0}),
        ("nad_loop", {"eps": -1.0}),
        ("nad_average", {"gamma": -1.0}),
        ("nad_weight", {"beta": 1.0}),
        ("gradient_scaling", {"c": -1.0}),
        ("sps_momentum", {"c": 0.0}),
        ("dowg", {"distance": 0.0}),
        ("nesterov_armijo", {"c": 1.0}),
        ("nesterov_armijo", {"backtrack": 0.0}),
        ("nesterov_armijo", {"tries": 0}),
        ("nesterov_armijo", {"begin": "hope"}),
        ("nesterov_armijo", {"growth": 0.9}),
        ("nesterov_armijo", {"period": 0}),
        ("restart_gradient", {"scheme": "hope"}),
        ("exp_rate", {"weight_decay": -1.0}),
        ("qhm", {"nu": 1.1}),
        ("aggmo", {"betas": ()}),
        ("aggmo", {"betas": (0.5, 1.0)}),
        ("lion", {"betas": (0.9, 1.0)}),
        ("adan", {"betas": (0.9, 0.9, 1.0)}),
        ("adan", {"eps": -1.0}),
        ("adopt", {"betas": (1.0, 0.9)}),
        ("adopt", {"eps": -1.0}),
        ("schedule_free_sgd", {"momentum": 0.0}),
        ("schedule_free_adamw", {"betas": (0.0, 0.9)}),
        ("nesterov_1983", {"lr": -1.0}),
    ],
)
def test_settings_out_of_range_are_refused_by_name(name: str, settings: dict[str, Any]) -> None:
    constructor = build.named(CATALOGUE[name].reference)
    with pytest.raises(ValueError, match=next(iter(settings))):
        constructor([torch.nn.Parameter(torch.ones(1))], **settings)


def test_threshold_rates_cosine_stands_gradients_whose_squares_vanish() -> None:
    parameter = torch.nn.Parameter(torch.ones(2, dtype=torch.float32))
    optimizer: Any = make(CATALOGUE["threshold_rate"], [parameter], {"lr": 0.1, "threshold": 1e-20})
    for _ in range(2):
        parameter.grad = torch.full((2,), 1e-13, dtype=torch.float32)
        optimizer.step()
    # The second gradient is along the first step: the rate grows by δ_out.
    assert float(optimizer.state[parameter]["learned"]) == pytest.approx(0.05, rel=1e-5)


def test_dowgs_first_step_is_as_long_as_its_authors_first_guess() -> None:
    """r₀²g/√(r₀²‖g‖²): a step of length r₀, whose square is 1e-4 in the authors' code."""
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer: Any = make(CATALOGUE["dowg"], [parameter])
    parameter.grad = torch.tensor([3.0, 4.0])
    optimizer.step()
    torch.testing.assert_close(parameter.detach(), 1 - 0.01 * torch.tensor([0.6, 0.8]))
