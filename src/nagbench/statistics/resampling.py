"""How a claim's own test errs on differences like the claim's own.

Differences are drawn with replacement from those that were found, moved to where the claim's test
must not reject: to a mean of nought, or for a claim of being within a margin to the margin. So they
have whatever skewness or outliers the records have.
"""

import math

import numpy as np

from nagbench.statistics.sign_flips import above_ps, depth, two_sided_ps

DRAWS = 1000  # whose standard error at a level of 0.05 is 0.007


def error_rate(
    differences: np.ndarray, level: float, statement: str, margin: float, draws: int = DRAWS
) -> float:
    """The share of resamples in which the test at `level` errs; NaN where all differences are one.

    Args:
        differences: The claim's, in its direction.
        level: Chance of an error that the test promises at most.
        statement: The claim's.
        margin: The claim's; read where it is about being within it.
        draws: Resamples, from a fixed seed.
    """
    pairs = len(differences)
    within = statement in ("equivalence", "at_most")
    if np.ptp(differences) == 0 or not depth(pairs, level, 1 if within else 2):
        return math.nan
    noise = np.random.default_rng(0)
    drawn = (differences - differences.mean())[noise.integers(0, pairs, (draws, pairs))]
    if not within:
        return float((two_sided_ps(drawn) <= level).mean())
    # At the margin, where being below it is claimed; from −margin it is as far.
    below = above_ps(-drawn) <= level
    if statement == "equivalence":
        below &= above_ps(drawn + 2 * margin) <= level
    return float(below.mean())
