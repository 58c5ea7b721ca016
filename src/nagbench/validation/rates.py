"""How fast the methods are on the problems, beside what is proven."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.linalg import solve_discrete_lyapunov

from nagbench.data.images import ImageSet
from nagbench.engine import build
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.validation.methods import METHODS, Method
from nagbench.validation.problems import Problem, lessard, logistic, quadratic, rosenbrock

_POINTS = 80  # of a curve that is kept
_DIVERGED = 1e6  # times the distance at the start
# Settings for the problems that no theory covers, the same for all.
_ROSENBROCK = (1.0, 2500.0)


@dataclass(frozen=True)
class TheoryFile:
    """What the theory study's file says; `validation.file` reads it.

    Attributes:
        title: In words.
        conditions: Condition numbers of the quadratics.
        dimension: Of the quadratics.
        tolerance: Distance to the minimum, relative to the start, that counts as there.
        steps: Taken at most.
        noise: Standard deviation of a gradient's noise.
        noisy_condition: Condition number of the quadratic with noise.
        images: Of the logistic regression.
        l2: Penalty of the logistic regression.
    """

    title: str
    conditions: tuple[float, ...]
    dimension: int
    tolerance: float
    steps: int
    noise: float
    noisy_condition: float
    images: int
    l2: float


def theory(file: TheoryFile, images: ImageSet) -> pd.DataFrame:
    """One row a problem and method: steps taken, the factor measured, the factor proven."""
    problems = [quadratic(condition, file.dimension) for condition in file.conditions]
    problems += [logistic(images, file.images, file.l2), lessard(), rosenbrock()]
    rows = [
        measured(problem, method, file.steps, file.tolerance)
        for problem in problems
        for method in METHODS
    ]
    rows += [noisy(file, method) for method in METHODS[:4]]
    return pd.DataFrame(rows)


def measured(problem: Problem, method: Method, steps: int, tolerance: float) -> dict[str, Any]:
    """Run a method until it is there, diverges, or has taken all `steps`."""
    low, high = problem.curvatures or tuple(1 / x for x in reversed(_ROSENBROCK))
    errors, excess = run(problem, method, method.settings(low, high), steps, tolerance)
    there = errors[-1] <= tolerance
    # From a tenth of the way down, where the slowest directions are all that is left.
    first = int(np.argmax(errors <= errors[-1] ** 0.3)) if there else len(errors) // 2
    count = len(errors) - 1 - first
    factor = (errors[-1] / errors[first]) ** (1 / count) if count and errors[-1] > 0 else math.nan
    exact = problem.name.startswith("quadratic")
    start = float((problem.start - problem.minimum).norm()) ** 2
    k = np.arange(len(excess))
    # f(x_k) − f* ≤ 2L‖x₀ − x*‖²/(k + 1)², for the method that it is proven of.
    bound = 2 * high * start / (k + 1) ** 2
    proven = method.key == "nesterov_1983" and problem.curvatures is not None
    kept = np.unique(np.geomspace(1, len(errors), _POINTS).astype(int) - 1)
    return {
        "problem": problem.name,
        "condition": problem.condition,
        "method": method.key,
        "label": method.label,
        "steps": float(len(errors) - 1) if there else math.nan,
        "measured": float(factor) if errors[-1] < 1 else math.nan,
        "proven": method.factor(problem.condition) if exact else math.nan,
        "bound_reached": float((excess / bound).max()) if proven else math.nan,
        "last": float(errors[-1]),
        "curve_step": kept.tolist(),
        "curve_error": errors[kept].tolist(),
        "noise": 0.0,
    }


def make(row: str, parameter: torch.nn.Parameter, settings: Mapping[str, Any]) -> Any:
    """The optimizer of a row of the catalogue over one parameter."""
    spec = CATALOGUE[row]
    constructor = build.optimizer_class(spec.reference, spec.closure)
    return constructor([parameter], **spec.fixed, **settings)


def run(
    problem: Problem, method: Method, settings: Mapping[str, Any], steps: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the minimum, relative to the start, and excess of the value, after each step."""
    parameter = torch.nn.Parameter(problem.start.clone())
    optimizer = make(method.row, parameter, settings)
    # Looking at the method's own point means moving there and back: only where the two differ.
    shifts = hasattr(optimizer, "eval")
    best = float(problem.value(problem.minimum))
    begin = float((problem.start - problem.minimum).norm())
    errors, excess = [1.0], [float(problem.value(problem.start)) - best]
    with torch.no_grad():
        for _ in range(steps):
            parameter.grad = problem.gradient(parameter.data)
            optimizer.step()
            if shifts:
                optimizer.eval()
            errors.append(float((parameter.data - problem.minimum).norm()) / begin)
            excess.append(float(problem.value(parameter.data)) - best)
            if shifts:
                optimizer.train()
            if errors[-1] <= tolerance or not errors[-1] < _DIVERGED:
                break
    return np.array(errors), np.array(excess)


def noisy(file: TheoryFile, method: Method) -> dict[str, Any]:
    """Where noise keeps a method: the mean of f in the long run, measured and in closed form.

    With noise of deviation σ in each gradient a linear method's state has a stationary covariance,
    the solution of a discrete Lyapunov equation; `proven` and `measured` are the mean of f.
    """
    problem = quadratic(file.noisy_condition, file.dimension, file.noise)
    assert problem.curvatures is not None
    settings = method.settings(*problem.curvatures)
    _, excess = run(problem, method, settings, file.steps, 0.0)
    curvature = np.geomspace(1 / file.noisy_condition, 1, file.dimension)
    found = float(excess[len(excess) // 4 :].mean())
    expected = sum(stationary(method, settings, value, file.noise) for value in curvature)
    return {
        "problem": f"quadratic with noise, condition {file.noisy_condition:,.0f}",
        "condition": file.noisy_condition,
        "method": method.key,
        "label": method.label,
        "steps": math.nan,
        "measured": found,
        "proven": expected,
        "bound_reached": math.nan,
        "last": math.nan,
        "curve_step": [],
        "curve_error": [],
        "noise": file.noise,
    }


def stationary(
    method: Method, settings: Mapping[str, Any], curvature: float, noise: float
) -> float:
    """λ/2·E[x²] of the point judged, for one direction of curvature λ."""
    rate = settings["lr"]
    momentum = settings.get("momentum", 0.0)
    if method.key == "nag_strongly_convex":
        root = math.sqrt(settings["kappa"])
        momentum = (root - 1) / (root + 1)
    shrink = 1 - rate * curvature
    if method.key == "heavy_ball":  # (x_t, x_{t-1}) → x_t − η(λx_t + ξ) + β(x_t − x_{t-1})
        matrix = np.array([[shrink + momentum, -momentum], [1.0, 0.0]])
        kick = np.array([rate, 0.0])
    else:  # x_{t+1} = y_t − η(λy_t + ξ), y_t = (1 + β)x_t − βx_{t-1}
        matrix = np.array([[shrink * (1 + momentum), -shrink * momentum], [1.0, 0.0]])
        kick = np.array([rate, 0.0])
    covariance = solve_discrete_lyapunov(matrix, noise**2 * np.outer(kick, kick))
    if method.key == "nag":  # judged ahead: at (1 + β)x_t − βx_{t-1}
        ahead = np.array([1 + momentum, -momentum])
        return float(curvature / 2 * ahead @ covariance @ ahead)
    return float(curvature / 2 * covariance[0, 0])
