"""The space of settings in which an optimizer is tuned, and the settings at its points.

A space gives each of its coordinates a `Domain`. A coordinate is

- the name of a setting: `lr`;
- an entry of a setting that is a list: `betas[0]`;
- a rate over one minus a momentum, `lr/(1-momentum)`: the long run's step, so that all momenta are
  searched over the same steps. The momentum may be a coordinate of its own beside it.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from nagbench.errors import InputError
from nagbench.optimizers.setting_bounds import BOUNDS

SCALES = ("linear", "log", "log_one_minus")
SEARCHES = ("grid", "quasirandom")
COORDINATE = r"^([A-Za-z_]\w{0,63})(?:\[([0-9])\]|/\(1-([A-Za-z_]\w{0,63})\))?$"


@dataclass(frozen=True)
class Domain:
    """An interval of one coordinate and the scale on which it is searched.

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
        """The point x at `fraction` of the way from low to high, to four significant digits.

        With `log_one_minus` they are digits of 1 - x, else momenta near 1 would become 1.
        """
        if self.scale == "linear":
            return _rounded(self.low + fraction * (self.high - self.low))
        if self.scale == "log":
            return _rounded(self.low * (self.high / self.low) ** fraction)
        return _one_minus((1 - self.low) * ((1 - self.high) / (1 - self.low)) ** fraction)

    def fraction(self, value: float) -> float:
        """How far a value lies on the way from low to high; the inverse of `at` but for rounding.

        A value that has no place on the scale is infinitely far below or above.
        """
        if self.scale == "linear":
            return (value - self.low) / (self.high - self.low)
        if self.scale == "log":
            if value <= 0:
                return -math.inf
            return math.log(value / self.low) / math.log(self.high / self.low)
        if value >= 1:
            return math.inf
        return math.log((1 - value) / (1 - self.low)) / math.log((1 - self.high) / (1 - self.low))


class Coordinate(NamedTuple):
    """What a coordinate's name says.

    Attributes:
        setting: The setting that it decides.
        entry: Which entry of it; None for the whole.
        momentum: Where it is a rate over one minus a momentum, the momentum's setting.
    """

    setting: str
    entry: int | None
    momentum: str | None

    def value(self, settings: Mapping[str, Any]) -> float:
        """Its value at some settings."""
        value = settings[self.setting]
        if self.entry is not None:
            value = value[self.entry]
        return float(value) / (1 if self.momentum is None else 1 - settings[self.momentum])

    def changed(self, settings: Mapping[str, Any], value: float) -> dict[str, Any]:
        """The settings, changed so that it has that value; a rate to four significant digits."""
        if self.momentum is not None:
            value = _rounded(value * (1 - settings[self.momentum]))
        if self.entry is None:
            return {**settings, self.setting: value}
        entries = list(settings[self.setting])
        entries[self.entry] = value
        return {**settings, self.setting: type(settings[self.setting])(entries)}


def coordinate(name: str) -> Coordinate:
    """What the name of a coordinate says; an `InputError` if it is none."""
    match = re.match(COORDINATE, name)
    if match is None:
        allowed = "a setting, an entry of one (betas[0]), or a long run's step (lr/(1-momentum))"
        raise InputError("space", f"found the coordinate {name!r}", allowed)
    setting, entry, momentum = match.groups()
    return Coordinate(setting, None if entry is None else int(entry), momentum)


def rate_of(space: Mapping[str, Domain]) -> str | None:
    """The coordinate of a space that decides the learning rate `lr`; None if there is none."""
    return next((name for name in space if coordinate(name).setting == "lr"), None)


def settings_of(
    space: Mapping[str, Domain], defaults: Mapping[str, Any], points: Sequence[Sequence[float]]
) -> list[dict[str, Any]]:
    """The settings at points of the unit cube.

    Args:
        space: The coordinates; a point's numbers belong to them in the order of their names.
        defaults: All settings by name, which a point changes.
        points: Of shape (points, coordinates), each number in [0, 1].

    Returns:
        For each point all settings by name.
    """
    return [
        _at(space, defaults, {n: space[n].at(x) for n, x in zip(sorted(space), point, strict=True)})
        for point in points
    ]


