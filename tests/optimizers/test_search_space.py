"""Trials: equal in number, inside the space, distinct, and spread as their scale says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.catalogue.spaces import LINEAR
from nagbench.optimizers.search_space import (
    Coordinate,
    Domain,
    coordinate,
    grown,
    rate_of,
    settings_of,
    sobol_points,
    trials,
)
from nagbench.optimizers.setting_bounds import check_setting
from nagbench.optimizers.spec import OptimizerSpec

RATES = Domain(1e-3, 1.0)
STEPS = Domain(1e-2, 10.0)
MOMENTA = Domain(0.5, 0.995, "log_one_minus")
DOMAINS = (Domain(-1.0, 3.0, "linear"), RATES, MOMENTA)


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


def test_the_last_nine_of_a_momentum_is_not_rounded_away() -> None:
    assert Domain(0.9, 0.999999, "log_one_minus").at(1) == 0.999999
    assert Domain(0.9, 0.999999, "log_one_minus").at(0.8) == 0.99999


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.scale)
@given(fraction=st.floats(0, 1))
def test_fraction_is_the_inverse_of_at(domain: Domain, fraction: float) -> None:
    assert domain.fraction(domain.at(fraction)) == pytest.approx(fraction, abs=1e-3)


def test_a_fraction_is_of_the_scale() -> None:
    assert Domain(0, 4, "linear").fraction(1) == 0.25
    assert RATES.fraction(0.01) == pytest.approx(1 / 3)
    assert RATES.fraction(10) == pytest.approx(4 / 3)
    assert RATES.fraction(0) == -math.inf
    assert MOMENTA.fraction(0.95) == pytest.approx(0.5)  # √(.5 · .005) = .05
    assert MOMENTA.fraction(1) == math.inf


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lr", ("lr", None, None)),
        ("betas[0]", ("betas", 0, None)),
        ("lr/(1-momentum)", ("lr", None, "momentum")),
    ],
)
def test_a_coordinates_name_says_what_it_is(name: str, expected: tuple[object, ...]) -> None:
    assert coordinate(name) == Coordinate(*expected)


@pytest.mark.parametrize("name", ["", "lr/momentum", "betas[]", "betas[10]", "lr/(1-betas[0])"])
def test_what_is_no_coordinate_is_one_clear_error(name: str) -> None:
    with pytest.raises(InputError, match=r"betas\[0\].*lr/\(1-momentum\)"):
        coordinate(name)


def test_a_coordinates_value_and_its_change_are_inverse() -> None:
    settings = {"lr": 0.03, "momentum": 0.97, "betas": (0.8, 0.999)}
    for name, value in (("lr", 0.2), ("betas[1]", 0.9), ("lr/(1-momentum)", 4.0)):
        axis = coordinate(name)
        changed = axis.changed(settings, value)
        assert axis.value(changed) == pytest.approx(value)
        kept = set(settings) - {axis.setting}
        assert {key: changed[key] for key in kept} == {key: settings[key] for key in kept}
    assert coordinate("lr/(1-momentum)").value(settings) == pytest.approx(1)
    assert coordinate("betas[0]").changed(settings, 0.5)["betas"] == (0.5, 0.999)


def test_a_step_over_a_momentum_takes_the_momentum_of_its_point() -> None:
    """The rate is the long run's step times 1 - μ, whichever of the two comes first by name."""
    for momentum in ("momentum", "a"):
        step = f"lr/(1-{momentum})"
        space, defaults = {step: STEPS, momentum: MOMENTA}, {"lr": 0.01, momentum: 0.9}
        places = {step: 0.5, momentum: 1.0}
        ((settings),) = settings_of(space, defaults, [[places[name] for name in sorted(space)]])
        assert settings == {momentum: 0.995, "lr": pytest.approx(10**-0.5 * 0.005, rel=1e-3)}


def test_settings_at_the_corners_are_the_ends() -> None:
    space = {"lr": RATES, "betas[0]": MOMENTA}
    found = settings_of(space, {"lr": 0.1, "betas": (0.9, 0.999)}, [[0, 0], [1, 1], [0, 1]])
    assert found == [
        {"lr": 0.001, "betas": (0.5, 0.999)},
        {"lr": 1.0, "betas": (0.995, 0.999)},
        {"lr": 1.0, "betas": (0.5, 0.999)},  # by name: `betas[0]`, `lr`
    ]


@given(dimensions=st.integers(1, 3), few=st.integers(1, 20), more=st.integers(0, 20))
def test_a_longer_sobol_list_begins_with_the_shorter(dimensions: int, few: int, more: int) -> None:
    short, long = (sobol_points(dimensions, count, 7) for count in (few, few + more))
    assert long[:few] == short
    assert len(long) == few + more
    assert all(len(point) == dimensions and 0 <= min(point) <= max(point) < 1 for point in long)


def test_sixteen_sobol_points_stratify_each_axis() -> None:
    """A net: of 16 points one lies in each sixteenth of an axis, and in each cell of 4 × 4."""
    points = sobol_points(2, 16, 3)
    for axis in range(2):
        assert sorted(int(16 * point[axis]) for point in points) == list(range(16))
    assert len({(int(4 * x), int(4 * y)) for x, y in points}) == 16
    assert sobol_points(2, 16, 4) != points


@pytest.mark.parametrize(
    ("name", "domain", "end", "expected"),
    [
        ("lr", RATES, "low", (1e-4, 1.0)),
        ("lr", RATES, "high", (1e-3, 10.0)),
        ("lr/(1-momentum)", STEPS, "high", (1e-2, 100.0)),
        ("momentum", MOMENTA, "high", (0.5, 0.9995)),
        ("momentum", MOMENTA, "low", (0.0, 0.995)),  # 1 - μ would be 5
        ("betas[0]", MOMENTA, "low", (0.0, 0.995)),
        ("nu", Domain(0.4, 0.8, "linear"), "high", (0.4, 1.0)),  # ν is at most 1
        ("kappa", Domain(1.0, 100.0), "low", (1.0, 100.0)),  # there already
        ("anything", Domain(0.5, 1.5, "linear"), "low", (-0.5, 1.5)),
    ],
)
def test_a_space_grows_by_a_decade_within_what_a_setting_may_be(
    name: str, domain: Domain, end: str, expected: tuple[float, float]
) -> None:
    other = Domain(0, 1, "linear")
    space = grown({name: domain, "other": other}, name, end)
    assert (space[name].low, space[name].high) == expected
    assert space[name].problem() is None
    assert space["other"] is other


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=CATALOGUE)
def test_a_rows_space_is_of_the_rate_and_at_most_one_more(row: OptimizerSpec) -> None:
    """Weight decay is tuned for none, and the published setting lies within."""
    assert rate_of(row.space) is not None
    assert len(row.space) <= 2
    assert "weight_decay" not in row.space
    for name, domain in row.space.items():
        value = coordinate(name).value(row.defaults)
        assert domain.low * (1 - 1e-9) <= value <= domain.high * (1 + 1e-9), name
    corners = [[end] * len(row.space) for end in (0.0, 1.0)]
    for settings in settings_of(row.space, row.defaults, corners):
        for setting, found in settings.items():
            check_setting(row.name, setting, found)


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=CATALOGUE)
def test_with_a_momentum_the_long_runs_step_is_searched_as_gradient_descents_is(
    row: OptimizerSpec,
) -> None:
    if "momentum" in row.space and row.symmetries == LINEAR and not row.own_schedule:
        assert row.space["lr/(1-momentum)"] == CATALOGUE["sgd"].space["lr"]


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
