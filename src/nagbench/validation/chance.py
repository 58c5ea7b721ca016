"""Made-up values whose truth is known: of mean nought, but for times and positive ones."""

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

HORIZON = 7.0

Noise = np.random.Generator
Shape = tuple[int, ...]
Draw = Callable[[Noise, Shape], np.ndarray]


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


def times(noise: Noise, shape: Shape, mean: float) -> np.ndarray:
    """Times below the targets, of which a seed has a part, cut off at the horizon."""
    # Exponential times are normal values by their ranks, so that seeds may share a part of them.
    return np.minimum(-mean * stats.norm.logsf(correlated(normal)(noise, shape)), HORIZON)


def of_mean(mean: float) -> Draw:
    return lambda noise, shape: times(noise, shape, mean)


def unequal(draw: Draw) -> Draw:
    """Differences of two groups, one of which varies four times as much."""
    return lambda noise, shape: draw(noise, shape) - 4 * draw(noise, shape)


def twice(draw: Draw) -> Draw:
    """Pairs of positive values, the first on average twice the second."""
    return lambda noise, shape: draw(noise, shape) * np.array([[2.0], [1.0]])


def gammas(noise: Noise, shape: Shape) -> np.ndarray:
    trials, _, seeds = shape
    return noise.gamma(6, size=(trials, 1, seeds)) + noise.gamma(3, size=shape)


def exponentials(noise: Noise, shape: Shape) -> np.ndarray:
    return noise.exponential(size=shape)


def unit_heavy(noise: Noise, shape: Shape) -> np.ndarray:
    return heavy(noise, shape) / math.sqrt(3)
