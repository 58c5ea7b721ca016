"""The verdict table row by row, and both sides of each boundary."""

import math
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.statistics.verdict_table import (
    OPEN,
    STATEMENTS,
    SUPPORTED,
    VERDICTS,
    Evidence,
    Verdict,
    judge,
)

M = 1.0
E = 1e-9


def difference(low: float, high: float, inner: tuple[float, float], **more: Any) -> Verdict:
    return judge(
        Evidence(
            **{"statement": "difference", "level": 0.05, "margin": M}
            | {"low": low, "high": high, "inner_low": inner[0], "inner_high": inner[1]}
            | more
        )
    )


WIDE = {"low": -9.0, "high": 9.0, "inner_low": -8.0, "inner_high": 8.0}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_cannot_be_tested_is_said_before_all_else(statement: str) -> None:
    shown = {"low": 5.0, "high": 6.0, "inner_low": 5.1, "inner_high": 5.9, "margin": M}
    for key in ("obstacle", "nothing"):
        found = judge(Evidence(statement=statement, level=0.05, fails=True, **shown, **{key: "x"}))
        assert found == Verdict("not testable here", "x")


def test_a_power_below_a_half_is_no_verdict_only_where_there_is_none_else() -> None:
    assert difference(-1, 2, (-1, 2), power=0.4999) == Verdict("not testable here", "power 0.50")
    assert difference(-1, 2, (-1, 2), power=0.5) == Verdict("open")
    assert difference(-1, 2, (-1, 2), power=math.nan) == Verdict("open")
    assert difference(E, 2, (E, 2), power=0.1) == Verdict("supported")
    assert difference(-2, -E, (-2, -E), power=0.1) == Verdict("contradicted")
    assert difference(-1, 1, (-0.9, 0.9), power=0.1) == Verdict("no relevant difference")


@pytest.mark.parametrize(
    ("statement", "above", "below", "within", "word"),
    [
        ("difference", True, False, False, "supported"),
        ("difference", False, True, False, "contradicted"),
        ("difference", False, False, False, "open"),
        ("threshold", True, False, False, "supported"),
        ("at_most", True, False, False, "contradicted"),
        ("at_most", False, True, False, "supported"),
        ("at_most", False, False, False, "open"),
        ("equivalence", True, False, False, "contradicted"),
        ("equivalence", False, True, False, "contradicted"),
        ("equivalence", False, False, True, "supported"),
        ("equivalence", False, False, False, "open"),
        ("ranking", False, True, False, "contradicted"),
    ],
)
def test_where_a_run_fails_wins_decide_and_no_interval(
    statement: str, above: bool, below: bool, within: bool, word: str
) -> None:
    for low, high in ((5.0, 6.0), (-6.0, -5.0), (-0.1, 0.1)):
        evidence = Evidence(
            statement=statement,
            level=0.05,
            margin=M,
            fails=True,
            wins_above=above,
            wins_below=below,
            wins_within=within,
            low=low,
            high=high,
            inner_low=low,
            inner_high=high,
            neighbours=((low, high),),
            power=0.1,
        )
        assert judge(evidence) == Verdict(word)


@pytest.mark.parametrize("statement", ["difference", "threshold", "events"])
@pytest.mark.parametrize(
    ("low", "high", "inner", "verdict"),
    [
        (E, 3, (E, 3), Verdict("supported")),
        (0, 3, (0, 3), Verdict("open")),
        (E, 3, (E, M - E), Verdict("supported", "below relevance")),
        (E, 3, (E, M), Verdict("supported")),
        (-3, -E, (-3, -E), Verdict("contradicted")),
        (-3, 0, (-3, 0), Verdict("open")),
        (-3, -E, (-M + E, -E), Verdict("contradicted", "below relevance")),
        (-3, -E, (-M, -E), Verdict("contradicted")),
        (-3, 3, (-M + E, M - E), Verdict("no relevant difference")),
        (-3, 3, (-M, M - E), Verdict("open")),
        (-3, 3, (-M + E, M), Verdict("open")),
    ],
)
def test_a_difference(
    statement: str, low: float, high: float, inner: tuple[float, float], verdict: Verdict
) -> None:
    assert difference(low, high, inner, statement=statement) == verdict


