"""What the evidence says of a claim: the verdict table, whose first matching row wins.

A claim is about a difference d in the direction that it claims: of a *difference* (d > 0), of a
*threshold* (a difference from a number), of *equivalence* (|d| < m), that d is *at most* m, of a
*ranking* (every neighbour's d > 0), or of *events* (a difference of rates).
"""

import math
from dataclasses import dataclass

SUPPORTED, CONTRADICTED, OPEN = "supported", "contradicted", "open"
NO_DIFFERENCE, NOT_TESTABLE = "no relevant difference", "not testable here"
VERDICTS = (SUPPORTED, CONTRADICTED, NO_DIFFERENCE, OPEN, NOT_TESTABLE)
BELOW_RELEVANCE = "below relevance"
ENOUGH_POWER = 0.5


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of a claim, in the direction that it claims.

    Attributes:
        statement: One of the kinds above.
        level: Chance of an error that the claim has, α over the number of claims of its family.
        obstacle: Why the claim cannot be tested at all; empty if it can.
        nothing: Why nothing that it is about has happened in either arm; empty if something has.
        fails: A run of the contrast fails, so pair wins decide and no interval.
        wins_above: Pair wins are for d above what they are held against, at the claim's level.
        wins_below: The same for below. For equivalence these are held against the margin and its
            negative, for `at_most` against the margin, else against nought.
        wins_within: For equivalence: pair wins are for d within the margin on both sides.
        low, high: Interval for d at 1 − level.
        inner_low, inner_high: Interval for d at 1 − 2·level.
        neighbours: Of a ranking, the interval of each neighbours' d: its low end at 1 − level, its
            high end corrected for their number.
        margin: m; differences within it do not matter; nought if none is stated.
        power: Probability to see what the claim needs; NaN where none is stated.
    """

    statement: str
    level: float
    obstacle: str = ""
    nothing: str = ""
    fails: bool = False
    wins_above: bool = False
    wins_below: bool = False
    wins_within: bool = False
    low: float = math.nan
    high: float = math.nan
    inner_low: float = math.nan
    inner_high: float = math.nan
    neighbours: tuple[tuple[float, float], ...] = ()
    margin: float = 0.0
    power: float = math.nan


@dataclass(frozen=True)
class Verdict:
    """One of `VERDICTS`, and what has to be said with it: a reason, or that it does not matter."""

    word: str
    remark: str = ""


def judge(evidence: Evidence) -> Verdict:
    """The verdict on a claim."""
    if evidence.obstacle or evidence.nothing:
        return Verdict(NOT_TESTABLE, evidence.obstacle or evidence.nothing)
    found = _of_wins(evidence) if evidence.fails else _RULES[evidence.statement](evidence)
    # Pair wins are no test of the margin, so the power at it says nothing of them.
    if found.word == OPEN and not evidence.fails and evidence.power < ENOUGH_POWER:
        return Verdict(NOT_TESTABLE, f"power {evidence.power:.2f}")
    return found


def _of_wins(evidence: Evidence) -> Verdict:
    for_it, against = evidence.wins_above, evidence.wins_below
    if evidence.statement == "at_most":
        for_it, against = against, for_it
    elif evidence.statement == "equivalence":
        for_it, against = evidence.wins_within, for_it or against
    return Verdict(SUPPORTED if for_it else CONTRADICTED if against else OPEN)


def _of_difference(evidence: Evidence) -> Verdict:
    margin, low, high = evidence.margin, evidence.inner_low, evidence.inner_high
    if evidence.low > 0:
        return Verdict(SUPPORTED, BELOW_RELEVANCE if high < margin else "")
    if evidence.high < 0:
        return Verdict(CONTRADICTED, BELOW_RELEVANCE if low > -margin else "")
    return Verdict(NO_DIFFERENCE if -margin < low and high < margin else OPEN)


def _of_equivalence(evidence: Evidence) -> Verdict:
    margin = evidence.margin
    if -margin < evidence.inner_low and evidence.inner_high < margin:
        return Verdict(SUPPORTED)
    outside = evidence.low > margin or evidence.high < -margin
    return Verdict(CONTRADICTED if outside else OPEN)


def _of_at_most(evidence: Evidence) -> Verdict:
    if evidence.inner_high < evidence.margin:
        return Verdict(SUPPORTED)
    return Verdict(CONTRADICTED if evidence.inner_low > evidence.margin else OPEN)


def _of_ranking(evidence: Evidence) -> Verdict:
    if all(low > 0 for low, _ in evidence.neighbours):
        return Verdict(SUPPORTED)
    return Verdict(CONTRADICTED if any(high < 0 for _, high in evidence.neighbours) else OPEN)


_RULES = {
    "difference": _of_difference,
    "threshold": _of_difference,
    "events": _of_difference,
    "equivalence": _of_equivalence,
    "at_most": _of_at_most,
    "ranking": _of_ranking,
}
STATEMENTS = tuple(_RULES)
