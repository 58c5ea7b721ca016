"""The settings that tuning may try for an optimizer, and the halving that says which it does."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nagbench.optimizers.search_space import (
    Domain,
    coordinate,
    grown,
    settings_of,
    sobol_points,
    trials,
)
from nagbench.optimizers.spec import OptimizerSpec
from nagbench.study.halving import Halving, Strip
from nagbench.study.model import Tuning

ENDS = ("low", "high")


def tried(tuning: Tuning, optimizer: OptimizerSpec) -> tuple[list[dict[str, Any]], Halving]:
    """All settings that tuning may try, and which of them it does.

    The published setting comes first, if it is tried; then the points of the space; then, for each
    border at which the space may grow, those of the part that it would gain. Without a space the
    published setting alone is tried.
    """
    space, seed = optimizer.space, tuning.seeds[0]
    if not space:
        return [dict(optimizer.defaults)], Halving(space=(), beside=(0,))
    count = tuning.late if optimizer.late else tuning.points
    settings = trials(space, optimizer.defaults, count + 1, tuning.search, seed)
    settings = settings if tuning.default else settings[1:]
    first = len(settings) - count
    strips = []
    if tuning.grows and tuning.search == "quasirandom":
        points = _places(space, settings)
        for name in sorted(space):
            for end in ENDS:
                strip, new = _strip(space, optimizer.defaults, name, end, points, count, seed)
                numbers = tuple(range(len(settings), len(settings) + len(new)))
                outer = tuple(numbers[n] for n in strip.outer)
                strips.append(replace(strip, trials=numbers, outer=outer))
                settings += new
    return settings, Halving(
        space=tuple(range(first, first + count)),
        beside=tuple(range(first)),
        rungs=() if optimizer.late else tuning.rungs,
        strips=tuple(strips),
        finalists=tuning.finalists,
    )


def _places(space: Mapping[str, Domain], settings: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Where settings lie in the space, each coordinate's interval as 0 to 1; others lie outside."""
    return [
        {name: domain.fraction(coordinate(name).value(one)) for name, domain in space.items()}
        for one in settings
    ]


def _strip(
    space: Mapping[str, Domain],
    defaults: Mapping[str, Any],
    name: str,
    end: str,
    points: list[dict[str, float]],
    count: int,
    seed: int,
) -> tuple[Strip, list[dict[str, Any]]]:
    """One border: which points lie near it, and settings of what the space gains there.

    The new part is as densely filled as the space: `count` points spread over the old interval
    have one in each `count`th of it, of which near is within as many as there are coordinates.
    """
    border, spacing = f"{name} {end}", len(space) / count
    near = tuple(n for n, at in enumerate(points) if _from_border(at[name], end) <= spacing)
    old, new = space[name], grown(space, name, end)[name]
    if new == old:
        return Strip(border, near), []
    gained = replace(new, high=old.low) if end == "low" else replace(new, low=old.high)
    width = abs(old.fraction(getattr(new, end)) - old.fraction(getattr(old, end)))
    more = max(1, math.ceil(count * width - 1e-6))
    within = {**space, name: gained}
    settings = settings_of(within, defaults, sobol_points(len(space), more, seed))
    far = [gained.fraction(coordinate(name).value(one)) for one in settings]
    outer = tuple(n for n, at in enumerate(far) if _from_border(at, end) <= len(space) / more)
    return Strip(border, near, outer=outer), settings


def _from_border(at: float, end: str) -> float:
    """How far a place in an interval from 0 to 1 lies from one end; outside it is near none."""
    inside = -1e-3 <= at <= 1 + 1e-3  # settings are rounded
    return (at if end == "low" else 1 - at) if inside else math.inf
