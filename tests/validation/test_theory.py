"""What is proven, beside what the catalogue's own classes do."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import j1

from nagbench.data.images import ImageSet
from nagbench.errors import InputError
from nagbench.validation.file import load_theory
from nagbench.validation.methods import METHODS
from nagbench.validation.problems import Problem, lessard, logistic, quadratic, rosenbrock
from nagbench.validation.rates import TheoryFile, make, measured, noisy, run

BY_NAME = {method.key: method for method in METHODS}
FILE = TheoryFile("", (10.0,), 10, 1e-10, 4000, 0.1, 20.0, 50, 1e-3)


@pytest.mark.parametrize("condition", [10.0, 100.0, 1e4])
@pytest.mark.parametrize("method", [m for m in METHODS if not math.isnan(m.factor(10.0))])
def test_the_radius_of_each_method_is_the_proven_one(method: Any, condition: float) -> None:
    """On a single direction, the slowest: from the recursion's own eigenvalues, two steps long."""
    chosen = method.settings(1 / condition, 1.0)
    # In one direction of curvature the points follow a linear recursion of two terms.
    radius = 0.0
    for curvature in np.geomspace(1 / condition, 1, 7):
        parameter = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
        instance = make(method.row, parameter, chosen)
        points = []
        for _ in range(5):
            points.append(float(parameter.detach()))
            parameter.grad = curvature * parameter.detach()
            instance.step()
        # x_{t+1} = a x_t + b x_{t-1} from the later points, where the start has settled.
        left = np.array([[points[2], points[1]], [points[3], points[2]]])
        if abs(np.linalg.det(left)) < 1e-14:
            radius = max(radius, abs(points[3] / points[2]) if points[2] else 0.0)
            continue
        a, b = np.linalg.solve(left, points[3:5])
        radius = max(radius, np.abs(np.roots([1, -a, -b])).max())
    assert radius == pytest.approx(method.factor(condition), rel=1e-3)


@pytest.mark.parametrize(("name", "limit"), [("nag", 2 * 1.9 / 2.8), ("heavy_ball", 2 * 1.9)])
@pytest.mark.parametrize("share", [0.99, 1.01])
def test_the_limit_of_stability_is_where_it_is_proven(
    name: str, limit: float, share: float
) -> None:
    """ηL < 2(1 + β)/(1 + 2β) for NAG, 2(1 + β) for heavy ball."""
    parameter = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    optimizer = make(name, parameter, {"lr": share * limit, "momentum": 0.9})
    for _ in range(2000):
        parameter.grad = parameter.detach().clone()
        optimizer.step()
    assert (abs(float(parameter.detach())) < 1) == (share < 1)


def convex(spectrum: list[float], start: list[float]) -> Problem:
    curvature = torch.tensor(spectrum, dtype=torch.float64)
    return Problem(
        "convex",
        lambda x: 0.5 * (curvature * x * x).sum(),
        lambda x: curvature * x,
        torch.tensor(start[: len(spectrum)], dtype=torch.float64),
        torch.zeros(len(spectrum), dtype=torch.float64),
    )


SPECTRA = st.lists(st.floats(1e-4, 1.0), min_size=1, max_size=5)
STARTS = st.lists(st.floats(-10, 10).filter(lambda x: abs(x) > 0.01), min_size=5, max_size=5)


@given(spectrum=SPECTRA, start=STARTS)
@settings(max_examples=25, deadline=None)
def test_nesterovs_bound_on_convex_functions(spectrum: list[float], start: list[float]) -> None:
    """f(x_k) − f* ≤ 2L‖x₀ − x*‖²/(k + 1)²."""
    problem = convex(spectrum, start)
    largest = max(spectrum)
    _, excess = run(problem, BY_NAME["nesterov_1983"], {"lr": 1 / largest}, 100, 0.0)
    k = np.arange(len(excess))
    distance = float((problem.start**2).sum())
    assert (excess <= 2 * largest * distance / (k + 1) ** 2 * (1 + 1e-9)).all()


@given(spectrum=SPECTRA, start=STARTS)
@settings(max_examples=25, deadline=None)
def test_nesterovs_bound_on_strongly_convex_functions(
    spectrum: list[float], start: list[float]
) -> None:
    """f(x_k) − f* ≤ (1 − 1/√κ)^k (f₀ − f* + μ/2 ‖x₀ − x*‖²)."""
    problem = convex(spectrum, start)
    low, high = min(spectrum), max(spectrum)
    chosen = {"lr": 1 / high, "kappa": high / low}
    _, excess = run(problem, BY_NAME["nag_strongly_convex"], chosen, 100, 0.0)
    k = np.arange(len(excess))
    begin = excess[0] + low / 2 * float((problem.start**2).sum())
    bound = (1 - math.sqrt(low / high)) ** k * begin
    assert (excess <= bound * (1 + 1e-9) + 1e-20 * begin).all()  # κ = 1 arrives but for rounding


