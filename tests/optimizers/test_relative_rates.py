"""The grid of rates round a chosen one."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.optimizers.relative_rates import rate_factors, relative_rates


def test_nine_rates_of_a_decade_to_either_side() -> None:
    factors = rate_factors(1.0, 0.25)
    assert factors == [0.1, 0.1778, 0.3162, 0.5623, 1.0, 1.778, 3.162, 5.623, 10.0]
    rates = [one["lr"] for one in relative_rates({"lr": 0.03, "momentum": 0.9}, factors)]
    assert rates == [0.003, 0.005334, 0.009486, 0.01687, 0.03, 0.05334, 0.09486, 0.1687, 0.3]


def test_the_chosen_setting_stays_as_it_is() -> None:
    chosen = {"lr": 0.123456789, "betas": [0.9, 0.999]}
    assert relative_rates(chosen, [1.0]) == [chosen]


@given(st.floats(0.1, 3), st.floats(0.01, 1))
def test_factors_reach_both_ends_and_lie_no_farther_apart_than_wanted(
    decades: float, step: float
) -> None:
    factors = rate_factors(decades, step)
    assert len(factors) % 2 == 1
    assert factors[len(factors) // 2] == 1
    assert factors[-1] == pytest.approx(10**decades, rel=1e-3)
    for one, other in zip(factors, reversed(factors), strict=True):
        assert one * other == pytest.approx(1, rel=2e-3)
    gaps = [math.log10(b / a) for a, b in itertools.pairwise(factors)]
    assert max(gaps) <= step + 1e-3
