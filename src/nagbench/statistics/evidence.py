"""From the records to what the verdict table judges: the evidence on one claim.

All ends of intervals, and the directions of pair wins, are turned into the claimed direction.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from nagbench.statistics.contrast import GREATER, LESS, Contrast, contrast
from nagbench.statistics.event_rates import rate_bound, rate_difference_interval, rate_difference_p
from nagbench.statistics.measures import Measured, measured, step_costs
from nagbench.statistics.power import power
from nagbench.statistics.resampling import error_rate
from nagbench.statistics.roles import Selection
from nagbench.statistics.sign_flips import (
    above_p,
    below_p,
    depth,
    equivalence_p,
    interval,
    smallest_p,
    two_sided_p,
)
from nagbench.statistics.verdict_table import CONTRADICTED, NO_DIFFERENCE, Evidence, Verdict, judge
from nagbench.study.model import Arm, Hypothesis, Study

_WITHIN = ("equivalence", "at_most")  # claims of a difference that is small


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is known of a claim.

    Attributes:
        evidence: As the verdict table reads it.
        verdict: By that table.
        statistic: What decided: which exact test.
        pairs: Number of differences.
        effect: Their mean, in the metric's unit and sign; NaN where no mean decides. Of a ranking
            all is of two neighbours: of those who contradict it, else of the least told apart.
        low, high: Its interval, in the same unit and sign.
        confidence: Of that interval.
        p: Of the test that decided.
        inner_low, inner_high: The interval of confidence 1 − 2α, by which a difference is shown not
            to matter; NaN where no mean decides.
        waits: It cannot be tested yet, because runs or step costs are still to come.
        calibration: How often that test errs on resamples of the claim's own differences, made to
            have no effect; NaN where it was not tried.
    """

    evidence: Evidence
    verdict: Verdict
    statistic: str = ""
    pairs: int = 0
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    confidence: float = math.nan
    p: float = math.nan
    inner_low: float = math.nan
    inner_high: float = math.nan
    waits: bool = False
    calibration: float = math.nan


def finding(study: Study, claim: Hypothesis, selection: Selection, level: float) -> Finding:
    """What the records say of a claim that may err with chance `level`."""
    metric = claim.measured
    blank = Evidence(statement=claim.statement, level=level, margin=claim.margin)
    arms = claim.pairs()
    if uneven := study.uneven(claim):
        return _untested(blank, uneven)
    if metric.elsewhere:
        costs = selection.costs
        if obstacle := metric.elsewhere if costs is None else costs.obstacle(arms):
            waits = costs is None or bool(costs.unmeasured(arms))
            return replace(_untested(blank, obstacle), waits=waits)
    sides = sides_of(study, claim, selection)
    if claim.statement == "ranking":
        return _of_ranking(study, claim, blank, sides)
    found = differences(claim, sides)
    if obstacle := _obstacle(study, arms, sides, found, claim, level):
        waits = any(side.missing for side in sides)
        return replace(_untested(blank, obstacle), pairs=found.pairs, waits=waits)
    if nothing := _nothing(study, claim, sides, level):
        evidence = replace(blank, nothing=nothing)
        return Finding(evidence=evidence, verdict=judge(evidence), pairs=found.pairs)
    if claim.statement == "events":
        return _of_events(claim, blank, sides)
    return (
        _of_means(claim, blank, found) if found.has_mean else _of_wins(study, claim, blank, found)
    )


def sides_of(study: Study, claim: Hypothesis, selection: Selection) -> list[Measured]:
    """What was measured of each arm of a claim, in the order of its `pairs()`; nothing where the
    metric is measured elsewhere and was not for all of them."""
    arms, costs = claim.pairs(), selection.costs
    if claim.measured.elsewhere:
        return [] if costs is None or costs.obstacle(arms) else step_costs(costs, arms)
    if claim.contrast is None:
        return measured(study, selection, claim.metric, arms)
    halves = (measured(study, selection, claim.metric, half) for half in (arms[:2], arms[2:]))
    return [side for half in halves for side in half]


