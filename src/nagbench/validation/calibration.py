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
from scipy import stats

from nagbench.errors import InputError
from nagbench.statistics.hypotheses import equivalence_test
from nagbench.statistics.intervals import CONFIDENCE, holm, mean_interval, share_interval
from nagbench.statistics.power import power
from nagbench.statistics.sign_flips import two_sided_ps
from nagbench.statistics.speed import Hits, restricted_mean_interval
from nagbench.statistics.speed_comparison import log_rank, ratio_interval
from nagbench.statistics.stability import brown_forsythe, divergence_test

LEVEL = 0.05
SEEDS = (5, 6, 12, 14, 20)
ALLOWANCE = 0.03  # computed power is that of a t test, which the randomisation test comes near
_BUDGET = 7.0

Noise = np.random.Generator
Shape = tuple[int, ...]
Draw = Callable[[Noise, Shape], np.ndarray]
Interval = tuple[float, float]


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


# Chance: all of mean nought.


def normal(noise: Noise, shape: Shape) -> np.ndarray:
    return noise.normal(size=shape)


def skewed(noise: Noise, shape: Shape) -> np.ndarray:
    return noise.exponential(size=shape) - 1


def heavy(noise: Noise, shape: Shape) -> np.ndarray:
    return noise.standard_t(3, shape)


def correlated(draw: Draw, share: float = 0.5) -> Draw:
    """Values of a trial, group and seed, of which a `share` of the variance is the seed's own."""

    def drawn(noise: Noise, shape: Shape) -> np.ndarray:
        trials, _, seeds = shape
        of_seed = draw(noise, (trials, 1, seeds))
        return math.sqrt(share) * of_seed + math.sqrt(1 - share) * draw(noise, shape)

    return drawn


def arrivals(
    noise: Noise, shape: Shape, mean: float, *, ties: bool = True, paired: bool = False
) -> np.ndarray:
    """Times to target, infinite where they are over the budget: exponential, or on whole epochs."""
    # Exponential times are normal values by their ranks, so that seeds may share a part of them.
    normals = (correlated(normal) if paired else normal)(noise, shape)
    times = -mean * stats.norm.logsf(normals)
    times = np.ceil(times) if ties else times
    return np.where(times <= _BUDGET, times, math.inf)


def hits(times: np.ndarray) -> Hits:
    """Times, infinite where they never came."""
    return Hits(np.minimum(times, _BUDGET), np.isfinite(times), _BUDGET)


# Trials of a test: which of them reject where nothing differs.


def _sign_flips(draw: Draw, seeds: int) -> Callable[[Noise, int], np.ndarray]:
    def simulate(noise: Noise, trials: int) -> np.ndarray:
        values = correlated(draw)(noise, (trials, 2, seeds))
        return two_sided_ps(values[:, 0] - values[:, 1]) <= LEVEL

    return simulate


def _skewed_differences(seeds: int) -> Callable[[Noise, int], np.ndarray]:
    return lambda noise, trials: two_sided_ps(skewed(noise, (trials, seeds))) <= LEVEL


def _restricted_times(mean: float, seeds: int) -> Callable[[Noise, int], np.ndarray]:
    def simulate(noise: Noise, trials: int) -> np.ndarray:
        times = np.minimum(arrivals(noise, (trials, 2, seeds), mean, paired=True), _BUDGET)
        return two_sided_ps(times[:, 0] - times[:, 1]) <= LEVEL

    return simulate


def _log_ranks(
    mean: float, seeds: int, *, ties: bool = True, paired: bool = False
) -> Callable[[Noise, int], np.ndarray]:
    def simulate(noise: Noise, trials: int) -> np.ndarray:
        times = arrivals(noise, (trials, 2, seeds), mean, ties=ties, paired=paired)
        return np.array([log_rank(hits(one), hits(other)) <= LEVEL for one, other in times])

    return simulate


def _spreads(draw: Draw, share: float, seeds: int) -> Callable[[Noise, int], np.ndarray]:
    """Means that differ, spreads that do not."""

    def simulate(noise: Noise, trials: int) -> np.ndarray:
        values = correlated(draw, share)(noise, (trials, 2, seeds))
        return np.array([brown_forsythe(one, 3 + other) <= LEVEL for one, other in values])

    return simulate


