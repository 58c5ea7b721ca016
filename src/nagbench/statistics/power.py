"""What a test can show with so many seeds, before any run."""

import math

import numpy as np
from scipy import optimize, stats

from nagbench.statistics.comparison import smallest_p
from nagbench.statistics.metrics import OF_TUNING
from nagbench.study.model import Study


def power(effect: float, pairs: int, level: float) -> float:
    """Probability that the randomisation test finds a mean of `effect` deviations, if the
    differences are normal.

    It is nought below the test's smallest p, exact where only differences of one sign can reject,
    and else that of a paired t test at the level that the test attains, which comes very near.
    """
    attained = attainable(pairs, level)
    if pairs < 2 or attained == 0:
        return 0.0
    if attained == 2 / 2**pairs:
        return float(stats.norm.cdf(effect) ** pairs + stats.norm.cdf(-effect) ** pairs)
    shift, freedom = effect * math.sqrt(pairs), pairs - 1
    critical = stats.t.ppf(1 - attained / 2, freedom)
    # Where the far tail underflows scipy gives NaN for what is next to nothing.
    other_side = np.nan_to_num(stats.nct.cdf(-critical, freedom, shift))
    return float(stats.nct.sf(critical, freedom, shift) + other_side)


def attainable(pairs: int, level: float) -> float:
    """The largest p up to `level` that the randomisation test can give, nought if none."""
    step = smallest_p(pairs)
    return math.floor(level / step * (1 + 1e-12)) * step


def detectable(pairs: int, level: float, wanted: float = 0.8) -> float:
    """The effect, in deviations of the paired differences, found with probability `wanted`."""
    if pairs < 2 or attainable(pairs, level) == 0:
        return math.inf
    enough = 0.1  # found by doubling: far beyond it scipy's noncentral t is not defined
    while power(enough, pairs, level) < wanted:
        enough *= 2
    return float(optimize.brentq(lambda d: power(d, pairs, level) - wanted, 0.0, enough))


def seeds_needed(tests: int, level: float) -> int:
    """The fewest pairs with which the corrected test of a family of `tests` can reject at all."""
    pairs = 2
    while smallest_p(pairs) * tests > level:
        pairs += 1
    return pairs


def families(study: Study) -> dict[str, tuple[int, int]]:
    """Each family of tests: how many they are, and the seeds of the one that has the fewest."""
    found = {}
    for workload in study.workloads:
        count = len(study.optimizers_of(workload))
        found[f"all pairs on {workload}"] = (count * (count - 1) // 2, len(study.testing.seeds))
    for hypothesis in study.hypotheses.values():
        stage = study.tuning if hypothesis.metric in OF_TUNING else study.testing
        name, seeds = f"hypotheses `{hypothesis.family}`", len(stage.seeds)
        tests, fewest = found.get(name, (0, seeds))
        found[name] = (tests + 1, min(fewest, seeds))
    return found


def warnings(study: Study) -> list[str]:
    """The study's families of tests that cannot possibly reject, in words."""
    return [
        f"{name}: {tests} tests on {seeds} seeds cannot reject at level {study.level:g}; "
        f"{seeds_needed(tests, study.level)} seeds can"
        for name, (tests, seeds) in families(study).items()
        if tests and smallest_p(seeds) * tests > study.level
    ]
