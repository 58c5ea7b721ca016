"""What tuning may try, and what it chose, once more: written from docs/reference/statistics.md."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from scipy.stats import qmc

Settings = dict[str, Any]
Space = Mapping[str, Mapping[str, Any]]
BROKEN = ("diverged", "failed")
CHANCE = 0.1  # both data sets have ten classes
FROM_NOUGHT = ("momentum", "betas[0]", "beta", "outer_momentum")  # momenta: from 0 to below 1


@dataclass(frozen=True)
class Strip:
    """A border: trials near it, those that the space would gain there, and the outermost."""

    border: str
    near: list[int]
    new: list[int]
    outer: list[int]


def rounded(value: float) -> float:
    return float(f"{value:.4g}")


def value_at(domain: Mapping[str, Any], x: float) -> float:
    """What lies x of the way from the low end to the high one."""
    low, high = domain["low"], domain["high"]
    if domain["scale"] == "log":
        return rounded(low * (high / low) ** x)
    if domain["scale"] == "log_one_minus":
        return round(1 - rounded((1 - low) * ((1 - high) / (1 - low)) ** x), 15)
    return rounded(low + x * (high - low))


def place_of(domain: Mapping[str, Any], value: float) -> float:
    """How far a value lies on that way."""
    ends: list[float] = [domain["low"], domain["high"], value]
    if domain["scale"] == "log":
        ends = [math.log(end) for end in ends]
    if domain["scale"] == "log_one_minus":
        ends = [math.log(1 - end) for end in ends]
    return (ends[2] - ends[0]) / (ends[1] - ends[0])


def value_in(settings: Settings, name: str) -> float:
    """The value of a coordinate in settings."""
    if name == "lr/(1-momentum)":
        return settings["lr"] / (1 - settings["momentum"])
    return settings["betas"][0] if name == "betas[0]" else settings[name]


def settings_at(space: Space, defaults: Settings, count: int, seed: int) -> list[Settings]:
    """The settings of the first points of a scrambled Sobol sequence."""
    drawn = qmc.Sobol(len(space), scramble=True, rng=seed)
    points = drawn.random_base2(math.ceil(math.log2(count)))[:count]
    found = []
    for point in points:
        values = {name: value_at(space[name], x) for name, x in zip(sorted(space), point)}  # noqa: B905
        settings = {**defaults, **values}
        if "betas[0]" in settings:
            settings["betas"] = [settings.pop("betas[0]"), *defaults["betas"][1:]]
        if "lr/(1-momentum)" in settings:
            step = settings.pop("lr/(1-momentum)")
            settings["lr"] = rounded(step * (1 - settings["momentum"]))
        found.append(settings)
    return found


def gained(domain: Mapping[str, Any], name: str, end: str) -> dict[str, Any]:
    """The part that a coordinate's interval gains at one end."""
    old, width = domain[end], domain["high"] - domain["low"]
    if domain["scale"] == "log":
        new = rounded(old * (10 if end == "high" else 0.1))
    elif domain["scale"] == "log_one_minus":
        new = round(1 - rounded((1 - old) * (0.1 if end == "high" else 10)), 15)
    else:
        new = rounded(old + (width if end == "high" else -width))
    if name in FROM_NOUGHT:
        new = old if new >= 1 else max(new, 0.0)
    low, high = (new, old) if end == "low" else (old, new)
    return {"low": low, "high": high, "scale": domain["scale"]}


