"""What the statistics promise, held against made-up data whose truth is known.

A row of the table is a procedure in a situation: how often a test rejects where nothing differs
(`level`), an interval holds the true value (`coverage`), or a test finds a known difference
(`power`). It holds if simulation and promise agree within three of the simulation's standard
errors; a test may reject more rarely than stated and an interval cover more often, being
conservative. What does not hold stays in the table: so much can a reader rely on.
"""

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nagbench.errors import InputError
from nagbench.statistics.event_rates import (
    rate_difference_interval,
    rate_difference_p,
    rate_interval,
)
from nagbench.statistics.intervals import CONFIDENCE, holm, mean_interval
from nagbench.statistics.pair_wins import pair_wins
from nagbench.statistics.power import power
from nagbench.statistics.sign_flips import above_ps, depth, interval, two_sided_ps
from nagbench.statistics.speed import median_interval
from nagbench.statistics.speed_comparison import ratio_interval
from nagbench.statistics.stability import brown_forsythe
from nagbench.validation.chance import (
    HORIZON,
    Draw,
    Noise,
    correlated,
    exponentials,
    gammas,
    heavy,
    normal,
    of_mean,
    skewed,
    twice,
    unequal,
    unit_heavy,
)

LEVEL = 0.05
SEEDS = (6, 12, 20)
ALLOWANCE = 0.03  # computed power is itself simulated, or above 20 pairs that of t tests

Interval = tuple[float, float]
Simulation = Callable[[Noise, int], np.ndarray]


@dataclass(frozen=True)
class Case:
    """A procedure in a situation; `simulate` says of each trial whether it rejected or covered, and
    NaN where the procedure is not defined and so promises nothing."""

    procedure: str
    situation: str
    seeds: int
    claim: str
    stated: float
    simulate: Callable[[Noise, int], np.ndarray]

    def row(self, trials: int) -> dict[str, object]:
        """The case measured, with chance of its own that its name decides."""
        name = f"{self.procedure}, {self.situation}, {self.seeds}, {self.claim}"
        outcomes = np.asarray(self.simulate(np.random.default_rng([*name.encode()]), trials), float)
        outcomes = outcomes[~np.isnan(outcomes)]
        found = float(outcomes.mean()) if len(outcomes) else math.nan
        error = math.sqrt(found * (1 - found) / len(outcomes)) if len(outcomes) else math.nan
        return {
            "procedure": self.procedure,
            "situation": self.situation,
            "seeds": self.seeds,
            "claim": self.claim,
            "stated": self.stated,
            "found": found,
            "error": error,
            "trials": len(outcomes),
            "holds": holds(self.claim, self.stated, found, error),
        }


def holds(claim: str, stated: float, found: float, error: float) -> bool:
    """Whether what was found agrees with what is claimed."""
    if claim == "level":
        return found <= stated + 3 * error
    if claim == "coverage":
        return found >= stated - 3 * error
    return abs(found - stated) <= 3 * error + ALLOWANCE


def calibration(trials: int, chosen: Iterable[Case] | None = None) -> pd.DataFrame:
    """One row a case, each of `trials` simulations."""
    return pd.DataFrame(rows(trials, chosen))


def rows(trials: int, chosen: Iterable[Case] | None = None) -> Iterator[dict[str, object]]:
    """The same, one by one as they are done."""
    if trials < 2:
        raise InputError("--trials", f"found {trials}", "a number above 1")
    return (case.row(trials) for case in (cases() if chosen is None else chosen))


def line(row: dict[str, object]) -> str:
    """A row for a terminal."""
    return (
        f"{row['procedure']:24}{row['situation']:44}{row['seeds']:5}  {row['claim']:9}"
        f"{row['stated']:6.3f}{row['found']:7.3f} ± {row['error']:.3f}"
        f"{'' if row['holds'] else '  DOES NOT HOLD'}"
    )


def cases() -> list[Case]:
    """Every procedure, in good and in bad situations."""
    return [*_levels(), *_families(), *_coverages(), *_powers()]


# Trials of a test: which of them reject where nothing differs.


def _sign_flips(draw: Draw, level: float, seeds: int) -> Simulation:
    def simulate(noise: Noise, trials: int) -> np.ndarray:
        values = draw(noise, (trials, 2, seeds))
        return two_sided_ps(values[:, 0] - values[:, 1]) <= level

    return simulate


def _skewed_differences(seeds: int) -> Simulation:
    return lambda noise, trials: two_sided_ps(skewed(noise, (trials, seeds))) <= LEVEL


