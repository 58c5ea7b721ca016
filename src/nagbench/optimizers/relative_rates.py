"""Learning rates round a chosen one, on a logarithmic grid that is the same for every optimizer."""

import math
from collections.abc import Mapping, Sequence
from typing import Any


def rate_offsets(decades: float, step: float) -> list[float]:
    """Decades from the chosen rate, from −decades to decades, neighbours at most `step` apart; an
    odd number of them, evenly spaced."""
    half = math.ceil(decades / step - 1e-9)
    return [decades * n / half for n in range(-half, half + 1)]


def rate_factors(decades: float, step: float) -> list[float]:
    """The factors that lie so far off, rising, to four significant digits; the middle one is 1."""
    return [_rounded(10**offset) for offset in rate_offsets(decades, step)]


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
