"""The settings that tuning may try, and what becomes of the borders of a space."""

from dataclasses import replace

import pytest

from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.search_space import Domain
from nagbench.optimizers.spec import OptimizerSpec
from nagbench.study.halving import Rung
from nagbench.study.model import Tuning
from nagbench.study.trials import tried

RUNGS = (Rung(2, 8), Rung(6, 3))
TUNING = Tuning(points=16, seeds=(1, 2, 3), rungs=RUNGS)
NAG = replace(
    CATALOGUE["nag"],
    space={
        "lr/(1-momentum)": Domain(0.01, 10.0),
        "momentum": Domain(0.5, 0.995, "log_one_minus"),
    },
)
RATE = replace(CATALOGUE["sgd"], space={"lr": Domain(0.01, 10.0)})


def test_the_published_setting_comes_first_and_enters_no_rung() -> None:
    settings, halving = tried(TUNING, NAG)
    assert settings[0] == dict(NAG.defaults)
    assert (halving.beside, halving.space) == ((0,), tuple(range(1, 17)))
    without, others = tried(replace(TUNING, default=False), NAG)
    assert without == settings[1:]
    assert (others.beside, others.space) == ((), tuple(range(16)))


def test_points_lie_in_the_space_and_fill_each_coordinate_evenly() -> None:
    settings, halving = tried(TUNING, NAG)
    for name, domain in NAG.space.items():
        at = []
        for n in halving.space:
            value = settings[n]["momentum"]
            value = settings[n]["lr"] / (1 - value) if "/" in name else value
            at.append(domain.fraction(value))
        # Each sixteenth of a coordinate has one of 16 Sobol points, but for rounding.
        for n, place in enumerate(sorted(at)):
            assert n / 16 - 2e-3 <= place <= (n + 1) / 16 + 2e-3


def test_short_runs_decide_nothing_where_they_rank_badly() -> None:
    settings, halving = tried(TUNING, replace(NAG, late=True))
    assert halving.rungs == ()
    assert halving.space == (1, 2, 3, 4, 5)
    assert settings[1:6] == tried(replace(TUNING, points=5), NAG)[0][1:6]


def test_what_has_no_space_has_its_published_setting_alone() -> None:
    settings, halving = tried(TUNING, replace(NAG, space={}))
    assert settings == [dict(NAG.defaults)]
    assert (halving.space, halving.beside, halving.strips) == ((), (0,), ())


@pytest.mark.parametrize("optimizer", [NAG, RATE], ids=["two coordinates", "one"])
def test_a_strip_lies_beyond_its_border_as_densely_as_the_space(optimizer: OptimizerSpec) -> None:
    settings, halving = tried(TUNING, optimizer)
    assert [strip.border for strip in halving.strips] == [
        f"{name} {end}" for name in sorted(optimizer.space) for end in ("low", "high")
    ]
    numbers = [n for strip in halving.strips for n in strip.trials]
    assert numbers == list(range(17, len(settings)))
    for strip in halving.strips:
        name, end = strip.border.split()
        domain = optimizer.space[name]
        assert set(strip.near) <= {0, *halving.space}
        assert strip.near
        assert set(strip.outer) <= set(strip.trials)
        assert strip.outer
        for n in strip.trials:
            rate, momentum = settings[n]["lr"], settings[n].get("momentum", 0.0)
            at = domain.fraction(momentum if name == "momentum" else rate / (1 - momentum))
            assert at < 1e-3 if end == "low" else at > 1 - 1e-3
    # A decade of three is a third of the 16 points.
    decade = next(strip for strip in halving.strips if strip.border.startswith("lr"))
    assert len(decade.trials) == 6


def test_near_a_border_is_one_spacing_of_it() -> None:
    settings, halving = tried(TUNING, RATE)
    by_rate = sorted(halving.space, key=lambda n: settings[n]["lr"])
    low, high = halving.strips
    assert (low.near, high.near) == ((by_rate[0],), (by_rate[-1],))


def test_a_space_that_may_not_grow_is_left_as_it_is() -> None:
    settings, halving = tried(replace(TUNING, grows=False), NAG)
    assert len(settings) == 17
    assert halving.strips == ()