def _deviations(draw: Draw, share: float, seeds: int) -> Callable[[Noise, int], np.ndarray]:
    """The metric `deviation`, compared in pairs."""

    def simulate(noise: Noise, trials: int) -> np.ndarray:
        values = correlated(draw, share)(noise, (trials, 2, seeds))
        apart = np.abs(values - np.median(values, axis=2, keepdims=True))
        return two_sided_ps(apart[:, 0] - apart[:, 1]) <= LEVEL

    return simulate


def _divergences(share: float, seeds: int) -> Callable[[Noise, int], np.ndarray]:
    def group(count: int) -> pd.DataFrame:
        return pd.DataFrame({"status": ["diverged"] * count + ["finished"] * (seeds - count)})

    @functools.cache
    def rejects(one: int, other: int) -> bool:
        return divergence_test(group(one), group(other)) <= LEVEL

    return lambda noise, trials: np.array(
        [rejects(*pair) for pair in noise.binomial(seeds, share, (trials, 2))]
    )


def _equivalences(draw: Draw, seeds: int) -> Callable[[Noise, int], np.ndarray]:
    """Differences whose mean lies just on the margin."""
    return lambda noise, trials: np.array(
        [equivalence_test(5 + row, 5) <= LEVEL for row in draw(noise, (trials, seeds))]
    )


def _levels() -> Iterator[Case]:
    for n in SEEDS:
        for procedure, situation, simulate in (
            ("sign flips", "normal", _sign_flips(normal, n)),
            ("sign flips", "skewed alike", _sign_flips(skewed, n)),
            ("sign flips", "heavy tails", _sign_flips(heavy, n)),
            ("sign flips", "skewed differences", _skewed_differences(n)),
            ("restricted time", "ties, a third censored", _restricted_times(6, n)),
            ("restricted time", "ties, most censored", _restricted_times(25, n)),
            ("log-rank", "no ties, a third censored", _log_ranks(6, n, ties=False)),
            ("log-rank", "no ties, few censored", _log_ranks(2, n, ties=False)),
            ("log-rank", "ties, most censored", _log_ranks(18, n)),
            ("log-rank", "ties, pairs", _log_ranks(6, n, paired=True)),
            ("Brown-Forsythe", "normal", _spreads(normal, 0, n)),
            ("Brown-Forsythe", "skewed", _spreads(skewed, 0, n)),
            ("Brown-Forsythe", "heavy tails", _spreads(heavy, 0, n)),
            ("Brown-Forsythe", "normal, pairs", _spreads(normal, 0.5, n)),
            ("deviation", "normal, pairs", _deviations(normal, 0.5, n)),
            ("deviation", "heavy tails, pairs", _deviations(heavy, 0.5, n)),
            ("deviation", "skewed, pairs", _deviations(skewed, 0.5, n)),
            ("deviation", "skewed, no pairs", _deviations(skewed, 0, n)),
            ("Fisher", "one in ten diverges", _divergences(0.1, n)),
            ("Fisher", "half diverge", _divergences(0.5, n)),
            ("equivalence", "normal, at the margin", _equivalences(normal, n)),
            ("equivalence", "skewed, at the margin", _equivalences(skewed, n)),
        ):
            yield Case(procedure, situation, n, "level", LEVEL, simulate)


# Families of tests: which trials reject anything that is true.


def family(
    seeds: int,
    adjust: Callable[[np.ndarray], np.ndarray] = holm,
    ahead: float = 0.0,
) -> Callable[[Noise, int], np.ndarray]:
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


def _families() -> Iterator[Case]:
    for n in (6, 12, 14):
        yield Case("Holm", "ten pairs, all alike", n, "level", LEVEL, family(n))
        yield Case("Holm", "ten pairs, one ahead", n, "level", LEVEL, family(n, ahead=3.0))


# Trials of an interval: which of them hold the true value.


def _covered(intervals: Iterable[Interval], truth: float) -> np.ndarray:
    found = np.array(list(intervals))
    inside = (found[:, 0] <= truth) & (truth <= found[:, 1])
    return np.where(np.isnan(found).any(axis=1), math.nan, inside)


def _means(draw: Draw, seeds: int) -> Callable[[Noise, int], np.ndarray]:
    return lambda noise, trials: _covered(map(mean_interval, draw(noise, (trials, seeds))), 0.0)


