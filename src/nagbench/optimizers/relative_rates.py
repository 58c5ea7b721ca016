"""Learning rates round a chosen one, on a logarithmic grid that is the same for every optimizer."""

import math
from collections.abc import Mapping, Sequence
from typing import Any


def rate_factors(decades: float, step: float) -> list[float]:
    """Factors from 10^-decades to 10^decades, neighbours at most `step` decades apart.

    Returns:
        An odd number of them, rising, to four significant digits; the one in the middle is 1.
    """
    half = math.ceil(decades / step - 1e-9)
    return [_rounded(10 ** (decades * n / half)) for n in range(-half, half + 1)]


def relative_rates(settings: Mapping[str, Any], factors: Sequence[float]) -> list[dict[str, Any]]:
    """The settings with their learning rate times each factor, to four significant digits.

    At the factor 1 they are what they were.
    """
    return [
        {**settings, "lr": settings["lr"] if factor == 1 else _rounded(settings["lr"] * factor)}
        for factor in factors
    ]


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
