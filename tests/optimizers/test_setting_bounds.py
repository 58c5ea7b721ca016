"""The ranges of settings: what lies within is taken, what lies outside or on an open end is not."""

import math
from typing import Any

import pytest

from nagbench.errors import InputError
from nagbench.optimizers.setting_bounds import BOUNDS, check_setting

NAMES = pytest.mark.parametrize("name", BOUNDS)


def refused(name: str, value: Any) -> bool:
    try:
        check_setting("study.settings", name, value)
    except InputError:
        return True
    return False


def test_the_refusal_says_where_what_and_what_is_allowed() -> None:
    with pytest.raises(InputError) as caught:
        check_setting("study.settings.kappa", "kappa", 0.5)
    assert str(caught.value) == "study.settings.kappa: found 0.5; allowed: numbers in [1, inf)"


@NAMES
def test_each_end_is_admitted_or_refused_as_declared(name: str) -> None:
    low, high, low_admitted, high_admitted = BOUNDS[name]
    assert refused(name, low) != low_admitted
    assert refused(name, high) != high_admitted
    assert not refused(name, math.nextafter(low, math.inf))
    assert refused(name, math.nextafter(low, -math.inf))
    assert not refused(name, math.nextafter(high, -math.inf))
    if high < math.inf:
        assert refused(name, math.nextafter(high, math.inf))


@NAMES
@pytest.mark.parametrize("value", [math.nan, "0.5", True, None])
def test_what_is_no_number_is_refused(name: str, value: Any) -> None:
    assert refused(name, value)


def test_all_numbers_of_a_list_must_lie_within() -> None:
    assert not refused("betas", [0.9, 0.999])
    assert not refused("betas", (0.0,))
    assert refused("betas", [0.9, 1.0])


def test_a_setting_without_a_range_is_the_optimizers_to_judge() -> None:
    assert not refused("scheme", "gradient")
