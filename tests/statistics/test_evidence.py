"""Evidence from made-up measures, against the rules as `recomputed` writes them again."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

import recomputed
from made_up_measures import (
    DIRECTED,
    LEVEL,
    claim,
    cost,
    found_of,
    four_optimizers,
    given,
    ranking,
    side,
)
from nagbench.statistics import evidence
from nagbench.statistics.evidence import Finding, finding, sides_of
from nagbench.statistics.measures import Measured
from nagbench.step_costs import StepCost, StepCosts
from nagbench.study.model import Hypothesis, Study
from recomputed_statistics import meanless, of_events, of_means, of_ranking, of_wins, rates


@pytest.fixture(scope="module")
def study() -> Study:
    return four_optimizers()


def expected(stated: Hypothesis, sides: Sequence[Measured], level: float) -> dict[str, Any]:
    """The same by the other writing, whose arms are tables."""
    row = {name: getattr(stated, name) for name in Hypothesis.__dataclass_fields__}
    tables = [
        pd.DataFrame(
            {
                "value": one.measures,
                "fails": one.fails,
                "bound": False if one.bounds is None else one.bounds,
            }
        )
        for one in sides
    ]
    pairs = recomputed.pairs_of(row, tables)
    if stated.statement == "events":
        return of_events(row, tables, level)
    if stated.statement == "ranking":
        return of_ranking(row, pairs, level)
    if meanless(pairs[0]):
        return of_wins(row, pairs[0], level)
    return of_means(row, pairs[0]["d"].to_numpy(), level)


def agree(found: Finding, wanted: dict[str, Any]) -> None:
    word, power = wanted["verdict"], wanted.get("power", math.nan)
    if word == "open" and power < 0.5:
        word, wanted = "not testable here", wanted | {"remark": f"power {power:.2f}"}
    labels = ["NAG (Sutskever)", "SGD", "Adam"]
    first = wanted.get("shown")
    told = [] if first is None else [" and ".join(labels[first : first + 2])]
    told = [f"{one} never differ" if wanted.get("same") else one for one in told]
    remark = "; ".join(filter(None, [wanted.get("remark"), *told, *wanted.get("said", [])]))
    if wanted.get("obstacle"):
        assert "cannot decide" in found.verdict.remark
    else:
        assert (found.verdict.word, found.verdict.remark) == (word, remark)
    assert found.verdict.word == word
    if "wins" in wanted:
        assert found.statistic == "pair wins {} : {}".format(*wanted["wins"])
    assert found.evidence.power == pytest.approx(power, abs=1e-6, nan_ok=True)
    for name in ("effect", "low", "high", "inner_low", "inner_high", "p", "calibration"):
        number = wanted.get(name, math.nan)
        if name.startswith("inner") and found.statistic.startswith("exact"):
            continue  # of rates it is in the evidence alone
        assert getattr(found, name) == pytest.approx(number, rel=1e-6, abs=1e-12, nan_ok=True), name


def made_up(seed: int, arms: int, pairs: int, share: float) -> list[Measured]:
    """Arms of correlated measures that differ by up to some deviations, of whose runs some fail."""
    noise = np.random.default_rng(seed)
    common, deviation = noise.normal(size=pairs), 10 ** noise.uniform(-1.5, 0.5)
    steps = 3 if share else 1  # wins are slower to tell
    shifts = steps * noise.choice([-1, -0.5, 0.5, 1]) * np.arange(arms)
    found = []
    for shift in shifts:
        values = common + shift + deviation * noise.normal(size=pairs)
        found.append(side(values.round(3), noise.random(pairs) < share))
    return found


CASES = [
    {"statement": statement, "direction": direction, "metric": metric}
    for statement in ("difference", "equivalence", "at_most", "ranking")
    for direction in (("greater", "less") if statement in DIRECTED else (None,))
    for metric in ("accuracy", "largest_fall", "gradient_ratio")
]


@pytest.mark.parametrize("share", [0.0, 0.15], ids=["whole", "some fail"])
@pytest.mark.parametrize("words", CASES, ids=lambda words: "-".join(filter(None, words.values())))
def test_what_is_found_is_what_the_other_writing_finds(
    study: Study, words: dict[str, Any], share: float
) -> None:
    verdicts = set()
    for seed in range(6):
        arms = 2
        if words["statement"] == "ranking":
            three = ("nag_sutskever", "sgd", "adam")
            words, arms = words | {"optimizers": three, "optimizer": "", "reference": None}, 3
        stated = claim(**words, margin=0.5 if seed % 4 else 0.0)
        sides = made_up(seed, arms, 9 + seed % 2, share)
        found = found_of(study, stated, sides)
        agree(found, expected(stated, sides, LEVEL))
        assert found.pairs == 9 + seed % 2
        if not share:
            assert found.statistic == "sign flips"
            within = stated.statement in ("equivalence", "at_most")
            assert found.confidence == pytest.approx(1 - LEVEL * (2 if within else 1))
        verdicts.add(found.verdict.word)
    assert len(verdicts) > 1


@pytest.mark.parametrize("direction", ["greater", "less"])
def test_a_number_is_a_rival_that_never_varies(study: Study, direction: str) -> None:
    for seed in range(8):
        (own,) = made_up(seed, 1, 9, 0.0)
        stated = claim(statement="threshold", direction=direction, reference=None, value=0.7)
        found = found_of(study, stated, [own])
        agree(found, expected(stated, [own], LEVEL))
        against = replace(stated, statement="difference", value=None, reference="sgd", margin=0.0)
        same = found_of(study, against, [own, side([0.7] * 9)])
        assert (found.low, found.high, found.p) == (same.low, same.high, same.p)
        assert math.isnan(found.evidence.power)


@pytest.mark.parametrize("direction", ["greater", "less"])
@pytest.mark.parametrize(
    ("count", "other"), [(0, 1), (1, 0), (7, 1), (0, 12), (12, 0), (5, 5), (12, 12), (3, 9)]
)
def test_rates_of_events_are_those_of_all_runs(
    study: Study, direction: str, count: int, other: int
) -> None:
    sides = [side([1.0] * one + [0.0] * (all_ - one)) for one, all_ in ((count, 12), (other, 14))]
    for margin in (0.0, 0.9):
        stated = claim(statement="events", metric="diverged", direction=direction, margin=margin)
        found, wanted = found_of(study, stated, sides), expected(stated, sides, LEVEL)
        agree(found, wanted)
        assert found.statistic == f"exact rates {count}/12, {other}/14"
        assert (found.pairs, found.confidence) == (12, 1 - LEVEL)
        inner = sorted(stated.sign * end for end in rates((count, other), (12, 14), 0.05))
        assert [found.evidence.inner_low, found.evidence.inner_high] == pytest.approx(inner)


def test_a_contrast_is_what_a_difference_has_more_than_elsewhere(study: Study) -> None:
    """(NAG − SGD) here less (NAG − SGD) there."""
    sides = made_up(5, 4, 10, 0.0)
    nag, sgd, nag_there, sgd_there = (one.measures for one in sides)
    stated = claim(contrast="tiny")
    found = found_of(study, stated, sides)
    gain = side(nag - sgd - nag_there + sgd_there)
    same = found_of(study, claim(), [gain, side([0.0] * 10)])
    for name in ("effect", "low", "high", "p", "inner_low", "inner_high", "calibration"):
        assert getattr(found, name) == pytest.approx(getattr(same, name))
    with patch.object(evidence, "measured", side_effect=[sides[:2], sides[2:]]) as measured:
        assert finding(study, stated, given(None), LEVEL).effect == pytest.approx(found.effect)
    assert measured.call_count == 2  # times share a horizon on one workload, not on two
    alone = found_of(study, claim(contrast="tiny", reference=None), sides[:2])
    assert alone.effect == pytest.approx((nag - sgd).mean())
    number = claim(statement="threshold", contrast="tiny", reference=None, value=0.7)
    assert found_of(study, number, sides[:2]).effect == alone.effect  # it is taken off both


def test_wins_count_failures_on_the_side_that_has_them(study: Study) -> None:
    never = [True] * 8
    for metric in ("accuracy", "largest_fall", "gradient_ratio"):
        for direction in ("greater", "less"):
            stated = claim(metric=metric, direction=direction)
            own, other = side([0.0] * 8, never), side([1.0] * 8)
            better = stated.measured.better
            found = found_of(study, stated, [own, other])
            # Of a metric that has no better side what is claimed counts as better.
            good = not better or better == direction
            assert found.verdict.word == ("contradicted" if good else "supported")
            assert found.statistic == ("pair wins 0 : 8" if good else "pair wins 8 : 0")
            assert found.p == 2 / 2**8
            assert math.isnan(found.effect)
            assert math.isnan(found.low)
            assert found.evidence.fails
            assert not found.evidence.wins_within


@pytest.mark.parametrize("statement", ["difference", "at_most", "equivalence"])
def test_wins_decide_up_to_the_level(study: Study, statement: str) -> None:
    """Of eight pairs that all go one way p is 2 / 2⁸."""
    never, exactly = [True] * 8, 2 / 2**8
    for fails in (((), never), (never, ())):
        stated, sides = claim(statement=statement), [side([0.0] * 8, own) for own in fails]
        decided = "contradicted" if fails[0] or statement != "difference" else "supported"
        if statement == "at_most" and fails[0]:
            decided = "supported"  # worse than any margin above
        assert found_of(study, stated, sides, exactly).verdict.word == decided
        assert found_of(study, stated, sides, exactly * 0.999).verdict.word != decided


def test_wins_against_a_margin(study: Study) -> None:
    """Of ten pairs nine are alike, and in one the claim's own run fails."""
    sides = [side([0.0] * 10, [True] + [False] * 9), side([0.0] * 10)]
    small = found_of(study, claim(statement="at_most"), sides)
    assert (small.statistic, small.verdict.word) == ("pair wins 10 : 0", "supported")
    one_sided = 11 / 2**10  # nine or ten of ten above −m
    for level, word in ((0.05, "supported"), (one_sided, "supported"), (one_sided * 0.999, "open")):
        found = found_of(study, claim(statement="equivalence"), sides, level)
        assert (found.verdict.word, found.p) == (word, one_sided)
        assert found.statistic == "pair wins 9 : 1"
        assert found.verdict.remark == "a run fails in 1 of 10 pairs"