def _at(
    space: Mapping[str, Domain], defaults: Mapping[str, Any], values: Mapping[str, float]
) -> dict[str, Any]:
    settings = dict(defaults)
    # Rates over one minus a momentum last, when the momentum is known.
    for name in sorted(space, key=lambda name: coordinate(name).momentum is not None):
        settings = coordinate(name).changed(settings, values[name])
    return settings


def sobol_points(coordinates: int, count: int, seed: int) -> list[list[float]]:
    """The first points of a scrambled Sobol sequence, of shape (count, coordinates).

    A longer list begins with the shorter one. A power of two fills the cube most evenly.
    """
    from scipy.stats import qmc  # here, as only planning has it

    sequence = qmc.Sobol(coordinates, scramble=True, rng=seed)
    points: list[list[float]] = sequence.random_base2(max(count - 1, 0).bit_length()).tolist()
    return points[:count]


def grown(space: Mapping[str, Domain], name: str, end: str) -> dict[str, Domain]:
    """The space with one coordinate's interval a decade longer at one end.

    On a linear scale it becomes as long again. What its setting may not be stays outside; an
    interval that ends there already stays as it is.

    Args:
        space: The coordinates.
        name: Of the coordinate.
        end: `low` or `high`.
    """
    domain = space[name]
    old = getattr(domain, end)
    tenfold = 10.0 if end == "high" else 0.1
    if domain.scale == "log":
        new = _rounded(old * tenfold)
    elif domain.scale == "log_one_minus":
        new = _one_minus((1 - old) / tenfold)
    else:
        new = _rounded(old + math.copysign(domain.high - domain.low, tenfold - 1))
    low, high, low_admitted, high_admitted = BOUNDS.get(
        coordinate(name).setting, (-math.inf, math.inf, True, True)
    )
    if new <= low:
        new = low if low_admitted else old
    elif new >= high:
        new = high if high_admitted else old
    wider = replace(domain, low=new) if end == "low" else replace(domain, high=new)
    return {**space, name: wider}


def trials(
    space: Mapping[str, Domain], defaults: Mapping[str, Any], count: int, search: str, seed: int
) -> list[dict[str, Any]]:
    """The settings that tuning tries: the published defaults first, then points of the space.

    Args:
        space: Where each coordinate is searched, by name.
        defaults: All settings by name, which a point changes.
        count: How many to try, the defaults among them; the same for every optimizer.
        search: One of `SEARCHES`. `grid` spaces the rate's coordinate evenly and leaves the rest
            at the defaults; `quasirandom` spreads points over all coordinates at once.
        seed: Scrambles the quasirandom points.

    Returns:
        `count` settings, each with all names of `defaults`.

    Raises:
        InputError: If a grid is wanted of a space without a learning rate.
    """
    if search == "quasirandom":
        points = sobol_points(len(space), count - 1, seed)
        return [dict(defaults), *settings_of(space, defaults, points)]
    rate = rate_of(space)
    if rate is None or "lr" not in defaults:
        raise InputError("search", "a grid without a learning-rate axis `lr`", "quasirandom")
    axis = coordinate(rate)
    values = _grid(space[rate], count - 1, axis.value(defaults))
    return [dict(defaults), *(axis.changed(defaults, value) for value in values)]


def _grid(domain: Domain, count: int, taken: float) -> list[float]:
    """`count` evenly spaced points; where one is taken already, the others of a finer grid."""
    points = [domain.at(n / max(count - 1, 1)) for n in range(count)]
    if not any(math.isclose(point, taken, rel_tol=1e-3) for point in points):
        return points
    finer = [domain.at(n / count) for n in range(count + 1)]
    finer.remove(min(finer, key=lambda point: abs(math.log(point / taken))))
    return finer


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _one_minus(value: float) -> float:
    """1 - `value`, which is taken to four significant digits."""
    return round(1 - _rounded(value), 15)