def differences(claim: Hypothesis, sides: list[Measured]) -> Contrast:
    """The differences by seed of a claim that is no ranking, in the metric's sign."""
    better = {"greater": GREATER, "less": LESS}.get(claim.measured.better, claim.sign)
    if claim.reference is None:
        own, *elsewhere = sides
        value = 0.0 if elsewhere or claim.value is None else claim.value
        return contrast([own], elsewhere, value=value, better=better)
    own, reference, *elsewhere = sides
    positive, negative = [own], [reference]
    if elsewhere:
        positive.append(elsewhere[1])
        negative.append(elsewhere[0])
    return contrast(positive, negative, better=better)


def _untested(blank: Evidence, obstacle: str) -> Finding:
    evidence = replace(blank, obstacle=obstacle)
    return Finding(evidence=evidence, verdict=judge(evidence))


def _obstacle(
    study: Study,
    arms: list[Arm],
    sides: list[Measured],
    found: Contrast,
    claim: Hypothesis,
    level: float,
) -> str:
    """Why a claim cannot be tested at all; empty if it can."""
    for arm, side in zip(arms, sides, strict=True):
        if side.missing:
            named = f"{study.optimizers[arm[1]].label} on {arm[0]}"
            return f"{side.missing} of {side.planned} runs of {named} missing"
    if not found.pairs:
        return "no run of the study measures it"
    failing = (found.failures > 0) | (found.other_failures > 0)
    undefined = int((np.isnan(found.differences) & ~failing).sum())
    if undefined:
        return f"the measure is not defined in {undefined} of {found.pairs} pairs"
    if claim.statement != "events" and not depth(found.pairs, level, _sides(claim.statement)):
        return f"{found.pairs} pairs cannot decide {_share(study, level)}"
    return ""


def _share(study: Study, level: float) -> str:
    """What has so much of the study's level."""
    claims = round(study.level / level)
    return f"a family of {claims}" if claims > 1 else "a claim"


def _sides(statement: str) -> int:
    return 1 if statement in _WITHIN else 2


def _nothing(study: Study, claim: Hypothesis, sides: list[Measured], level: float) -> str:
    """Why nothing that a claim is about has happened; empty if something has."""
    counts = [len(side.measures) for side in sides]
    if claim.measured.clock and all(side.fails.all() for side in sides):
        low = study.workloads[claim.pairs()[0][0]].targets.low
        bound = 100 * rate_bound(min(counts), level)
        return f"no run reaches {100 * low:g} %: at most {bound:.0f} % of either's runs would"
    for happened, words in ((0, "none in either arm"), (1, "all in both arms")):
        alike = claim.measured.counts and (happened == 0 or claim.measured.event)
        if alike and all((side.measures == happened).all() for side in sides):
            ends = (happened * counts[0], counts[0], happened * counts[-1], counts[-1])
            most = max(map(abs, rate_difference_interval(*ends, level)))
            return f"{words}: their rates differ by at most {100 * most:.0f} points"
    if claim.measured.nothing and not any(side.measures.any() for side in sides):
        return claim.measured.nothing
    return ""


def _of_means(claim: Hypothesis, blank: Evidence, found: Contrast) -> Finding:
    """By sign flips of the differences."""
    turned, level = claim.sign * found.differences, blank.level
    low, high = interval(turned, level)
    inner_low, inner_high = interval(turned, level, sides=1)
    evidence = replace(
        blank,
        low=low,
        high=high,
        inner_low=inner_low,
        inner_high=inner_high,
        power=_power(claim, turned, level),
    )
    verdict = judge(evidence)
    shown = (inner_low, inner_high) if claim.statement in _WITHIN else (low, high)
    natural = sorted(claim.sign * end + 0.0 for end in shown)
    inner = sorted(claim.sign * end + 0.0 for end in (inner_low, inner_high))
    return Finding(
        evidence=evidence,
        verdict=verdict,
        statistic="sign flips",
        pairs=found.pairs,
        effect=float(found.differences.mean()),
        low=natural[0],
        high=natural[1],
        confidence=1 - level * (2 if claim.statement in _WITHIN else 1),
        p=_decided(claim, verdict.word, turned),
        inner_low=inner[0],
        inner_high=inner[1],
        calibration=error_rate(turned, level, claim.statement, claim.margin),
    )


