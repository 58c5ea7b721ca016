"""Intervals and Holm's correction against closed forms and published examples."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.statistics.intervals import bonferroni, holm, mean_interval, percentiles


def test_students_interval_is_the_textbooks() -> None:
    # Mean 3, standard error sqrt(2.5/5); t(0.975, 4) = 2.776445.
    low, high = mean_interval(np.array([1.0, 2, 3, 4, 5]))
    assert low == pytest.approx(3 - 2.776445 * math.sqrt(0.5), abs=1e-6)
    assert high == pytest.approx(3 + 2.776445 * math.sqrt(0.5), abs=1e-6)


def test_two_values_have_an_interval_with_one_degree_of_freedom() -> None:
    # Mean 0.5, standard error 0.5; t(0.95, 1) = 6.313752, t(0.975, 1) = 12.706205.
    two = np.array([0.0, 1])
    assert mean_interval(two) == pytest.approx((0.5 - 6.3531025, 0.5 + 6.3531025), abs=1e-6)
    assert mean_interval(two, 0.9) == pytest.approx((0.5 - 3.156876, 0.5 + 3.156876), abs=1e-6)


def test_percentiles_leave_as_much_out_on_either_side() -> None:
    resampled = np.random.default_rng(0).permutation(np.arange(1001.0))
    assert percentiles(resampled) == pytest.approx((25, 975))
    assert percentiles(resampled, 0.9) == pytest.approx((50, 950))


@pytest.mark.parametrize("values", [[], [0.5]])
def test_one_value_has_no_interval(values: list[float]) -> None:
    assert np.isnan(mean_interval(np.array(values))).all()


def test_the_interval_covers_as_often_as_it_says() -> None:
    noise = np.random.default_rng(1)
    covered = 0
    for _ in range(4000):
        low, high = mean_interval(noise.normal(size=6))
        covered += low <= 0 <= high
    assert abs(covered / 4000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 4000)


def test_holms_own_steps() -> None:
    adjusted = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(adjusted, [0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_raw_and_bonferroni(p_values: list[float]) -> None:
    raw = np.array(p_values)
    adjusted = holm(raw)
    assert (adjusted >= raw).all()
    assert (adjusted <= np.minimum(len(raw) * raw, 1) + 1e-15).all()
    assert adjusted.argmin() == raw.argmin() or adjusted.min() == adjusted[raw.argmin()]
    order = np.argsort(raw)
    assert (np.diff(adjusted[order]) >= 0).all()


def test_undefined_p_values_take_no_part() -> None:
    adjusted = holm(np.array([0.01, math.nan, 0.04]))
    np.testing.assert_allclose(adjusted, [0.02, math.nan, 0.04])


def test_an_empty_family_is_empty() -> None:
    assert len(holm(np.array([]))) == 0


def test_bonferroni_multiplies_to_one_at_most() -> None:
    adjusted = bonferroni(np.array([0.01, 0.25, math.nan, 0.5]), 3)
    np.testing.assert_allclose(adjusted, [0.03, 0.75, math.nan, 1.0])
    assert len(bonferroni(np.array([]), 3)) == 0
