"""How often a claim's test errs on resamples of its own differences: drawn again, and tested by
listing all signs."""

import itertools
import math

import numpy as np
import pytest

from nagbench.statistics.resampling import error_rate
from nagbench.statistics.sign_flips import above_p, two_sided_p

SIX = np.array([0.9, -0.2, 0.4, 1.6, 0.1, 0.3])
SIGNS = np.array(list(itertools.product([1, -1], repeat=6)))


def flipped(differences: np.ndarray) -> float:
    """One-sided p that the mean is above nought: of all 64 signs those whose mean is as high."""
    means = (SIGNS * differences).mean(axis=1)
    return float((means >= differences.mean() - 1e-12).mean())


def drawn(draws: int) -> np.ndarray:
    return (SIX - SIX.mean())[np.random.default_rng(0).integers(0, 6, (draws, 6))]


def test_signs_are_listed_as_the_test_counts_them() -> None:
    for row in drawn(20):
        assert flipped(row) == pytest.approx(above_p(row, 0))


@pytest.mark.parametrize("statement", ["difference", "threshold"])
@pytest.mark.parametrize("level", [0.05, 0.25])
def test_a_difference_errs_where_a_centred_resample_is_rejected(
    statement: str, level: float
) -> None:
    errs = [min(1, 2 * min(flipped(row), flipped(-row))) <= level for row in drawn(200)]
    assert error_rate(SIX, level, statement, 0.5, draws=200) == np.mean(errs)


def test_by_default_a_thousand_are_drawn() -> None:
    errs = [two_sided_p(row) <= 0.2 for row in drawn(1000)]
    assert error_rate(SIX, 0.2, "difference", 0) == np.mean(errs)


@pytest.mark.parametrize("margin", [0.05, 0.2, 0.4])
def test_within_a_margin_errs_where_it_is_claimed_of_a_mean_at_the_margin(margin: float) -> None:
    """Of equivalence the other side, two margins away, has to be told apart as well."""
    below = np.array([flipped(-row) <= 0.25 for row in drawn(200)])
    apart = np.array([flipped(row + 2 * margin) <= 0.25 for row in drawn(200)])
    assert error_rate(SIX, 0.25, "at_most", margin, draws=200) == below.mean()
    found = error_rate(SIX, 0.25, "equivalence", margin, draws=200)
    assert found == (below & apart).mean()
    assert 0 < below.mean() < 1


@pytest.mark.parametrize(("statement", "pairs"), [("difference", 6), ("at_most", 5)])
def test_too_few_pairs_or_equal_ones_cannot_err(statement: str, pairs: int) -> None:
    """Of six pairs two sides can be rejected at 0.05, of five one side."""
    assert math.isfinite(error_rate(SIX[:pairs], 0.05, statement, 1.0, draws=10))
    assert math.isnan(error_rate(SIX[: pairs - 1], 0.05, statement, 1.0, draws=10))
    assert math.isnan(error_rate(np.full(9, 0.4), 0.05, statement, 1.0, draws=10))


def test_a_skewed_sample_is_found_to_err_more_often() -> None:
    """Which is what the number is for."""
    noise = np.random.default_rng(1)
    even, skewed = noise.normal(0, 1, 12), noise.exponential(1, 12) ** 3
    assert error_rate(skewed, 0.05, "difference", 0) > error_rate(even, 0.05, "difference", 0)
