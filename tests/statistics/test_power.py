"""Power of sign flips, one- and two-sided and of equivalence, against simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from nagbench.statistics.power import detectable, families, power, seeds_needed, warnings
from nagbench.statistics.sign_flips import above_ps, depth, smallest_p, two_sided_ps
from nagbench.study.file import study_of
from nagbench.study.model import Study
from small_study import SMALL

TRIALS = 2000
STATEMENTS = ("difference", "at_most", "equivalence")


def near(found: float, expected: float) -> bool:
    """Within the chance of this simulation and of the one in `power`."""
    error = math.sqrt(max(expected * (1 - expected), 5e-3) * (1 / TRIALS + 1 / 1000))
    return bool(abs(found - expected) < 4 * error)


@pytest.mark.parametrize("level", [0.05, 0.01])
@pytest.mark.parametrize("effect", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("pairs", [6, 8, 12])
def test_power_is_as_computed(effect: float, pairs: int, level: float) -> None:
    draws = np.random.default_rng(pairs).normal(size=(TRIALS, pairs))
    above, below = above_ps(draws, -effect), above_ps(-draws, -effect)
    two_sided = two_sided_ps(draws + effect) <= level
    assert near(two_sided.mean(), power(effect, pairs, level))
    assert near((above <= level).mean(), power(effect, pairs, level, "at_most"))
    within = (above <= level) & (below <= level)
    assert near(within.mean(), power(effect, pairs, level, "equivalence"))


def test_power_for_equivalence_is_another_than_for_a_difference() -> None:
    """Where the margin is small the sign flips' power falls to the level, and equivalence's to
    nothing: the one was printed for the other."""
    assert power(0.05, 14, 0.05) == pytest.approx(0.05, abs=0.03)
    assert power(0.05, 14, 0.05, "equivalence") == 0


@pytest.mark.parametrize("effect", [0.0, 0.3, 1.0, math.inf])
def test_where_all_must_lie_on_one_side_it_has_a_closed_form(effect: float) -> None:
    below = float(stats.norm.cdf(effect))
    for statement, one in (("at_most", below), ("equivalence", 2 * below - 1)):
        assert power(effect, 5, 1 / 2**5, statement) == pytest.approx(one**5, abs=1e-12)
    both = pytest.approx(below**5 + (1 - below) ** 5, abs=1e-12)
    assert power(effect, 5, 2 / 2**5) == power(effect, 5, 2 / 2**5, "threshold") == both


@pytest.mark.parametrize(("pairs", "effect", "level"), [(21, 0.1, 0.05), (30, 0.5, 0.01)])
def test_beyond_simulation_it_is_the_power_of_t_tests(
    pairs: int, effect: float, level: float
) -> None:
    """Two-sided by the noncentral F, one-sided by an integral over the deviation."""
    free, far = pairs - 1, effect**2 * pairs
    two_sided = stats.ncf.sf(stats.f.isf(level, 1, free), 1, free, far)
    for statement in ("difference", "threshold"):
        assert power(effect, pairs, level, statement) == pytest.approx(two_sided, abs=1e-4)

    def exceeding(squared: float) -> float:
        """With so much for the sum of squares, a chance, weighed by how likely that is."""
        bound = stats.t.isf(level, free) * math.sqrt(squared / free)
        return float(stats.chi2.pdf(squared, free) * stats.norm.sf(bound - math.sqrt(far)))

    one_sided = integrate.quad(exceeding, 0, 200)[0]
    assert power(effect, pairs, level, "at_most") == pytest.approx(one_sided, abs=1e-4)
    equivalent = power(effect, pairs, level, "equivalence")
    assert equivalent == pytest.approx(max(0, 2 * one_sided - 1), abs=2e-4)


def test_twenty_pairs_are_simulated_a_thousand_times() -> None:
    for statement in STATEMENTS:
        thousandths = 1000 * power(0.3, 20, 0.05, statement)
        assert thousandths == pytest.approx(round(thousandths), abs=1e-9)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_for_many_pairs_it_is_that_of_t_tests(statement: str) -> None:
    simulated = power(0.7, 20, 0.05, statement)
    assert power(0.7, 21, 0.05, statement) == pytest.approx(simulated, abs=0.05)


def test_equivalence_power_is_the_known_one_for_many_pairs() -> None:
    """Where s is known to be σ, 2Φ(m√n/σ − z) − 1."""
    known = 2 * stats.norm.cdf(0.5 * math.sqrt(40) - stats.norm.isf(0.05)) - 1
    assert power(0.5, 40, 0.05, "equivalence") == pytest.approx(known, abs=0.03)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_power_grows_with_the_effect_from_nought_to_one(statement: str) -> None:
    for pairs, level in ((6, 0.05), (8, 0.05), (12, 0.05 / 102), (22, 0.01)):
        effects = (0.0, 0.5, 1.0, 3.0, 50.0, math.inf)
        found = [power(effect, pairs, level, statement) for effect in effects]
        assert (np.diff(found) >= -1e-9).all()
        assert found[0] <= level + 0.03
        assert found[-2:] == pytest.approx([1, 1], abs=1e-6)


@pytest.mark.parametrize(("pairs", "tests"), [(6, 2), (8, 7), (12, 103), (1, 1)])
def test_what_cannot_reject_has_no_power(pairs: int, tests: int) -> None:
    assert power(5.0, pairs, 0.05 / tests) == power(math.inf, pairs, 0.05 / tests) == 0
    assert detectable(pairs, 0.05 / tests) == math.inf


def test_one_pair_has_no_power_at_any_level_and_two_have_some() -> None:
    for statement in STATEMENTS:
        assert power(5.0, 1, 1.0, statement) == 0 < power(5.0, 2, 0.5, statement)


@settings(max_examples=15)
@given(pairs=st.integers(2, 24), level=st.floats(1e-4, 0.5))
def test_without_an_effect_it_is_the_level_that_the_test_attains(pairs: int, level: float) -> None:
    attained = 2 * depth(pairs, level) / 2**pairs
    assert attained <= level * (1 + 1e-9)
    error = 4 * math.sqrt(attained * (1 - attained) / 1000) if pairs <= 20 else 1e-9
    assert power(0.0, pairs, level) == pytest.approx(attained, abs=error)
    assert power(1.0, pairs, level) <= power(1.0, pairs, 2 * level) + 1e-12


@settings(max_examples=8)
@given(pairs=st.integers(6, 24), tests=st.integers(1, 45))
def test_the_detectable_effect_has_the_power_that_it_says(pairs: int, tests: int) -> None:
    level = 0.05 / tests
    effect = detectable(pairs, level)
    if smallest_p(pairs) > level:
        assert effect == math.inf
    else:
        assert effect > 0
        assert power(effect, pairs, level) == pytest.approx(0.8, abs=5e-3)


@pytest.mark.parametrize(("tests", "seeds"), [(1, 6), (15, 10), (45, 11)])
def test_so_many_seeds_are_needed(tests: int, seeds: int) -> None:
    assert seeds_needed(tests, 0.05) == seeds
    assert smallest_p(seeds - 1) * tests > 0.05


def test_two_seeds_are_the_fewest() -> None:
    assert [seeds_needed(1, level) for level in (1.0, 0.5, 0.49)] == [2, 2, 3]


def planned(seeds: int, *families: str, further: int = 0) -> Study:
    """Three optimizers with so many seeds, one with some more, and a claim in each of these
    families, of the two that have most."""
    claim = {
        "claim": "NAG is more accurate", "workload": "tiny", "optimizer": "nag_sutskever",
        "reference": "sgd", "statement": "difference", "direction": "less", "margin": 0.02,
    }  # fmt: skip
    metrics = ("accuracy", "unrest", "deviation")
    more = list(range(50, 50 + further))
    return study_of(
        "small",
        {
            **SMALL,
            "optimizers": {"sgd": None, "nag_sutskever": None, "adam": None},
            "testing": {
                "seeds": list(range(11, 11 + seeds)),
                "further": {"sgd": more, "nag_sutskever": more} if further else {},
            },
            "hypotheses": {
                metric: {**claim, "metric": metric, "family": name}
                for metric, name in zip(metrics, families, strict=False)
            },
        },
        "small",
    )


def test_a_family_has_its_tests_and_the_fewest_seeds() -> None:
    assert families(planned(7, "one", "two", "one", further=3)) == {
        "an optimizer and the others on tiny": (2, 7),
        "hypotheses `one`": (2, 10),
        "hypotheses `two`": (1, 10),
    }


def test_what_cannot_reject_is_warned_of_beforehand() -> None:
    """Seven seeds are enough for two tests of 0.05 and for one; six for one."""
    assert warnings(planned(7, "one", "one")) == []
    said = "cannot reject at level 0.05"
    assert warnings(planned(6, "one", "one", "two")) == [
        f"an optimizer and the others on tiny: 2 tests on 6 seeds {said}; 7 seeds can",
        f"hypotheses `one`: 2 tests on 6 seeds {said}; 7 seeds can",
    ]
    assert len(warnings(planned(5, "one"))) == 2
    # At a level that the least p attains a single test can reject, and two cannot.
    (pairs,) = warnings(replace(planned(6, "one"), level=2 / 2**6))
    assert pairs.startswith("an optimizer and the others on tiny: 2 tests on 6 seeds")


def test_of_four_optimizers_each_has_three_others() -> None:
    study = planned(7)
    four = study.optimizers | {"nag": replace(study.optimizers["sgd"], name="nag")}
    work = replace(study.workloads["tiny"], optimizers=tuple(four))
    assert families(replace(study, optimizers=four, workloads={"tiny": work})) == {
        "an optimizer and the others on tiny": (3, 7)
    }


def test_steps_of_unequal_number_are_warned_of_beforehand() -> None:
    study = planned(7, "one")
    work = study.workloads["tiny"]
    claim = replace(study.hypotheses["accuracy"], reference_workload="long")
    both = {"tiny": work, "long": replace(work, name="long", epochs=9)}
    found = warnings(replace(study, workloads=both, hypotheses={"h": claim}))
    assert [line.partition(" of steps")[0] for line in found] == ["claim h: unequal numbers"]


@pytest.mark.parametrize("pairs", [20, 21])
def test_detectable_needs_two_pairs_and_a_rank(pairs: int) -> None:
    assert detectable(1, 1.0) == math.inf
    assert detectable(2, 0.5) < math.inf
    assert detectable(6, 2 / 2**6) < math.inf
    assert detectable(6, 1.99 / 2**6) == math.inf
    effect = detectable(pairs, 0.05, 0.6)
    assert power(effect, pairs, 0.05) == pytest.approx(0.6, abs=5e-3)