def test_outside_a_margin_the_pairs_there_count_against_the_claim(study: Study) -> None:
    sides = [side([0.0] * 10, [True] * 9 + [False]), side([0.0] * 10)]
    found = found_of(study, claim(statement="equivalence"), sides)
    assert (found.verdict.word, found.statistic) == ("contradicted", "pair wins 1 : 9")
    assert found.p == 22 / 2**10
    agree(found, expected(claim(statement="equivalence"), sides, LEVEL))


@pytest.mark.parametrize("statement", ["difference", "at_most", "equivalence"])
def test_pairs_that_are_ties_decide_nothing(study: Study, statement: str) -> None:
    """Both arms fail wholly, or but for as few pairs as no level allows to decide."""
    stated, never = claim(statement=statement), [True] * 10
    for left, said in ((0, "all 10"), (4, "all but 4 of 10")):
        own = side([1.0] * 10, [True] * (10 - left) + [False] * left)
        found = found_of(study, stated, [own, side([0.0] * 10, never)])
        assert found.verdict.word == "not testable here"
        assert found.verdict.remark.startswith(f"{said} pairs are ties, which cannot decide a")
        agree(found, expected(stated, [own, side([0.0] * 10, never)], LEVEL))
    enough = side([1.0] * 10, [True] * 3 + [False] * 7)
    found = found_of(study, stated, [enough, side([0.0] * 10, never)])
    assert found.verdict.word != "not testable here"


