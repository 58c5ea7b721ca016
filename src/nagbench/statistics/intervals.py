"""Intervals for means, and the correction for many tests."""

import math

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


def mean_interval(values: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Student's interval for the mean; not defined (NaN) for fewer than two values."""
    if len(values) < 2:
        return math.nan, math.nan
    half = stats.t.ppf(0.5 + confidence / 2, len(values) - 1) * stats.sem(values)
    return float(np.mean(values) - half), float(np.mean(values) + half)


def percentiles(resampled: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The percentile interval of a bootstrap's resamples."""
    low, high = np.quantile(resampled, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return float(low), float(high)


def bonferroni(p_values: np.ndarray, tests: int) -> np.ndarray:
    """Each p times the number of tests of its family, at most 1; NaN stays NaN."""
    return np.minimum(1.0, tests * p_values)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's (1979) step-down adjustment; values that are not defined take no part."""
    adjusted = np.full(len(p_values), math.nan)
    defined = np.flatnonzero(~np.isnan(p_values))
    order = defined[np.argsort(p_values[defined], kind="stable")]
    scaled = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1) if len(order) else scaled
    return adjusted