def _power(claim: Hypothesis, differences: np.ndarray, level: float) -> float:
    """At the margin, for differences as varied as these; NaN where no margin is stated."""
    if not claim.margin or claim.statement == "threshold":
        return math.nan
    sd = float(np.std(differences, ddof=1))
    statement = "difference" if claim.statement == "ranking" else claim.statement
    return power(claim.margin / sd if sd > 0 else math.inf, len(differences), level, statement)


def _decided(claim: Hypothesis, word: str, differences: np.ndarray) -> float:
    """The p of the test that a verdict rests on."""
    margin = claim.margin
    if claim.statement == "at_most":
        return (below_p if word != "contradicted" else above_p)(differences, margin)
    if claim.statement == "equivalence" and word == "contradicted":
        return 2 * min(above_p(differences, margin), below_p(differences, -margin))
    if claim.statement == "equivalence" or word == NO_DIFFERENCE:
        return equivalence_p(differences, margin)
    return two_sided_p(differences)


def _of_wins(study: Study, claim: Hypothesis, blank: Evidence, found: Contrast) -> Finding:
    """By pair wins: a run fails or a measure is only a bound, and no mean decides."""
    level, margin = blank.level, claim.margin if claim.statement in _WITHIN else 0.0
    wins = found.wins(margin)
    above = wins.above > wins.below and wins.p <= level
    below = wins.below > wins.above and wins.p <= level
    within, p = False, wins.p
    won, lost = (wins.above, wins.below) if claim.sign == GREATER else (wins.below, wins.above)
    most = wins.decided
    if claim.statement == "at_most":
        won, lost = lost, won
    if claim.statement == "equivalence":
        lower = found.wins(-margin)
        # Each of the two one-sided tests has the level.
        inside_p = max(wins.below_p, lower.above_p)
        within = inside_p <= level
        below = lower.below > lower.above and lower.p <= level
        won, lost = lower.above - wins.above, wins.above + lower.below
        most = max(most, lower.decided)
        outside = [one.p for one, holds in ((wins, above), (lower, below)) if holds]
        p = inside_p if within else min(outside, default=inside_p)
    if claim.sign == LESS:
        above, below = below, above
    evidence = replace(blank, fails=True, wins_above=above, wins_below=below, wins_within=within)
    if smallest_p(most) / (2 if claim.statement == "equivalence" else 1) > level:
        few = f"all but {most} of" if most else "all"
        said = f"{few} {found.pairs} pairs are ties, which cannot decide {_share(study, level)}"
        evidence = replace(blank, obstacle=said)
    verdict = judge(evidence)
    return Finding(
        evidence=evidence,
        verdict=replace(
            verdict, remark="; ".join(filter(None, [verdict.remark, _unmeasured(found)]))
        ),
        statistic=f"pair wins {won} : {lost}",
        pairs=found.pairs,
        p=p,
    )


def _unmeasured(found: Contrast) -> str:
    """In how many pairs no difference is known."""
    said = [
        f"{words} in {count} of {found.pairs} pairs"
        for words, count in (
            ("a run fails", found.failing.sum()),
            ("a band is cut off where the rates that were tried end", found.bounded.sum()),
        )
        if count
    ]
    return "; ".join(said)


def _of_events(claim: Hypothesis, blank: Evidence, sides: list[Measured]) -> Finding:
    """By exact intervals for the difference of two rates."""
    (count, total), (other, other_total) = (
        (int(side.measures.sum()), len(side.measures)) for side in sides[:2]
    )
    low, high = rate_difference_interval(count, total, other, other_total, blank.level)
    inside = rate_difference_interval(count, total, other, other_total, 2 * blank.level)
    ends, inner = (sorted(claim.sign * end for end in pair) for pair in ((low, high), inside))
    evidence = replace(blank, low=ends[0], high=ends[1], inner_low=inner[0], inner_high=inner[1])
    return Finding(
        evidence=evidence,
        verdict=judge(evidence),
        statistic=f"exact rates {count}/{total}, {other}/{other_total}",
        pairs=min(total, other_total),
        effect=count / total - other / other_total,
        low=low,
        high=high,
        confidence=1 - blank.level,
        p=rate_difference_p(count, total, other, other_total),
    )