def test_what_is_shown_of_a_small_difference_is_the_inner_interval(study: Study) -> None:
    for statement in ("equivalence", "at_most"):
        found = found_of(study, claim(statement=statement), made_up(1, 2, 10, 0.0))
        assert (found.low, found.high) == (found.inner_low, found.inner_high)


def test_outside_a_margin_the_p_is_that_of_the_nearer_end(study: Study) -> None:
    stated = claim(statement="equivalence")
    for sign in (1, -1):
        sides = [side([sign * x for x in (-0.2, *np.linspace(-4, -3, 9))]), side([0.0] * 10)]
        found = found_of(study, stated, sides)
        assert found.verdict.word == "contradicted"
        assert found.p == 4 / 2**10  # two of the subsets' means lie within, of the one and of none
        agree(found, expected(stated, sides, LEVEL))


def test_nought_has_no_sign(study: Study) -> None:
    alike = [side([1.0] * 10)] * 2
    found = found_of(study, claim(direction="less", margin=0.0), alike)
    for end in (found.low, found.high, found.inner_low, found.inner_high):
        assert str(end) == "0.0"


def test_of_a_ranking_wins_decide_where_a_run_fails(study: Study) -> None:
    """What is shown is of those who contradict, with a p corrected for their number, or else of the
    neighbours whose p is largest."""
    never, flat = [True] * 10, np.arange(10) * 0.01
    names = ("nag_sutskever", "sgd", "adam")
    down = [side(flat + 2), side(flat * 2), side(flat, never)]
    found = found_of(study, ranking(*names), down)
    assert (found.verdict.word, found.statistic) == ("supported", "sign flips")
    assert found.effect == pytest.approx((2 - flat).mean())
    assert found.p == 2 / 2**10
    assert found.verdict.remark == "NAG (Sutskever) and SGD"
    assert math.isnan(found.evidence.power)
    agree(found, expected(ranking(*names), down, LEVEL))
    up = found_of(study, ranking(*names), down[::-1])
    assert (up.verdict.word, up.p) == ("contradicted", 4 / 2**10)
    assert (up.statistic, up.effect) == ("pair wins 0 : 10", pytest.approx(math.nan, nan_ok=True))
    one_turns = [side(flat + 2), side(flat, never), side(flat + 1)]
    against = found_of(study, ranking(*names), one_turns)
    assert (against.verdict.word, against.statistic) == ("contradicted", "pair wins 0 : 10")
    assert against.verdict.remark == "SGD and Adam; a run fails in 10 of 10 pairs"
    assert math.isnan(against.effect)
    assert math.isnan(against.low)
    agree(against, expected(ranking(*names), one_turns, LEVEL))


