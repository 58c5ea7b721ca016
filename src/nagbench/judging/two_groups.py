"""Two groups of runs compared: the difference of means, who wins, what could have been found.

Of unpaired runs the larger p of Welch's and Student's test decides. Welch's alone errs too often at
the small levels that Holm's correction asks of it, where few runs stand beside many: two runs of
one group may happen to lie close together, and then their spread seems known. At a level of 0.05/41
it errs 30 times as often as it says for 2 runs against 20, and 4 times for 4 against 20; the larger
p of the two 0.3 times, and for spreads of 3 to 2 at most 2.7 times.
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special, stats

from nagbench.judging.groups import Group
from nagbench.statistics.effects import brunner_munzel, improvement, improvement_interval
from nagbench.statistics.intervals import mean_interval
from nagbench.statistics.pair_wins import pair_wins
from nagbench.statistics.power import detectable as detectable_in_deviations
from nagbench.statistics.sign_flips import MOST_PAIRS, depth, interval, two_sided_p

WANTED = 0.8  # probability with which a detectable difference is found
MEANS, RANKS, FLIPS, WINS, PAIRED_T = "means", "ranks", "sign flips", "pair wins", "paired t"
_NODES = 200
_BOOTSTRAPPED = 10_000  # pairs of runs


@dataclass(frozen=True)
class Welch:
    """The difference of two means; what is not defined is NaN."""

    difference: float
    low: float
    high: float
    p: float


def welch(own: np.ndarray, other: np.ndarray, level: float) -> Welch:
    """Welch's t test of the first mean less the second, with its interval."""
    if not len(own) or not len(other):
        return Welch(*(math.nan,) * 4)
    difference = float(own.mean() - other.mean())
    error, freedom = _error(own, other)
    if not error > 0:
        return Welch(difference, math.nan, math.nan, math.nan)
    half = float(stats.t.isf(level / 2, freedom)) * error
    p = 2 * float(special.stdtr(freedom, -abs(difference) / error))
    return Welch(difference, difference - half, difference + half, p)


def student_p(own: np.ndarray, other: np.ndarray) -> float:
    """Student's two-sided p, which takes the two groups to spread alike; NaN as Welch's."""
    error, freedom = _common_error(own, other)
    if not error > 0:
        return math.nan
    difference = abs(float(own.mean() - other.mean()))
    return 2 * float(special.stdtr(freedom, -difference / error))


