"""The space of settings in which an optimizer is tuned, and the trials that tuning makes of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nagbench.errors import InputError

SCALES = ("linear", "log", "log_one_minus")
SEARCHES = ("grid", "quasirandom")


@dataclass(frozen=True)
class Domain:
    """An interval of one setting and the scale on which it is searched.

    Attributes:
        low: Lower end, included.
        high: Upper end, included.
        scale: One of `SCALES`, in which points are spread evenly. `log_one_minus` is for momenta:
            1 - x is log-uniform, so that 0.9, 0.99 and 0.999 get equal room; searching x itself
            would leave almost all trials at small momenta.
    """

    low: float
    high: float
    scale: str = "log"

    def problem(self) -> str | None:
        """What makes this interval unusable, or None."""
        if self.scale not in SCALES:
            return f"scale {self.scale!r} is none of {', '.join(SCALES)}"
        if not self.low < self.high:
            return f"low {self.low:g} is not below high {self.high:g}"
        if self.scale == "log" and self.low <= 0:
            return f"low {self.low:g} has no logarithm"
        if self.scale == "log_one_minus" and self.high >= 1:
            return f"high {self.high:g} leaves 1 - high without a logarithm"
        return None

    def at(self, fraction: float) -> float:
        """The point at `fraction` of the way from low to high, to four significant digits."""
        if self.scale == "linear":
            value = self.low + fraction * (self.high - self.low)
        elif self.scale == "log":
            value = self.low * (self.high / self.low) ** fraction
        else:
            value = 1 - (1 - self.low) * ((1 - self.high) / (1 - self.low)) ** fraction
        return float(f"{value:.4g}")


def trials(
    space: Mapping[str, Domain], defaults: Mapping[str, Any], count: int, search: str, seed: int
) -> list[dict[str, Any]]:
    """The settings that tuning tries: the published defaults first, then points of the space.

    Args:
        space: Where each tuned setting is searched, by name.
        defaults: All settings by name, which a point changes.
        count: How many to try, the defaults among them; the same for every optimizer.
        search: One of `SEARCHES`. `grid` spaces the learning rate `lr` evenly and leaves the rest
            at the defaults; `quasirandom` spreads points over all axes at once.
        seed: Moves the quasirandom points.

    Returns:
        `count` settings, each with all names of `defaults`.

    Raises:
        InputError: If a grid is wanted of a space without `lr`.
    """
    if search == "grid":
        if "lr" not in space or "lr" not in defaults:
            raise InputError("search", "a grid without a learning-rate axis `lr`", "quasirandom")
        points = [{"lr": rate} for rate in _grid(space["lr"], count - 1, defaults["lr"])]
    else:
        points = [
            {axis: space[axis].at(x) for axis, x in zip(sorted(space), point, strict=True)}
            for point in _additive_recurrence(len(space), count - 1, seed)
        ]
    return [dict(defaults), *({**defaults, **point} for point in points)]


def _grid(domain: Domain, count: int, taken: float) -> list[float]:
    """`count` evenly spaced points; where one is taken already, the others of a finer grid."""
    points = [domain.at(n / max(count - 1, 1)) for n in range(count)]
    if not any(math.isclose(point, taken, rel_tol=1e-3) for point in points):
        return points
    finer = [domain.at(n / count) for n in range(count + 1)]
    finer.remove(min(finer, key=lambda point: abs(math.log(point / taken))))
    return finer


def _additive_recurrence(axes: int, count: int, seed: int) -> list[list[float]]:
    """Low-discrepancy points in the unit cube: multiples of the generalised golden ratio mod 1."""
    ratio = 2.0
    for _ in range(64):  # the root of x^(axes+1) = x + 1
        ratio = (1 + ratio) ** (1 / (axes + 1))
    steps = [ratio ** -(axis + 1) for axis in range(axes)]
    start = (0.5 + seed * (math.sqrt(5) - 1) / 2) % 1
    return [[(start + (n + 1) * step) % 1 for step in steps] for n in range(count)]