def test_neighbours_that_never_differ_are_named(study: Study) -> None:
    flat = np.arange(10) * 0.01
    sides = [side(flat + 2), side(flat), side(flat)]
    found = found_of(study, ranking("nag_sutskever", "sgd", "adam"), sides)
    assert (found.verdict.word, found.p, found.effect) == ("open", 1.0, 0.0)
    assert found.verdict.remark == "SGD and Adam never differ"
    agree(found, expected(ranking("nag_sutskever", "sgd", "adam"), sides, LEVEL))


def test_of_a_ranking_wins_decide_up_to_the_level(study: Study) -> None:
    """Ten wins have p = 2 / 2¹⁰, eight and two ties 8 / 2¹⁰; against it two neighbours share."""
    flat, two, all_ = [0.0] * 10, [True] * 2 + [False] * 8, [True] * 10
    sides = [side([1.0] * 10), side(flat, two), side(flat, all_)]
    stated, level = ranking("nag_sutskever", "sgd", "adam"), 8 / 2**10
    assert found_of(study, stated, sides, level).verdict.word == "supported"
    assert found_of(study, stated, sides, level * 0.999).verdict.word == "open"
    against = found_of(study, stated, sides[::-1], level / 2)
    assert (against.verdict.word, against.p) == ("contradicted", 4 / 2**10)
    nobody = found_of(study, stated, [side(flat, all_)] * 3)
    assert (nobody.verdict.word, nobody.p) == ("open", 1.0)


def test_the_pairs_of_a_ranking_are_those_of_the_neighbours_that_are_shown(study: Study) -> None:
    sides = [side([float(n)] * pairs) for n, pairs in ((3, 12), (2, 10), (1, 9))]
    assert found_of(study, ranking("nag_sutskever", "sgd", "adam"), sides).pairs == 9


def test_a_cost_is_taken_from_where_it_was_measured(study: Study) -> None:
    """Without it, or that of one arm, a claim waits; not where steps were executed otherwise."""
    stated = claim(metric="step_cost", margin=0.05)
    noise = np.random.default_rng(0)
    nag, sgd = (cost(name, noise.uniform(1, 2, 9)) for name in ("nag_sutskever", "sgd"))

    def found(*costs: StepCost) -> Finding:
        return finding(study, stated, given(StepCosts({}, costs, {})), LEVEL)

    without = finding(study, stated, given(None), LEVEL)
    assert (without.waits, without.verdict.remark) == (True, stated.measured.elsewhere)
    assert (found(nag).waits, found(nag).pairs) == (True, 0)
    assert found(nag).verdict.remark == "no step of sgd on tiny was measured"
    unlike = found(nag, replace(sgd, execution="graph"))
    assert (unlike.waits, unlike.verdict.remark[:24]) == (False, "steps executed otherwise")
    logs = [side(np.log(one.seconds)) for one in (nag, sgd)]
    agree(found(nag, sgd), expected(stated, logs, LEVEL))
    for costs in (None, StepCosts({}, [nag], {})):
        assert sides_of(study, stated, given(costs)) == []
