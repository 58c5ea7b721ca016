"""What a test can show with so many seeds, before any run."""

import functools
import math

import numpy as np
from scipy import optimize, stats

from nagbench.statistics.sign_flips import above_ps, depth, smallest_p
from nagbench.study.model import Study

_DRAWS = 1000  # whose standard error is at most 0.016
_SIMULATED = 20  # up to so many pairs; above, t tests are as good


def power(effect: float, pairs: int, level: float, statement: str = "difference") -> float:
    """Probability that sign flips show a claim, for normal differences of deviation 1.

    Exact where all differences have to lie on one side, else simulated with a fixed seed; above
    20 pairs that of t tests, with which sign flips of fewer pairs and levels at their limit do not
    agree (0.73 for 0.63 at rank 2 of 12 pairs).

    Args:
        effect: The margin in deviations.
        pairs: Number of differences.
        level: Chance of an error.
        statement: *difference*: their mean is `effect`, and is shown not to be nought (a threshold
            likewise); *at_most*: it is nought, and shown to lie below `effect`; *equivalence*:
            nought, and within ± `effect`.
    """
    sides = 2 if statement in ("difference", "threshold") else 1
    rank = depth(pairs, level, sides)
    if pairs < 2 or rank == 0:
        return 0.0
    attained = rank / 2**pairs
    if rank == 1:
        below, above = (float(stats.norm.cdf(x)) for x in (effect, -effect))
        if statement == "equivalence":
            return (below - above) ** pairs
        return below**pairs + (above**pairs if sides == 2 else 0.0)
    if math.isinf(effect):
        return 1.0
    if pairs > _SIMULATED:
        return _of_t_tests(effect, pairs, attained, statement)
    draws = _draws(pairs)
    shown = above_ps(draws, -effect) <= attained
    if statement == "equivalence":
        shown &= above_ps(-draws, -effect) <= attained
    elif sides == 2:
        shown |= above_ps(-draws, effect) <= attained
    return float(shown.mean())


@functools.cache
def _draws(pairs: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(_DRAWS, pairs))


def _of_t_tests(effect: float, pairs: int, attained: float, statement: str) -> float:
    """The same of t tests whose one-sided level is `attained`; of equivalence a lower bound."""
    critical, shift = stats.t.isf(attained, pairs - 1), effect * math.sqrt(pairs)
    # Where the far tail underflows scipy gives NaN for what is next to nothing.
    beyond = float(np.nan_to_num(stats.nct.sf(critical, pairs - 1, shift)))
    if statement == "equivalence":
        return max(0.0, 2 * beyond - 1)
    other_side = float(np.nan_to_num(stats.nct.sf(critical, pairs - 1, -shift)))
    return beyond if statement == "at_most" else beyond + other_side


def detectable(pairs: int, level: float, wanted: float = 0.8) -> float:
    """The effect, in deviations of the paired differences, found with probability `wanted`."""
    if pairs < 2 or depth(pairs, level) == 0:
        return math.inf
    enough = 0.1  # found by doubling: far beyond it scipy's noncentral t is not defined
    while power(enough, pairs, level) < wanted:
        enough *= 2
    found = optimize.bisect(lambda d: power(d, pairs, level) - wanted, 0.0, enough, xtol=1e-3)
    return float(found)


def seeds_needed(tests: int, level: float) -> int:
    """The fewest pairs with which a test of a family of `tests` can reject at all."""
    pairs = 2
    while not depth(pairs, level / tests):
        pairs += 1
    return pairs


def families(study: Study) -> dict[str, tuple[int, int]]:
    """Each family of tests: how many they are, and the seeds of the one that has the fewest."""
    found = {}
    for workload in study.workloads:
        count = len(study.optimizers_of(workload))
        fewest = min(
            study.planned("test", workload, name) for name in study.optimizers_of(workload)
        )
        found[f"an optimizer and the others on {workload}"] = (count - 1, fewest)
    for hypothesis in study.hypotheses.values():
        stage, arms = hypothesis.measured.stage, hypothesis.pairs()
        name = f"hypotheses `{hypothesis.family}`"
        seeds = min(study.planned(stage, *arm) for arm in arms)
        tests, fewest = found.get(name, (0, seeds))
        found[name] = (tests + 1, min(fewest, seeds))
    return found


def warnings(study: Study) -> list[str]:
    """What cannot be decided, in words: families of tests that cannot possibly reject, and claims
    that compare runs of unequal length."""
    uneven = [
        f"claim {name}: {words}"
        for name, claim in study.hypotheses.items()
        if (words := study.uneven(claim))
    ]
    return uneven + [
        f"{name}: {tests} tests on {seeds} seeds cannot reject at level {study.level:g}; "
        f"{seeds_needed(tests, study.level)} seeds can"
        for name, (tests, seeds) in families(study).items()
        if tests and smallest_p(seeds) * tests > study.level
    ]