def test_the_path_tends_to_the_differential_equations() -> None:
    """Su, Boyd and Candès: on x²/2 it is 2J₁(t)/t at t = k√s, with an error of order √s."""
    worst = []
    for rate in (1e-2, 1e-4):
        parameter = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
        optimizer = make("nesterov_1983", parameter, {"lr": rate})
        points = []
        for _ in range(int(10 / math.sqrt(rate))):
            parameter.grad = parameter.detach().clone()
            optimizer.step()
            points.append(float(optimizer.state[parameter]["point"]))
        t = math.sqrt(rate) * np.arange(1, len(points) + 1)
        worst.append(np.abs(np.array(points) - 2 * j1(t) / t).max())
    assert worst[0] < 0.1
    assert 5 < worst[0] / worst[1] < 20  # √100 = 10


def test_heavy_ball_falls_into_a_cycle_where_nag_converges() -> None:
    """Lessard, Recht and Packard, from x₀ = 3.3 with η = 1/9 and β = 4/9."""
    problem = lessard()
    chosen = BY_NAME["heavy_ball"].settings(1, 25)
    assert chosen == pytest.approx({"lr": 1 / 9, "momentum": 4 / 9})
    errors, _ = run(problem, BY_NAME["heavy_ball"], chosen, 600, 1e-10)
    assert errors[-1] > 0.1
    np.testing.assert_allclose(errors[-3:], errors[-6:-3], rtol=1e-9)
    assert abs(errors[-1] - errors[-2]) > 0.1
    errors, _ = run(problem, BY_NAME["nag"], BY_NAME["nag"].settings(1, 25), 600, 1e-10)
    assert errors[-1] <= 1e-10


@pytest.mark.parametrize("x", [-2.0, 0.5, 0.999, 1.001, 1.5, 1.999, 2.001, 3.3])
def test_gradients_are_those_of_the_values(x: float) -> None:
    for problem, point in (
        (lessard(), torch.tensor([x], dtype=torch.float64)),
        (rosenbrock(), torch.tensor([x, 0.7], dtype=torch.float64)),
    ):
        leaf = point.clone().requires_grad_()
        (expected,) = torch.autograd.grad(problem.value(leaf), leaf)
        torch.testing.assert_close(problem.gradient(point), expected)


def test_the_minimum_of_the_logistic_regression_is_one(images: ImageSet) -> None:
    problem = logistic(images, 60, 1e-3)
    assert float(problem.gradient(problem.minimum).norm()) < 1e-10
    leaf = torch.full_like(problem.start, 0.1).requires_grad_()
    (expected,) = torch.autograd.grad(problem.value(leaf), leaf)
    torch.testing.assert_close(problem.gradient(leaf.detach()), expected)
    assert problem.curvatures is not None
    hessian = torch.autograd.functional.hessian(problem.value, problem.minimum)
    eigenvalues = torch.linalg.eigvalsh(hessian)
    assert problem.curvatures[0] <= float(eigenvalues[0]) * (1 + 1e-9)
    assert float(eigenvalues[-1]) <= problem.curvatures[1]


@pytest.mark.parametrize("name", ["sgd", "heavy_ball", "nag_strongly_convex", "nag"])
def test_the_measured_factor_is_near_the_proven_one(name: str) -> None:
    row = measured(quadratic(100, 10), BY_NAME[name], 5000, 1e-12)
    assert row["measured"] == pytest.approx(row["proven"], abs=0.02)
    assert row["last"] <= 1e-12


@pytest.mark.parametrize("name", ["sgd", "heavy_ball", "nag_strongly_convex", "nag"])
def test_noise_keeps_methods_where_lyapunovs_equation_says(name: str) -> None:
    row = noisy(FILE, BY_NAME[name])
    assert row["measured"] == pytest.approx(row["proven"], rel=0.15)


def test_acceleration_pays_for_speed_with_noise() -> None:
    """At the same rate, momentum's stationary noise is larger: closed forms, side by side."""
    from nagbench.validation.rates import stationary

    plain = stationary(BY_NAME["sgd"], {"lr": 0.1}, 1.0, 1.0)
    assert plain == pytest.approx(0.1 / (2 * (2 - 0.1)))  # η σ²/(2(2 − ηλ))
    assert stationary(BY_NAME["heavy_ball"], {"lr": 0.1, "momentum": 0.9}, 1.0, 1.0) > 5 * plain


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"conditions": [0.5]}, "conditions"), ({"dimension": 1}, "dimension"), ({"x": 1}, "x")],
)
def test_a_file_that_is_wrong_names_the_place(
    tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    words = yaml.safe_load(Path("src/nagbench/validation/theory.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "theory.yaml"
    path.write_text(yaml.safe_dump({**words, **changes}))
    with pytest.raises(InputError, match=named):
        load_theory(path)