def _pair_wins(fails: float, seeds: int) -> Simulation:
    """Skewed values of two groups in which runs fail alike."""

    def simulate(noise: Noise, trials: int) -> np.ndarray:
        values = correlated(skewed)(noise, (trials, 2, seeds))
        failing = (noise.random((trials, 2, seeds)) < fails).astype(int)
        pairs = zip(values[:, 0] - values[:, 1], failing, strict=True)
        return np.array([pair_wins(row, *sides).p <= LEVEL for row, sides in pairs])

    return simulate


def _spreads(draw: Draw, share: float, seeds: int) -> Simulation:
    """Means that differ, spreads that do not."""

    def simulate(noise: Noise, trials: int) -> np.ndarray:
        values = correlated(draw, share)(noise, (trials, 2, seeds))
        return np.array([brown_forsythe(one, 3 + other) <= LEVEL for one, other in values])

    return simulate


def _deviations(draw: Draw, share: float, seeds: int) -> Simulation:
    """The metric `deviation`, compared in pairs."""

    def simulate(noise: Noise, trials: int) -> np.ndarray:
        values = correlated(draw, share)(noise, (trials, 2, seeds))
        apart = np.abs(values - np.median(values, axis=2, keepdims=True))
        return two_sided_ps(apart[:, 0] - apart[:, 1]) <= LEVEL

    return simulate


def _rates(share: float, seeds: int) -> Simulation:
    @functools.cache
    def rejects(one: int, other: int) -> bool:
        return rate_difference_p(one, seeds, other, seeds) <= LEVEL

    return lambda noise, trials: np.array(
        [rejects(*pair) for pair in noise.binomial(seeds, share, (trials, 2))]
    )


def _equivalences(draw: Draw, seeds: int) -> Simulation:
    """Differences whose mean lies just on the margin: of the two tests the nearer one decides."""
    return lambda noise, trials: above_ps(draw(noise, (trials, seeds))) <= LEVEL


def _levels() -> Iterator[Case]:
    for n in SEEDS:
        for procedure, situation, simulate in (
            ("sign flips", "normal", _sign_flips(correlated(normal), LEVEL, n)),
            ("sign flips", "skewed alike", _sign_flips(correlated(skewed), LEVEL, n)),
            ("sign flips", "heavy tails", _sign_flips(correlated(heavy), LEVEL, n)),
            ("sign flips", "skewed differences", _skewed_differences(n)),
            ("time below", "a third at the horizon", _sign_flips(of_mean(6), LEVEL, n)),
            ("time below", "most at the horizon", _sign_flips(of_mean(25), LEVEL, n)),
            ("pair wins", "one run in ten fails", _pair_wins(0.1, n)),
            ("pair wins", "half of the runs fail", _pair_wins(0.5, n)),
            ("Brown-Forsythe", "normal", _spreads(normal, 0, n)),
            ("Brown-Forsythe", "skewed", _spreads(skewed, 0, n)),
            ("Brown-Forsythe", "normal, pairs", _spreads(normal, 0.5, n)),
            ("deviation", "normal, pairs", _deviations(normal, 0.5, n)),
            ("deviation", "heavy tails, pairs", _deviations(heavy, 0.5, n)),
            ("deviation", "skewed, pairs", _deviations(skewed, 0.5, n)),
            ("event rates", "one in ten", _rates(0.1, n)),
            ("event rates", "half", _rates(0.5, n)),
            ("equivalence", "normal, at the margin", _equivalences(normal, n)),
            ("equivalence", "skewed, at the margin", _equivalences(skewed, n)),
        ):
            yield Case(procedure, situation, n, "level", LEVEL, simulate)


# Families of tests: which trials reject anything that is true.


def family(
    seeds: int,
    adjust: Callable[[np.ndarray], np.ndarray] = holm,
    ahead: float = 0.0,
) -> Simulation:
    """All ten pairs of five optimizers, of which one may be `ahead` of four that are alike."""

    def simulate(noise: Noise, trials: int) -> np.ndarray:
        values = correlated(normal)(noise, (trials, 5, seeds))
        values[:, 4] += ahead
        first, second = np.triu_indices(5, 1)
        differences = values[:, first] - values[:, second]
        p = two_sided_ps(differences.reshape(-1, seeds)).reshape(trials, -1)
        true = second < 4 if ahead else np.full(len(first), True)
        return np.array([(adjust(row)[true] <= LEVEL).any() for row in p])

    return simulate


def shared(p: np.ndarray) -> np.ndarray:
    """The adjustment that the claims of a family have: each has its part of the level."""
    return p * len(p)


def _families() -> Iterator[Case]:
    for n in SEEDS:
        for words, adjust in (("Holm", holm), ("shared level", shared)):
            yield Case(words, "ten pairs, all alike", n, "level", LEVEL, family(n, adjust))
            yield Case(words, "ten pairs, one ahead", n, "level", LEVEL, family(n, adjust, 3.0))