def _common_error(own: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """As `_error`, of Student's test."""
    if min(len(own), len(other)) < 2:
        return math.nan, math.nan
    freedom = len(own) + len(other) - 2
    squares = sum(g.var(ddof=1) * (len(g) - 1) if np.ptp(g) > 0 else 0.0 for g in (own, other))
    return math.sqrt(squares / freedom * (1 / len(own) + 1 / len(other))), float(freedom)


def _error(own: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Standard error of the difference, and Welch's degrees of freedom; NaN for one run."""
    if min(len(own), len(other)) < 2:
        return math.nan, math.nan
    parts = [g.var(ddof=1) / len(g) if np.ptp(g) > 0 else 0.0 for g in (own, other)]
    total = float(sum(parts))
    if total == 0:
        return 0.0, math.nan
    shares = (
        (part / total) ** 2 / (len(g) - 1) for part, g in zip(parts, (own, other), strict=True)
    )
    return math.sqrt(total), float(1 / sum(shares))


def detectable(own: np.ndarray, other: np.ndarray, level: float) -> float:
    """The difference of means that would be found with probability `WANTED`, were the deviations
    those that were seen: the larger one of the two tests'; NaN where there is no test."""
    errors = (_error(own, other), _common_error(own, other))
    if not errors[0][0] > 0:
        return math.nan
    return max(error * shift_found(freedom, level) for error, freedom in errors)


@functools.cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(_NODES)


@functools.cache
def shift_found(freedom: float, level: float) -> float:
    """The difference in standard errors that a two-sided t test finds with probability `WANTED`.

    The power is the mean of the normal test's over the distribution of the estimated error.
    """
    nodes, weights = _nodes()
    errors = np.sqrt(stats.chi2.ppf((nodes + 1) / 2, freedom) / freedom)
    critical = float(stats.t.isf(level / 2, freedom))

    def lacks(shift: float) -> float:
        found = special.ndtr(shift - critical * errors) + special.ndtr(-shift - critical * errors)
        return float(found @ weights / 2) - WANTED

    return float(optimize.brentq(lacks, 0.0, 4 * critical + 10, xtol=1e-9))


@functools.cache
def _paired_deviations(pairs: int, level: float) -> float:
    if pairs > MOST_PAIRS:
        return shift_found(float(pairs - 1), level) / math.sqrt(pairs)
    return detectable_in_deviations(pairs, level, WANTED)


def improvement_p(own: Group, other: Group) -> float:
    """Brunner and Munzel's p, runs that diverged counting as worst, all alike; where no runs of the
    two overlap, that of the exact rank test."""
    counts = len(own.final), len(other.final)
    if min(counts) > 1 and _apart(own, other):
        return 2 / math.comb(sum(counts), counts[0])
    ranks = stats.rankdata(np.concatenate([own.ordered, other.ordered]))
    return brunner_munzel(ranks[: len(own.final)], ranks[len(own.final) :])


def _apart(own: Group, other: Group) -> bool:
    """Whether all runs of one end better than all of the other."""
    first, second = own.ordered, other.ordered
    return bool(first.min() > second.max() or first.max() < second.min())


def improvement_ends(own: Group, other: Group, level: float) -> tuple[float, float]:
    """The interval of the probability of ending better: by bootstrap, and of more than 10,000 pairs
    of runs by Brunner and Munzel's standard error."""
    first, second = own.ordered, other.ordered
    if len(first) * len(second) <= _BOOTSTRAPPED:
        return improvement_interval([first], [second])
    above = [
        (np.searchsorted(np.sort(b), a, "left") + np.searchsorted(np.sort(b), a, "right")) / 2
        for a, b in ((first, second), (second, first))
    ]
    shares = above[0] / len(second), above[1] / len(first)
    error = math.sqrt(sum(share.var(ddof=1) / len(share) for share in shares))
    half = float(stats.norm.isf(level / 2)) * error
    found = float(shares[0].mean())
    return max(0.0, found - half), min(1.0, found + half)


@dataclass(frozen=True)
class Pairs:
    """The runs of two groups by seeds that both have: the first's values less the second's.

    Attributes:
        differences: By seed; NaN where a run diverged.
        failures, other_failures: By seed: 1 where the run diverged.
    """

    differences: np.ndarray
    failures: np.ndarray
    other_failures: np.ndarray


def pairs(own: Group, other: Group) -> Pairs:
    """Paired by the names of runs."""
    first = dict(zip(own.runs, own.final, strict=True))
    second = dict(zip(other.runs, other.final, strict=True))
    shared = [run for run in own.runs if run in second]
    values = np.array([(first[run], second[run]) for run in shared], dtype=float).reshape(-1, 2)
    return Pairs(values[:, 0] - values[:, 1], *np.isnan(values).astype(int).T)


def decided(own: Group, other: Group, *, paired: bool) -> tuple[str, float]:
    """The test that decides, and its p: NaN where it cannot be made."""
    if paired:
        found = pairs(own, other)
        if len(found.differences) < 2:
            return FLIPS, math.nan
        if (found.failures + found.other_failures).any():
            signed = own.sign * found.differences
            return WINS, pair_wins(signed, found.failures, found.other_failures).p
        if len(found.differences) > MOST_PAIRS:
            return PAIRED_T, _paired_t(found.differences)
        return FLIPS, two_sided_p(found.differences)
    if own.diverged or other.diverged:
        return RANKS, improvement_p(own, other)
    if min(len(own.final), len(other.final)) < 2:
        return MEANS, math.nan
    return MEANS, max(welch(own.final, other.final, 0.05).p, student_p(own.final, other.final))


def _paired_t(differences: np.ndarray) -> float:
    if np.ptp(differences) == 0:
        return math.nan
    statistic = abs(differences.mean()) / stats.sem(differences)
    return 2 * float(special.stdtr(len(differences) - 1, -statistic))


def compared(own: Group, other: Group, level: float, tests: int, *, paired: bool) -> dict[str, Any]:
    """The columns of the table `comparisons` that are about the two groups alone.

    Args:
        own, other: The optimizer, and its reference.
        level: Chance of an error.
        tests: Of the family, among which the level is shared.
        paired: Whether runs of one name belong together.
    """
    test, p = decided(own, other, paired=paired)
    broken = own.diverged + other.diverged > 0
    by_welch = welch(own.final, other.final, level)
    found, count = by_welch, 0
    if paired:
        both = pairs(own, other)
        count = len(both.differences)
        broken = bool((both.failures + both.other_failures).any())
        found = (
            _of_pairs(both.differences, level) if count and not broken else Welch(*(math.nan,) * 4)
        )
    low, high = (math.nan, math.nan)
    if not broken:
        low, high = improvement_ends(own, other, level)
    could = math.nan, math.nan
    shares = level / max(tests, 1), level
    if paired and count > 1 and not broken:
        deviation = float(both.differences.std(ddof=1)) or math.nan
        could = (
            deviation * _paired_deviations(count, shares[0]),
            deviation * _paired_deviations(count, shares[1]),
        )
    elif not paired and not broken:
        could = (
            detectable(own.final, other.final, shares[0]),
            detectable(own.final, other.final, shares[1]),
        )
    return {
        "optimizer": own.name,
        "reference": other.name,
        "runs": len(own.final),
        "reference_runs": len(other.final),
        "diverged": own.diverged,
        "reference_diverged": other.diverged,
        "pairs": count,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p_welch": by_welch.p,
        "improvement": improvement(own.ordered, other.ordered),
        "improvement_low": low,
        "improvement_high": high,
        "p_improvement": improvement_p(own, other),
        "test": test,
        "p": p,
        "detectable": could[0],
        "detectable_alone": could[1],
    }


def _of_pairs(differences: np.ndarray, level: float) -> Welch:
    """The mean of paired differences, with the interval of sign flips."""
    if len(differences) > MOST_PAIRS:
        low, high = mean_interval(differences, 1 - level)
    else:
        low, high = interval(differences, level)
    return Welch(float(differences.mean()), low, high, math.nan)


def remark(own: Group, other: Group, test: str, p: float, level: float, *, paired: bool) -> str:
    """Why two groups cannot be tested, or what must be known of their test; else nothing."""
    if math.isnan(p):
        for group in (own, other):
            if len(group.final) < 2 and not paired:
                return f"{group.name} has one run"
        if paired and len(pairs(own, other).differences) < 2:
            return "fewer than two shared seeds"
        return "no run differs from another within either group"
    if paired and test == FLIPS and not depth(len(pairs(own, other).differences), level):
        return f"{len(pairs(own, other).differences)} pairs cannot reject"
    if test in (RANKS, WINS):
        return "runs diverged: ranks decide, with these as worst"
    if _apart(own, other):
        return "no run of one ends within those of the other"
    return ""
