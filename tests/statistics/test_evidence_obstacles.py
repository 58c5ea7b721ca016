"""What stands in the way of a verdict, and what is said of it."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from made_up_measures import LEVEL, claim, found_of, four_optimizers, ranking, side
from nagbench.study.model import Study
from recomputed_statistics import rates


@pytest.fixture(scope="module")
def study() -> Study:
    return four_optimizers()


def test_runs_that_are_missing_are_waited_for(study: Study) -> None:
    for place, label in enumerate(("NAG", "SGD")):
        sides = [side([1.0] * 9, missing=2 * (n == place)) for n in range(2)]
        found = found_of(study, claim(), sides)
        assert found.verdict.remark.startswith("2 of 11 runs of ")
        assert label in found.verdict.remark
        assert found.verdict.remark.endswith(" on tiny missing")
        assert (found.waits, found.pairs) == (True, 9)
    sides = [side([1.0] * 9, missing=2 * (n == 2)) for n in range(3)]
    found = found_of(study, ranking("nag_sutskever", "sgd", "adam"), sides)
    assert found.verdict.remark == "2 of 11 runs of Adam on tiny missing"
    assert (found.waits, found.pairs) == (True, 9)


@pytest.mark.parametrize(
    ("pairs", "level", "words", "reason"),
    [
        (6, 0.025, {}, "6 pairs cannot decide a family of 2"),
        (6, 0.05 / 7, {}, "6 pairs cannot decide a family of 7"),
        (7, 0.025, {}, ""),
        (5, 0.05, {}, "5 pairs cannot decide a claim"),
        (6, 0.05, {}, ""),
        (5, 0.025, {"statement": "at_most"}, "5 pairs cannot decide a family of 2"),
        (6, 0.025, {"statement": "at_most"}, ""),
        (4, 0.05, {"statement": "equivalence"}, "4 pairs cannot decide a claim"),
        (5, 0.05, {"statement": "equivalence"}, ""),
        (2, 0.05, {"statement": "events", "metric": "diverged"}, ""),
        (0, 0.05, {}, "no run of the study measures it"),
    ],
)
def test_too_few_pairs_decide_nothing(
    study: Study, pairs: int, level: float, words: dict[str, Any], reason: str
) -> None:
    sides = [side(list(range(1, pairs + 1))), side([0.0] * pairs)]
    found = found_of(study, claim(**words), sides, level)
    assert found.evidence.obstacle == reason
    assert not found.waits
    assert found.pairs == pairs


def test_of_a_ranking_each_neighbour_needs_pairs_for_its_share(study: Study) -> None:
    """Three neighbours share 0.05, so each needs 7 pairs, not 6."""
    names = ("nag_sutskever", "sgd", "adam", "heavy_ball")
    for pairs, reason in ((6, "6 pairs cannot decide a family of 3"), (7, "")):
        sides = [side(list(np.arange(pairs) * 0.01 + 9 - n)) for n in range(4)]
        found = found_of(study, ranking(*names), sides, 0.05)
        assert (found.evidence.obstacle, found.waits) == (reason, False)
    assert found.verdict.word == "supported"


def test_what_is_not_defined_is_counted_where_no_run_fails(study: Study) -> None:
    values = [math.nan, math.nan, *range(8)]
    for fails, count in (((), 2), ([True] + [False] * 9, 1), ([True] * 2 + [False] * 8, 0)):
        reason = f"the measure is not defined in {count} of 10 pairs" if count else ""
        for own, others in ((fails, ()), ((), fails), (fails, fails)):
            sides = [side(values, own), side([0.0] * 10, others)]
            assert found_of(study, claim(), sides).evidence.obstacle == reason


def test_where_no_run_arrives_a_bound_is_said(study: Study) -> None:
    never = [True] * 14
    sides = [side([100.0] * 14, never), side([100.0] * 12, never[:12])]
    stated = claim(metric="gradients", direction="less")
    for runs in (9, 12):
        other = side([100.0] * runs, never[:runs])
        found = found_of(study, stated, [sides[0], other])
        most = 100 * (1 - LEVEL ** (1 / runs))
        reason = f"no run reaches 20 %: at most {most:.0f} % of either's runs would"
        assert (found.evidence.nothing, found.pairs, found.waits) == (reason, runs, False)
        assert found.verdict.remark == reason
    one = [side([100.0] * 14, [False, *never[1:]]), sides[0]]
    assert not found_of(study, stated, one).evidence.nothing
    assert found_of(study, stated, one[::-1]).statistic == "pair wins 0 : 1"
    assert not found_of(study, claim(), sides).evidence.nothing  # broken runs of no clock
    three = [*sides[:1] * 2, sides[1]]
    found = found_of(study, ranking("sgd", "adam", "heavy_ball", metric="gradients"), three)
    assert found.evidence.nothing.startswith("no run reaches 20 %")
    assert (found.verdict.word, found.pairs) == ("not testable here", 14)


def test_the_lowest_target_that_is_said_is_the_claimed_arms(study: Study) -> None:
    work = study.workloads["tiny"]
    other = replace(work, name="other", targets=replace(work.targets, low=0.3, high=0.4))
    both = replace(study, workloads={"tiny": work, "other": other})
    stated = claim(metric="epochs", direction="less", reference_workload="other")
    found = found_of(both, stated, [side([2.0] * 9, [True] * 9)] * 2)
    assert found.evidence.nothing.startswith("no run reaches 20 %")


def test_where_no_event_is_in_either_arm_a_bound_is_said(study: Study) -> None:
    stated = claim(statement="events", metric="diverged", direction="less")
    found = found_of(study, stated, [side([0.0] * 20), side([0.0] * 12)])
    low, high = rates((0, 0), (20, 12), LEVEL)
    most = 100 * max(-low, high)
    reason = f"none in either arm: their rates differ by at most {most:.0f} points"
    assert (found.evidence.nothing, found.pairs) == (reason, 12)
    assert found_of(study, stated, [side([0.0] * 12), side([0.0] * 20)]).evidence.nothing == reason
    few = found_of(study, stated, [side([0.0] * 4), side([0.0] * 3)])
    assert few.evidence.nothing.endswith(f"{-100 * rates((0, 0), (4, 3), LEVEL)[0]:.0f} points")


@pytest.mark.parametrize("pairs", [(20, 12), (12, 20), (4, 3), (9, 9)])
def test_where_every_run_of_either_arm_has_the_event_a_bound_is_said(
    study: Study, pairs: tuple[int, int]
) -> None:
    stated = claim(statement="events", metric="diverged", direction="less")
    found = found_of(study, stated, [side([1.0] * count) for count in pairs])
    low, high = rates(pairs, pairs, LEVEL)
    reason = f"all in both arms: their rates differ by at most {100 * max(-low, high):.0f} points"
    assert (found.evidence.nothing, found.pairs) == (reason, min(pairs))
    all_but_one = [side([0.0] + [1.0] * (count - 1)) for count in pairs]
    assert not found_of(study, stated, all_but_one).evidence.nothing


def test_what_is_counted_is_nothing_where_there_is_none_not_where_it_is_one(study: Study) -> None:
    """Spikes are no event: one in each run says that there are as many."""
    stated = claim(metric="spikes", direction="less")
    none = found_of(study, stated, [side([0.0] * 9)] * 2)
    assert none.evidence.nothing.startswith("none in either arm")
    assert not found_of(study, stated, [side([1.0] * 9)] * 2).evidence.nothing
    assert not found_of(study, claim(), [side([0.0] * 9)] * 2).evidence.nothing  # accuracies


def test_bands_are_nothing_where_no_rate_is_usable_in_either_arm(study: Study) -> None:
    stated, none, some = claim(metric="band"), side([0.0] * 9), side([0.0] * 8 + [0.3])
    assert found_of(study, stated, [none, none]).evidence.nothing == stated.measured.nothing
    for sides in ([some, none], [none, some]):
        assert not found_of(study, stated, sides).evidence.nothing


@pytest.mark.parametrize(
    ("statement", "decided", "reason"),
    [
        ("difference", 7, ""),  # 2 / 2⁷ is below 0.025
        ("difference", 6, "all but 6 of 10 pairs are ties, which cannot decide a family of 2"),
        ("difference", 0, "all 10 pairs are ties, which cannot decide a family of 2"),
        ("at_most", 7, ""),
        ("at_most", 6, "all but 6 of 10 pairs are ties, which cannot decide a family of 2"),
        ("equivalence", 6, ""),  # each of two one-sided tests: 1 / 2⁶
        ("equivalence", 5, "all but 5 of 10 pairs are ties, which cannot decide a family of 2"),
    ],
)
def test_pairs_of_which_most_are_ties_decide_nothing(
    study: Study, statement: str, decided: int, reason: str
) -> None:
    """In the others both runs fail."""
    lost = [False] * decided + [True] * (10 - decided)
    sides = [side([9.0] * 10, [True] * 10), side([1.0] * 10, lost)]
    found = found_of(study, claim(statement=statement), sides)
    assert found.evidence.obstacle == reason
    assert (found.verdict.word == "not testable here") == bool(reason)


def test_of_a_ranking_those_who_contradict_it_are_shown(study: Study) -> None:
    """And no neighbours of whom less chance is left that they do not differ. Accuracies are below
    one, as the words for pair wins are not."""
    flat = np.arange(10) * 0.001
    turned = flat + 0.4 + np.array([0.1] * 9 + [-0.001])
    sides = [side(flat + 0.9), side(flat + 0.4), side(turned)]
    found = found_of(study, ranking("nag_sutskever", "sgd", "adam"), sides)
    assert (found.verdict.word, found.verdict.remark) == ("contradicted", "SGD and Adam")
    assert found.p == 2 * 4 / 2**10
    assert found.effect == pytest.approx(-0.0899)


def test_being_above_the_lower_margin_alone_contradicts_no_equivalence(study: Study) -> None:
    """Half of the differences are within the margin of 0.5, half above it; one run fails."""
    values = [0.4, 0.6] * 5
    for turned in (1, -1):
        sides = [side([turned * one for one in values]), side([0.0] * 9 + [1.0])]
        sides[1].fails.iloc[-1] = True
        found = found_of(study, claim(statement="equivalence"), sides)
        assert (found.verdict.word, found.evidence.obstacle) == ("open", "")


def test_the_last_neighbours_of_four_are_named(study: Study) -> None:
    flat = np.arange(10) * 0.01
    sides = [side(flat + top) for top in (3.0, 2.0, 1.0)]
    sides.append(side(flat + 1 + np.array([0.1, -0.1] * 5)))
    found = found_of(study, ranking("nag_sutskever", "sgd", "adam", "heavy_ball"), sides)
    assert found.verdict.word in ("open", "not testable here")
    assert found.verdict.remark.endswith("Adam and Heavy ball")


def test_steps_of_unequal_number_are_not_compared(study: Study) -> None:
    work = study.workloads["tiny"]
    longer = replace(study, workloads={**study.workloads, "long": replace(work, epochs=9)})
    stated = claim(reference_workload="long")
    found = found_of(longer, stated, [])
    assert not found.waits
    assert found.verdict.remark.startswith("unequal numbers of steps: ")