# Trials of an interval: which of them hold the true value.


def _covered(intervals: Iterable[Interval], truth: float) -> np.ndarray:
    found = np.array(list(intervals))
    inside = (found[:, 0] <= truth) & (truth <= found[:, 1])
    return np.where(np.isnan(found).any(axis=1), math.nan, inside)


def _means(
    draw: Draw, seeds: int, of: Callable[[np.ndarray], Interval] = mean_interval
) -> Simulation:
    return lambda noise, trials: _covered(map(of, draw(noise, (trials, seeds))), 0.0)


def _inverted(values: np.ndarray) -> Interval:
    return interval(values, LEVEL)


def _shares(share: float, seeds: int) -> Simulation:
    def simulate(noise: Noise, trials: int) -> np.ndarray:
        intervals = [rate_interval(count, seeds, LEVEL) for count in range(seeds + 1)]
        return _covered([intervals[n] for n in noise.binomial(seeds, share, trials)], share)

    return simulate


def _rate_differences(share: float, other: float, seeds: int) -> Simulation:
    """Rates of two groups whose runs share all of their chance."""

    @functools.cache
    def between(one: int, two: int) -> Interval:
        return rate_difference_interval(one, seeds, two, seeds, LEVEL)

    def simulate(noise: Noise, trials: int) -> np.ndarray:
        drawn = noise.random((trials, seeds))
        counts = zip((drawn < share).sum(axis=1), (drawn < other).sum(axis=1), strict=True)
        return _covered([between(int(one), int(two)) for one, two in counts], share - other)

    return simulate


def _medians(seeds: int) -> Simulation:
    """Exponential times of which those over the horizon never come."""

    def simulate(noise: Noise, trials: int) -> np.ndarray:
        drawn = noise.exponential(6, (trials, seeds))
        came = np.where(drawn <= HORIZON, drawn, math.nan)
        return _covered(map(median_interval, came), 6 * math.log(2))

    return simulate


def _ratios(values: Draw, truth: float, seeds: int) -> Simulation:
    return lambda noise, trials: _covered(
        (ratio_interval(one, other) for one, other in values(noise, (trials, 2, seeds))), truth
    )


def _coverages() -> Iterator[Case]:
    for n in SEEDS:
        for procedure, situation, simulate in (
            ("sign flips", "normal", _means(normal, n, _inverted)),
            ("sign flips", "heavy tails", _means(heavy, n, _inverted)),
            ("sign flips", "skewed", _means(skewed, n, _inverted)),
            ("mean", "normal", _means(normal, n)),
            ("mean", "heavy tails", _means(heavy, n)),
            ("mean", "difference, unequal variances", _means(unequal(normal), n)),
            ("mean", "skewed", _means(skewed, n)),
            ("rate", "one in twenty", _shares(0.05, n)),
            ("rate", "half", _shares(0.5, n)),
            ("rate difference", "a tenth and three tenths", _rate_differences(0.1, 0.3, n)),
            ("median", "times, half never come", _medians(n)),
            ("ratio", "pairs", _ratios(twice(gammas), 2.0, n)),
            ("ratio", "skewed", _ratios(twice(exponentials), 2.0, n)),
        ):
            yield Case(procedure, situation, n, "coverage", CONFIDENCE, simulate)


# Trials of a test where there is a difference.


def _found(effect: float, level: float, draw: Draw, seeds: int) -> Simulation:
    return lambda noise, trials: two_sided_ps(effect + draw(noise, (trials, seeds))) <= level


def _equivalent(margin: float, seeds: int) -> Simulation:
    def simulate(noise: Noise, trials: int) -> np.ndarray:
        values = normal(noise, (trials, seeds))
        return (above_ps(values + margin) <= LEVEL) & (above_ps(margin - values) <= LEVEL)

    return simulate


def _powers() -> Iterator[Case]:
    for n in SEEDS:
        for effect in (0.5, 1.0, 1.5):
            for words, level in (("", LEVEL), (", one of ten", LEVEL / 10)):
                if depth(n, level):
                    computed = power(effect, n, level)
                    simulate = _found(effect, level, normal, n)
                    situation = f"{effect:g} SD{words}"
                    yield Case("sign flips", situation, n, "power", computed, simulate)
        computed = power(1.0, n, LEVEL)
        simulate = _found(1.0, LEVEL, unit_heavy, n)
        yield Case("sign flips", "1 SD, heavy tails", n, "power", computed, simulate)
        computed = power(1.0, n, LEVEL, "equivalence")
        simulate = _equivalent(1.0, n)
        yield Case("equivalence", "margin of 1 SD", n, "power", computed, simulate)
