"""Trials: equal in number, inside the space, distinct, and spread as their scale says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.errors import InputError
from nagbench.optimizers.search_space import Domain, trials

RATES = Domain(1e-3, 1.0)


def test_the_first_trial_is_the_published_default() -> None:
    found = trials({"lr": RATES}, {"lr": 0.05, "momentum": 0.9}, 5, "grid", 0)
    assert found[0] == {"lr": 0.05, "momentum": 0.9}
    assert [trial["lr"] for trial in found[1:]] == [0.001, 0.01, 0.1, 1.0]
    assert {trial["momentum"] for trial in found} == {0.9}


@given(
    low=st.floats(1e-6, 1e-2),
    decades=st.floats(0.5, 5),
    fraction=st.floats(0, 1),
    count=st.integers(3, 40),
)
def test_a_grid_never_repeats_a_setting(
    low: float, decades: float, fraction: float, count: int
) -> None:
    domain = Domain(low, low * 10**decades)
    default = domain.at(fraction)
    rates = [trial["lr"] for trial in trials({"lr": domain}, {"lr": default}, count, "grid", 0)]
    assert len(rates) == count
    assert len(set(rates)) == count


def test_a_default_on_the_grid_makes_room_for_another_point() -> None:
    rates = [trial["lr"] for trial in trials({"lr": RATES}, {"lr": 0.1}, 5, "grid", 0)]
    assert len(set(rates)) == 5
    assert min(rates) == 0.001
    assert max(rates) == 1.0


def test_one_trial_beside_the_default_is_enough() -> None:
    assert len(trials({"lr": RATES}, {"lr": 0.1}, 2, "grid", 0)) == 2


@given(seed=st.integers(0, 1000), count=st.integers(2, 60))
def test_quasirandom_trials_are_distinct_and_inside(seed: int, count: int) -> None:
    space = {"lr": RATES, "momentum": Domain(0.5, 0.999, "log_one_minus")}
    found = trials(space, {"lr": 0.1, "momentum": 0.9}, count, "quasirandom", seed)
    assert len({tuple(sorted(trial.items())) for trial in found}) == count
    for trial in found:
        assert 1e-3 <= trial["lr"] <= 1
        assert 0.5 <= trial["momentum"] <= 0.999


def test_quasirandom_trials_fill_every_cell_evenly() -> None:
    space = {"lr": RATES, "momentum": Domain(0.5, 0.999, "log_one_minus")}
    found = trials(space, {"lr": 0.1, "momentum": 0.9}, 65, "quasirandom", 3)[1:]
    for axis, domain in space.items():
        for quarter in range(4):
            low, high = domain.at(quarter / 4), domain.at((quarter + 1) / 4)
            inside = sum(low <= trial[axis] < high for trial in found)
            assert 13 <= inside <= 19  # 16 of 64 if perfectly even


def test_momenta_get_equal_room_at_each_nine() -> None:
    domain = Domain(0.0, 0.999, "log_one_minus")
    assert [domain.at(n / 3) for n in range(4)] == [0.0, 0.9, 0.99, 0.999]


@pytest.mark.parametrize(
    "domain",
    [
        Domain(1, 1, "linear"),
        Domain(2, 1),
        Domain(0, 1),
        Domain(0.5, 1, "log_one_minus"),
        Domain(0.1, 1, "cubic"),
    ],
)
def test_unusable_intervals_have_a_stated_problem(domain: Domain) -> None:
    assert domain.problem()


@pytest.mark.parametrize(
    "domain", [Domain(0, 1, "linear"), RATES, Domain(0, 1 - 1e-9, "log_one_minus")]
)
def test_usable_intervals_have_none(domain: Domain) -> None:
    assert domain.problem() is None
    assert math.isclose(domain.at(0), domain.low, abs_tol=1e-12)


def test_a_grid_needs_a_learning_rate() -> None:
    with pytest.raises(InputError, match="lr"):
        trials({"momentum": Domain(0.1, 0.9)}, {"momentum": 0.9}, 4, "grid", 0)
