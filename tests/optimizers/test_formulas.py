"""Every rule against a second statement: 200 steps, rates constant and changing, with decay."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from formulas_modern import FORMULAS
from rows import make

from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.spec import OptimizerSpec

STEPS = 200
# A quadratic whose gradients are noisy; the noise is the same for both statements.
_RANDOM = np.random.default_rng(7)
_ROTATION = np.linalg.qr(_RANDOM.normal(size=(7, 7)))[0]
CURVATURE = _ROTATION @ np.diag(np.geomspace(0.01, 1, 7)) @ _ROTATION.T
NOISE = 0.1 * _RANDOM.normal(size=(STEPS, 7))
START = np.array([1.0, 2.0, -1.0, 0.5, 1.5, -2.0, 0.3])
CONSTANT = [0.05] * STEPS
CHANGING = [0.05 * (1 + 0.5 * np.sin(n / 7)) for n in range(STEPS)]


@pytest.fixture(autouse=True)
def in_float64() -> Iterator[None]:
    """torch keeps step counts and products of momenta in its default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def by_formula(
    name: str, rates: Sequence[float], decay: float, decoupled: bool, settings: dict[str, Any]
) -> np.ndarray:
    """The points proposed after each step."""
    path = FORMULAS[name](START.copy(), **settings)
    ahead, _ = next(path)
    proposed = []
    for rate, noise in zip(rates, NOISE, strict=True):
        gradient = CURVATURE @ ahead + noise
        loss = float(0.5 * ahead @ CURVATURE @ ahead + noise @ ahead)
        if not decoupled:
            gradient = gradient + decay * ahead
        ahead, point = path.send((gradient, rate, loss))
        proposed.append(point)
    return np.array(proposed)


def by_code(
    name: str, rates: Sequence[float], decay: float, settings: dict[str, Any], tensor: bool = False
) -> np.ndarray:
    """The same by the optimizer of a row of the catalogue."""
    return by_row(CATALOGUE[name], rates, decay, settings, tensor)


def by_row(
    row: OptimizerSpec,
    rates: Sequence[float],
    decay: float,
    settings: dict[str, Any],
    tensor: bool = False,
) -> np.ndarray:
    parameters = [
        torch.nn.Parameter(torch.from_numpy(START[:3].copy())),
        torch.nn.Parameter(torch.from_numpy(START[3:].copy()).reshape(2, 2)),
    ]
    rate: Any = torch.tensor(rates[0], dtype=torch.float64) if tensor else rates[0]
    optimizer: Any = make(row, parameters, {**settings, "lr": rate, "weight_decay": decay})
    curvature = torch.from_numpy(CURVATURE)
    proposed = []
    for rate, noise in zip(rates, NOISE, strict=True):
        if tensor:
            optimizer.param_groups[0]["lr"].fill_(rate)
        else:
            optimizer.param_groups[0]["lr"] = rate

        def closure(noise: np.ndarray = noise) -> torch.Tensor:
            point = torch.cat([parameter.flatten() for parameter in parameters])
            loss = 0.5 * point @ curvature @ point + torch.from_numpy(noise) @ point
            if torch.is_grad_enabled():
                optimizer.zero_grad()
                loss.backward()
            return loss

        if hasattr(optimizer, "train"):
            optimizer.train()
        if row.closure:
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        if hasattr(optimizer, "eval"):
            optimizer.eval()
        proposed.append(torch.cat([p.detach().flatten() for p in parameters]).numpy().copy())
    return np.array(proposed)