def tried(optimizer: Mapping[str, Any], tuning: Mapping[str, Any]) -> tuple[list[Settings], Any]:
    """All settings that tuning may try, by number, and the borders where the space may grow."""
    space, defaults, seed = optimizer["space"], optimizer["defaults"], tuning["seeds"][0]
    assert tuning["search"] == "quasirandom", "no rule for another search"
    assert tuning["default"], "no rule for spaces without the published setting"
    assert tuning["grows"], "no rule for spaces that do not grow"
    if not space:
        return [defaults], []
    count = tuning["late" if optimizer["late"] else "points"]
    settings, strips = [defaults, *settings_at(space, defaults, count, seed)], []
    for name in sorted(space):
        for end in ("low", "high"):

            def near(
                some: Mapping[int, Settings], within: Mapping[str, Any], apart: float
            ) -> list[int]:
                places = {n: place_of(within, value_in(one, name)) for n, one in some.items()}  # noqa: B023
                away = {n: x if end == "low" else 1 - x for n, x in places.items()}  # noqa: B023
                return [n for n, x in places.items() if -1e-3 <= x <= 1 + 1e-3 and away[n] <= apart]

            first = dict(enumerate(settings[: count + 1]))
            close, part = (
                near(first, space[name], len(space) / count),
                gained(space[name], name, end),
            )
            new: dict[int, Settings] = {}
            if part["low"] < part["high"]:
                places = [place_of(space[name], part[side]) for side in ("low", "high")]
                more = max(1, math.ceil(count * (places[1] - places[0]) - 1e-6))
                grown = settings_at({**space, name: part}, defaults, more, seed)
                new = {len(settings) + n: one for n, one in enumerate(grown)}
                settings += grown
            outer = near(new, part, len(space) / len(new)) if new else []
            strips.append(Strip(f"{name} {end}", close, list(new), outer))
    return settings, strips


@dataclass(frozen=True)
class Choice:
    """What tuning chose: the trial of each role, and borders of the space."""

    roles: dict[str, int]
    grown: list[str]
    edge: list[str]


def choice(
    definition: Mapping[str, Any],
    arm: tuple[str, str],
    own: pd.DataFrame,
    curves: Mapping[str, pd.DataFrame],
    speed: Callable[[list[int]], "pd.Series[float]"],
) -> Choice:
    """By role the trial that halving and the tuning seeds choose in the arm's tuning records."""
    work, optimizer = definition["workloads"][arm[0]], definition["optimizers"][arm[1]]
    tuning, epochs = work["tuning"] or definition["tuning"], work["epochs"]
    seeds = definition["seeds"]["/".join(("tune", *arm))]
    known = {(run.trial, run.seed): run for run in own.itertuples()}

    def order(trial: int, at: int, with_seeds: Sequence[int]) -> tuple[float, ...]:
        """By mean accuracy, then by mean loss, then by number; the least is the best."""
        scores = []
        for run in (known[trial, seed] for seed in with_seeds):
            row = curves[run.run].query("epoch == @at")
            if run.status in BROKEN and (row.empty or at == epochs):
                scores.append((-CHANCE, math.inf))
            else:
                scores.append((-row.validation_accuracy.item(), row.validation_loss.item()))
        means = [math.fsum(column) / len(scores) for column in zip(*scores, strict=True)]
        return *means, trial

    def ranked(trials: Sequence[int], at: int, with_seeds: Sequence[int]) -> list[int]:
        return sorted(trials, key=lambda trial: order(trial, at, with_seeds))

    settings, strips = tried(optimizer, tuning)

    def halved(left: Sequence[int]) -> list[int]:
        """Those that train to the end, the best with the first seed first."""
        for rung in [] if optimizer["late"] else tuning["rungs"]:
            left = ranked(left, rung["epochs"], seeds[:1])[: rung["keep"]]
        return ranked([0, *left], epochs, seeds[:1])

    beyond = {trial for strip in strips for trial in strip.new}
    space = [trial for trial in range(1, len(settings)) if trial not in beyond]
    last = halved(space)
    grown = [strip for strip in strips if last[0] in strip.near and strip.new]
    if grown:
        last = halved([*space, *(trial for strip in grown for trial in strip.new)])
    best = ranked(last[: tuning["finalists"]], epochs, seeds)
    roles = {"accuracy": best[0]}
    if "speed" in tuning["choices"]:
        fast = speed(best)
        roles["speed"] = min(best, key=lambda trial: (fast[trial], best.index(trial)))
    if len(best) > 1 and tuning["runner_up_seeds"]:
        roles["runner_up"] = best[1]
    edge = [
        strip.border
        for strip in strips
        if best[0] in (strip.outer if strip in grown else strip.near)
    ]
    return Choice(roles, [strip.border for strip in grown], edge)