def test_without_a_margin_no_difference_is_irrelevant() -> None:
    assert difference(-E, E, (-E, E), margin=0.0) == Verdict("open")
    assert difference(E, 2 * E, (E, 2 * E), margin=0.0) == Verdict("supported")


@pytest.mark.parametrize(
    ("low", "high", "inner", "word"),
    [
        (-3, 3, (-M + E, M - E), "supported"),
        (-3, 3, (-M, M - E), "open"),
        (-3, 3, (-M + E, M), "open"),
        (0.1, 0.2, (0.1, 0.2), "supported"),  # different, and still within
        (M + E, 3, (2, 3), "contradicted"),
        (M, 3, (2, 3), "open"),
        (-3, -M - E, (-3, -2), "contradicted"),
        (-3, -M, (-3, -2), "open"),
    ],
)
def test_equivalence(low: float, high: float, inner: tuple[float, float], word: str) -> None:
    assert difference(low, high, inner, statement="equivalence") == Verdict(word)


@pytest.mark.parametrize(
    ("inner", "word"),
    [
        ((-9, M - E), "supported"),
        ((-9, M), "open"),
        ((M + E, 9), "contradicted"),
        ((M, 9), "open"),
    ],
)
def test_at_most(inner: tuple[float, float], word: str) -> None:
    assert difference(-9, 9, inner, statement="at_most") == Verdict(word)


@pytest.mark.parametrize(
    ("neighbours", "word"),
    [
        (((E, 1), (E, 1)), "supported"),
        (((E, 1), (0, 1)), "open"),
        (((5, 6), (-1, -E)), "contradicted"),
        (((5, 6), (-1, 0)), "open"),
        (((math.nan, math.nan), (5, 6)), "open"),
    ],
)
def test_a_ranking(neighbours: tuple[tuple[float, float], ...], word: str) -> None:
    assert judge(Evidence(statement="ranking", level=0.05, neighbours=neighbours)).word == word


NUMBERS = st.one_of(st.floats(-3, 3), st.just(math.nan))


@given(
    st.sampled_from(STATEMENTS),
    st.booleans(),
    st.lists(NUMBERS, min_size=4, max_size=4).map(sorted),
    st.floats(0, 2),
    NUMBERS,
)
def test_there_is_always_one_of_five_verdicts(
    statement: str, fails: bool, ends: list[float], margin: float, power: float
) -> None:
    low, inner_low, inner_high, high = ends
    evidence = Evidence(
        statement=statement,
        level=0.05,
        fails=fails,
        low=low,
        high=high,
        inner_low=inner_low,
        inner_high=inner_high,
        neighbours=((low, high),),
        margin=margin,
        power=power,
    )
    assert judge(evidence).word in VERDICTS


def test_what_is_not_said_of_the_evidence_decides_nothing() -> None:
    """No pair wins, and no margin, unless there are some."""
    for statement in ("difference", "equivalence", "at_most"):
        assert judge(Evidence(statement=statement, level=0.05, fails=True)) == Verdict(OPEN)
    shown = {"low": 0.1, "high": 0.3, "inner_low": 0.15, "inner_high": 0.25}
    assert judge(Evidence(statement="difference", level=0.05, **shown)) == Verdict(SUPPORTED)
    below = Evidence(statement="at_most", level=0.05, inner_low=-0.7, inner_high=-0.5)
    assert judge(below) == Verdict(SUPPORTED)


def test_evidence_and_verdicts_are_named_and_stay_what_they_were() -> None:
    evidence = Evidence(statement="difference", level=0.05)
    with pytest.raises(FrozenInstanceError):
        evidence.level = 1.0  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        judge(evidence).word = SUPPORTED  # type: ignore[misc]
    with pytest.raises(TypeError):
        Evidence("difference", 0.05)  # type: ignore[misc]