def _unequal(draw: Draw) -> Draw:
    """Differences of two groups, one of which varies four times as much."""
    return lambda noise, shape: draw(noise, shape) - 4 * draw(noise, shape)


def _shares(share: float, seeds: int) -> Callable[[Noise, int], np.ndarray]:
    def simulate(noise: Noise, trials: int) -> np.ndarray:
        intervals = [share_interval(count, seeds) for count in range(seeds + 1)]
        return _covered([intervals[n] for n in noise.binomial(seeds, share, trials)], share)

    return simulate


def restricted_mean(mean: float) -> float:
    """Of whole epochs within the budget: the area under the survival curve, a sum of a series."""
    return float(np.exp(-np.arange(_BUDGET) / mean).sum())


def _restricted_means(mean: float, seeds: int) -> Callable[[Noise, int], np.ndarray]:
    return lambda noise, trials: _covered(
        (restricted_mean_interval(hits(row)) for row in arrivals(noise, (trials, seeds), mean)),
        restricted_mean(mean),
    )


def _ratios(
    values: Callable[[Noise, Shape], np.ndarray], truth: float, seeds: int
) -> Callable[[Noise, int], np.ndarray]:
    return lambda noise, trials: _covered(
        (ratio_interval(one, other) for one, other in values(noise, (trials, 2, seeds))), truth
    )


def _twice(draw: Draw) -> Draw:
    """Pairs of positive values, the first on average twice the second."""
    return lambda noise, shape: draw(noise, shape) * np.array([[2.0], [1.0]])


def _gammas(noise: Noise, shape: Shape) -> np.ndarray:
    trials, _, seeds = shape
    return noise.gamma(6, size=(trials, 1, seeds)) + noise.gamma(3, size=shape)


def _times(noise: Noise, shape: Shape) -> np.ndarray:
    """Restricted times, the first of which is longer."""
    trials, _, seeds = shape
    both = [arrivals(noise, (trials, seeds), mean) for mean in (12.0, 3.0)]
    return np.minimum(np.stack(both, axis=1), _BUDGET)


def _coverages() -> Iterator[Case]:
    for n in SEEDS:
        for procedure, situation, simulate in (
            ("mean", "normal", _means(normal, n)),
            ("mean", "heavy tails", _means(heavy, n)),
            ("mean", "difference, unequal variances", _means(_unequal(normal), n)),
            ("mean", "difference, unequal variances, skewed", _means(_unequal(skewed), n)),
            ("mean", "skewed", _means(skewed, n)),
            ("share", "one in twenty", _shares(0.05, n)),
            ("share", "one in five", _shares(0.2, n)),
            ("share", "half", _shares(0.5, n)),
            ("restricted mean", "ties, few censored", _restricted_means(2, n)),
            ("restricted mean", "ties, a third censored", _restricted_means(6, n)),
            ("restricted mean", "ties, most censored", _restricted_means(18, n)),
            ("ratio", "pairs", _ratios(_twice(_gammas), 2.0, n)),
            (
                "ratio",
                "skewed",
                _ratios(_twice(lambda noise, shape: noise.exponential(size=shape)), 2.0, n),
            ),
            (
                "ratio",
                "times, ties, censored",
                _ratios(_times, restricted_mean(12) / restricted_mean(3), n),
            ),
        ):
            yield Case(procedure, situation, n, "coverage", CONFIDENCE, simulate)


# Trials of a test where there is a difference.


def _found(
    effect: float, level: float, draw: Draw, seeds: int
) -> Callable[[Noise, int], np.ndarray]:
    return lambda noise, trials: two_sided_ps(effect + draw(noise, (trials, seeds))) <= level


def _powers() -> Iterator[Case]:
    for n in SEEDS:
        for effect in (0.5, 1.0, 1.5):
            for words, level in (("", LEVEL), (", hardest of ten", LEVEL / 10)):
                yield Case(
                    "sign flips",
                    f"{effect:g} SD{words}",
                    n,
                    "power",
                    power(effect, n, level),
                    _found(effect, level, normal, n),
                )
        yield Case(
            "sign flips",
            "1 SD, heavy tails",
            n,
            "power",
            power(1.0, n, LEVEL),
            _found(1.0, LEVEL, lambda noise, shape: heavy(noise, shape) / math.sqrt(3), n),
        )