def _of_ranking(study: Study, claim: Hypothesis, blank: Evidence, sides: list[Measured]) -> Finding:
    """Every neighbour against the next; where a run of theirs fails pair wins give the sign."""
    better = {"greater": GREATER, "less": LESS}.get(claim.measured.better, claim.sign)
    level, arms = blank.level, claim.ranked()
    corrected = level / (len(sides) - 1)
    found = [contrast([one], [other], better=better) for one, other in pairwise(sides)]
    for pair, pair_arms, own in zip(found, pairwise(arms), pairwise(sides), strict=True):
        if obstacle := _obstacle(study, list(pair_arms), list(own), pair, claim, corrected):
            waits = any(side.missing for side in sides)
            return replace(_untested(blank, obstacle), pairs=pair.pairs, waits=waits)
    if nothing := _nothing(study, claim, sides, level):
        evidence = replace(blank, nothing=nothing)
        return Finding(evidence=evidence, verdict=judge(evidence), pairs=found[0].pairs)
    neighbours = [_neighbours(claim, pair, level, corrected) for pair in found]
    powers = [_power(claim, pair.differences, level) for pair in found if pair.has_mean]
    evidence = replace(
        blank,
        neighbours=tuple((one.low, one.high) for one in neighbours),
        power=min(powers) if len(powers) == len(found) else math.nan,
    )
    verdict = judge(evidence)
    against = verdict.word == CONTRADICTED
    # What is shown is what decides: who contradict most clearly, or else who are least told apart.
    least = (
        min((n for n, one in enumerate(neighbours) if one.high < 0), key=lambda n: neighbours[n].p)
        if against
        else max(range(len(found)), key=lambda n: neighbours[n].p)
    )
    shown, pair = neighbours[least], found[least]
    labels = [study.optimizers[optimizer].label for _, optimizer in arms[least : least + 2]]
    same = pair.has_mean and not pair.differences.any()
    remarks = [verdict.remark, f"{' and '.join(labels)}{' never differ' if same else ''}"]
    return Finding(
        evidence=evidence,
        verdict=replace(verdict, remark="; ".join(filter(None, [*remarks, _unmeasured(pair)]))),
        statistic=shown.statistic,
        pairs=pair.pairs,
        effect=float(pair.differences.mean()) if pair.has_mean else math.nan,
        low=shown.shown[0],
        high=shown.shown[1],
        confidence=1 - level,
        p=min(1.0, shown.p * len(found)) if against else shown.p,
    )


@dataclass(frozen=True, kw_only=True)
class _Neighbours:
    """Of two neighbours of a ranking: the ends by which they are judged, in the claimed direction,
    and what is shown of them, in the metric's."""

    low: float
    high: float
    p: float
    statistic: str
    shown: tuple[float, float] = (math.nan, math.nan)


def _neighbours(claim: Hypothesis, pair: Contrast, level: float, corrected: float) -> _Neighbours:
    """By sign flips, or where no mean decides by pair wins, which give the sign."""
    if pair.has_mean:
        turned = claim.sign * pair.differences
        return _Neighbours(
            low=interval(turned, level)[0],
            high=interval(turned, corrected)[1],
            p=two_sided_p(turned),
            statistic="sign flips",
            shown=interval(pair.differences, level),
        )
    wins = pair.wins()
    won, lost = (wins.above, wins.below) if claim.sign == GREATER else (wins.below, wins.above)
    return _Neighbours(
        low=1.0 if won > lost and wins.p <= level else -math.inf,
        high=-1.0 if lost > won and wins.p <= corrected else math.inf,
        p=wins.p,
        statistic=f"pair wins {won} : {lost}",
    )
