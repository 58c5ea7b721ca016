"""The claims that were stated before the runs, and what became of them."""

import math
from typing import Any

import pandas as pd

from nagbench.rendering.lookup import Tables
from nagbench.rendering.table import Cell, Table, interval, number, p_value
from nagbench.statistics.verdict_table import NO_DIFFERENCE, NOT_TESTABLE, OPEN

UNDECIDED = (OPEN, NOT_TESTABLE)
NOT_YET = "not tested yet"  # not testable because runs are still to come
_FINEST = 6  # digits after the point


def verdicts(tables: Tables) -> Table:
    """Each claim that could be tested, with its conditions where they differ, effect, interval,
    deciding p, power, how often its test errs beside the level, and verdict."""
    found = tables["hypotheses"]
    found = found[found["verdict"] != NOT_TESTABLE]
    differ = len(set(found["conditions"])) > 1
    rows = [
        [
            Cell(reader_name(row.hypothesis)),
            Cell(row.claim + (f" ({row.conditions_note})" if row.conditions_note else "")),
            *[Cell(row.conditions)] * differ,
            Cell(str(row.pairs) if row.pairs else "–"),
            Cell(row.statistic or "–"),
            Cell(effect(row)),
            Cell(in_print(row)),
            Cell(p_value(row.p)),
            Cell(number(row.power, 2)),
            Cell(number(row.calibration, 3)),
            Cell(number(row.level, 3)),
            verdict_cell(row),
        ]
        for row in found.itertuples()
    ]
    header = [
        "Id", "Claim", *["Conditions"] * differ, "n", "Test", "Effect", "Interval", "p", "Power",
        "Errs", "Level", named(tables),
    ]  # fmt: skip
    left = ">{\\raggedright\\arraybackslash}"
    shares = 0.14 if differ else 0.17, 0.055, 0.12
    widths = [f"{left}p{{{share}\\linewidth}}" for share in shares]
    columns = "l{}{}r{}rcrrrr{}".format(widths[0], "l" * differ, *widths[1:])
    return Table(header, columns, rows)


def untested(tables: Tables) -> Table:
    """The other claims, and why they could not be tested."""
    found = tables["hypotheses"]
    rows = [
        [Cell(reader_name(row.hypothesis)), Cell(row.claim), Cell(row.remark)]
        for row in found[found["verdict"] == NOT_TESTABLE].itertuples()
    ]
    return Table(["Id", "Claim", "Why"], "lp{0.5\\linewidth}p{0.34\\linewidth}", rows)


def elsewhere(tables: Tables) -> Table:
    """The claims that records of other places could test, here and there."""
    header = ["Id", "Claim", "Here", "Effect", "Where", "There", "Effect"]
    columns = "lp{0.22\\linewidth}p{0.12\\linewidth}rlp{0.12\\linewidth}r"
    if "elsewhere" not in tables:
        return Table(header, columns, [])
    there = tables["elsewhere"]
    claims = tables["hypotheses"].set_index("hypothesis")
    rows = []
    for row in there[there["verdict"] != NOT_TESTABLE].itertuples():
        own = claims.loc[row.hypothesis]
        other = own.copy()
        for column in there.columns.intersection(own.index):
            other[column] = getattr(row, column)
        here, elsewhere_said = (
            (word(one) if one["waits"] else in_words(_unconditional(one)),
             f"{effect(one)} {in_print(one)}")
            for one in (own, other)
        )  # fmt: skip
        words = [reader_name(row.hypothesis), own["claim"], *here, row.place, *elsewhere_said]
        rows.append([Cell(text) for text in words])
    return Table(header, columns, rows)


def _unconditional(claim: pd.Series) -> pd.Series:
    """The claim without its conditions, which are the same in every place."""
    return claim.where(claim.index != "conditions", "")


def reader_name(hypothesis: str) -> str:
    """A claim's name as text has it."""
    return hypothesis.replace("_", " ")


def named(tables: Tables) -> str:
    """What a verdict is called: a pilot's decides nothing."""
    return "Verdict of a pilot" if tables["study"]["pilot"].iloc[0] else "Verdict"


def word(row: Any) -> str:
    """The verdict; of a claim whose runs are still to come, that."""
    return NOT_YET if row.waits else str(row.verdict)


def in_words(row: Any) -> str:
    """The verdict with what has to be said with it."""
    said = remarks(row)
    return f"{word(row)} ({said})" if said else word(row)


def verdict_cell(row: Any) -> Cell:
    """The same, without conditions; bold where something was decided."""
    said = remarks(row._replace(conditions=""))
    return Cell(word(row), row.verdict not in UNDECIDED, note=f"({said})" if said else "")


def remarks(row: Any) -> str:
    """What has to be said with a verdict."""
    said = [row.remark]
    if row.conditions == "transferred" and row.verdict != NOT_TESTABLE:
        said.append("under our conditions")
    if row.depends_on_tuning:
        said.append("depends on tuning")
    if row.untuned and row.verdict != NOT_TESTABLE:
        said.append(f"untuned: {row.untuned}")
    if row.edge:
        said.append(f"edge: {row.edge}")
    if row.devices and row.verdict != NOT_TESTABLE:
        said.append(f"trained on {row.devices}")
    return "; ".join(filter(None, said))


def effect(row: Any) -> str:
    """The mean difference in the unit in which it is printed."""
    value = row.scale * row.effect
    return "–" if math.isnan(value) else f"{value:+,.{digits(row)}f} {row.unit}"


def in_print(row: Any) -> str:
    """The interval that the verdict rests on, in that unit, to the same digit."""
    low, high = ends(row)
    return interval(row.scale * low, row.scale * high, f"+,.{digits(row)}f")


def ends(row: Any) -> tuple[float, float]:
    """The interval that the verdict rests on: that a difference does not matter is shown by the
    one of confidence 1 − 2α."""
    if row.verdict == NO_DIFFERENCE:
        return row.inner_low, row.inner_high
    return row.low, row.high


def digits(row: Any) -> int:
    """After the point: two, of what is as large as hundreds none, and as many more as it takes that
    neither the effect nor an end of its interval is rounded to zero."""
    values = [row.scale * value for value in (row.effect, *ends(row))]
    found = 0 if max(map(abs, values)) >= 100 else 2
    while found < _FINEST and any(value and not round(value, found) for value in values):
        found += 1
    return found


def counts(found: pd.DataFrame) -> str:
    """How many claims came out how."""
    words = pd.Series([word(row) for row in found.itertuples()], dtype=str)
    return ", ".join(f"{n} {verdict}" for verdict, n in words.value_counts().items())