# Catalogue row: formula, its settings, those of the class where their names differ.
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "sgd": ("sgd", {}, {}),
    "nagd_printed": ("sgd", {}, {}),
    "nagd_parameters": ("nag", {"momentum": 0.9}, {}),
    "nagd_coded": ("adam", {"betas": (0.9, 0.99), "eps": 1e-6}, {}),
    "heavy_ball": ("heavy_ball", {"momentum": 0.9}, {}),
    "nag": ("nag", {"momentum": 0.9}, {}),
    "nag_sutskever": ("nag_sutskever", {"momentum": 0.9}, {}),
    "nesterov_1983": ("nesterov_1983", {}, {}),
    "nag_strongly_convex": ("nag_strongly_convex", {"kappa": 50.0}, {}),
    "restart_gradient": ("restart_gradient", {}, {}),
    "restart_function": ("restart_function", {}, {}),
    "srsgd": ("srsgd", {"restart": 30}, {}),
    "mass": ("mass", {"momentum": 0.9, "compensation": 0.1}, {}),
    "sgdn_hd": ("sgdn_hd", {"momentum": 0.9, "hyper_lr": 1e-4}, {}),
    "nad_loop": ("nad_loop", {"eps": 1e-3}, {}),
    "nad_average": ("nad_average", {"gamma": 3.0}, {}),
    "nad_weight": ("nad_weight", {"beta": 0.3, "gamma": 1.0}, {}),
    "threshold_rate": (
        "threshold_rate",
        {"momentum": 0.9, "threshold": 0.3, "delta_in": 0.001, "delta_out": 0.05},
        {},
    ),
    "nag_clipped": ("nag_clipped", {"momentum": 0.9, "threshold": 0.3}, {}),
    "exp_rate": ("exp_rate", {}, {}),
    "gradient_scaling": ("gradient_scaling", {"c": 0.1, "ascent": False}, {}),
    "sps_momentum": ("sps_momentum", {"momentum": 0.5, "c": 0.5, "optimum": -3.0}, {}),
    "dowg": ("dowg", {"distance": 0.01}, {}),
    "qhm": ("qhm", {"momentum": 0.9, "nu": 0.7}, {}),
    "aggmo": ("aggmo", {"betas": (0.0, 0.9, 0.99)}, {}),
    "acc_sgd": ("acc_sgd", {"kappa": 100.0, "xi": 5.0, "c": 0.7}, {"constant": 0.7}),
    "adan": ("adan", {"betas": (0.98, 0.92, 0.99), "eps": 1e-6}, {}),
    "schedule_free_sgd": ("schedule_free_sgd", {"momentum": 0.9}, {}),
    "schedule_free_adamw": ("schedule_free_adamw", {"betas": (0.9, 0.99), "eps": 1e-6}, {}),
    "lion": ("lion", {"betas": (0.9, 0.99)}, {}),
    "adam": ("adam", {"betas": (0.9, 0.99), "eps": 1e-6}, {}),
    "adamw": ("adam", {"betas": (0.9, 0.99), "eps": 1e-6}, {}),
    "nadam": ("nadam", {"betas": (0.9, 0.99), "eps": 1e-6, "momentum_decay": 4e-3}, {}),
    "nadamw": ("nadam", {"betas": (0.9, 0.99), "eps": 1e-6, "momentum_decay": 4e-3}, {}),
    "amsgrad": ("adam", {"betas": (0.9, 0.99), "eps": 1e-6, "amsgrad": True}, {}),
    "radam": ("radam", {"betas": (0.9, 0.99), "eps": 1e-6}, {}),
    "rmsprop": ("rmsprop", {"alpha": 0.99, "eps": 1e-6}, {}),
    "adagrad": ("adagrad", {"eps": 1e-6}, {}),
    "adopt": ("adopt", {"betas": (0.9, 0.99), "eps": 1e-6}, {}),
    "ademamix": ("ademamix", {"betas": (0.9, 0.99, 0.999), "alpha": 3.0, "eps": 1e-6}, {}),
    "mars": (
        "mars",
        {"betas": (0.95, 0.99), "gamma": 0.1, "betas_1d": (0.9, 0.95), "eps": 1e-6, "lr_1d": 0.02},
        {},
    ),
}
DECOUPLED = {"adamw", "nadamw", "lion", "schedule_free_adamw"}  # ηλθ apart from the step
OTHERWISE = {*DECOUPLED, "adan", "mars"}  # the last leaves vectors to an AdamW


def settings_of(name: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    formula, shared, renamed = CASES[name]
    own = {key: value for key, value in shared.items() if key not in ("amsgrad", "ascent")}
    if renamed:
        own.pop("c")
    return formula, shared, {**own, **renamed}


@pytest.mark.parametrize("rates", [CONSTANT, CHANGING], ids=["constant", "changing"])
@pytest.mark.parametrize("name", CASES)
def test_it_follows_its_formula(name: str, rates: list[float]) -> None:
    formula, shared, own = settings_of(name)
    expected = by_formula(formula, rates, 0.0, False, shared)
    np.testing.assert_allclose(by_code(name, rates, 0.0, own), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "name", [name for name in CASES if name not in {*DECOUPLED, "adan", "mars"}]
)
def test_decay_is_added_to_the_gradient(name: str) -> None:
    formula, shared, own = settings_of(name)
    expected = by_formula(formula, CHANGING, 0.1, False, shared)
    np.testing.assert_allclose(by_code(name, CHANGING, 0.1, own), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", sorted(DECOUPLED))
def test_decoupled_decay_shrinks_the_weights_beside_the_step(name: str) -> None:
    _, _, own = settings_of(name)
    plain, decayed = (by_code(name, CONSTANT, decay, own)[0] for decay in (0.0, 0.1))
    np.testing.assert_allclose(decayed, plain - 0.05 * 0.1 * START, rtol=1e-12)


def test_adan_divides_by_its_decay_after_the_step() -> None:
    """A proximal step, as in its authors' code."""
    _, _, own = settings_of("adan")
    plain, decayed = (by_code("adan", CONSTANT, decay, own)[0] for decay in (0.0, 0.1))
    np.testing.assert_allclose(decayed, plain / (1 + 0.05 * 0.1), rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_a_rate_may_be_a_tensor(name: str) -> None:
    _, _, own = settings_of(name)
    number, tensor = (by_code(name, CHANGING, 0.0, own, tensor=kind) for kind in (False, True))
    np.testing.assert_allclose(tensor, number, rtol=1e-12, atol=1e-12)


# Rows written here that a library brings too: its class.
LIBRARY = {
    "qhm": "pytorch_optimizer:QHM",
    "aggmo": "pytorch_optimizer:AggMo",
    "lion": "pytorch_optimizer:Lion",
    "adan": "pytorch_optimizer:Adan",
    "schedule_free_sgd": "schedulefree:SGDScheduleFree",
    "schedule_free_adamw": "schedulefree:AdamWScheduleFree",
}


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", LIBRARY)
def test_it_is_the_librarys(name: str, decay: float) -> None:
    pytest.importorskip(LIBRARY[name].partition(":")[0])
    row = CATALOGUE[name]
    _, _, own = settings_of(name)
    ours, theirs = (
        by_row(one, CHANGING, decay, own) for one in (row, replace(row, reference=LIBRARY[name]))
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
