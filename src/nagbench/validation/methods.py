"""The methods with the settings that theory asks for, and what it proves of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

NAN = math.nan


@dataclass(frozen=True)
class Method:
    """A row of the catalogue, its settings for (μ, L), and the factor proven on quadratics.

    The factor is by how much the distance to the minimum shrinks in a step, in the long run; NaN
    where no constant one is proven.
    """

    key: str
    label: str
    row: str
    settings: Callable[[float, float], dict[str, Any]]
    factor: Callable[[float], float]


def _heavy_ball(low: float, high: float) -> dict[str, Any]:
    root = math.sqrt(high / low)
    rate = 4 / (math.sqrt(high) + math.sqrt(low)) ** 2
    return {"lr": rate, "momentum": ((root - 1) / (root + 1)) ** 2}


def _tuned_nag(low: float, high: float) -> dict[str, Any]:
    root = math.sqrt(3 * high / low + 1)
    return {"lr": 4 / (3 * high + low), "momentum": (root - 2) / (root + 2)}


METHODS = (
    Method(
        "sgd",
        "Gradient descent",
        "sgd",
        lambda low, high: {"lr": 2 / (low + high)},
        lambda kappa: (kappa - 1) / (kappa + 1),
    ),
    Method(
        "heavy_ball",
        "Heavy ball",
        "heavy_ball",
        _heavy_ball,
        lambda kappa: (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1),
    ),
    Method(
        "nag_strongly_convex",
        "NAG (strongly convex)",
        "nag_strongly_convex",
        lambda low, high: {"lr": 1 / high, "kappa": high / low},
        lambda kappa: 1 - 1 / math.sqrt(kappa),
    ),
    Method(
        "nag",
        "NAG (tuned)",
        "nag",
        _tuned_nag,
        lambda kappa: 1 - 2 / math.sqrt(3 * kappa + 1),
    ),
    Method(
        "nesterov_1983",
        "Nesterov 1983",
        "nesterov_1983",
        lambda _, high: {"lr": 1 / high},
        lambda _: NAN,
    ),
    Method(
        "restart_gradient",
        "NAG (gradient restart)",
        "restart_gradient",
        lambda _, high: {"lr": 1 / high},
        lambda _: NAN,
    ),
)
