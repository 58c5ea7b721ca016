"""The claims that were stated before the runs, and what became of them."""

import math
from typing import Any

import pandas as pd

from nagbench.rendering.lookup import Tables
from nagbench.rendering.table import Cell, Table, interval, number, p_value
from nagbench.statistics.verdict_table import NOT_TESTABLE, OPEN

UNDECIDED = (OPEN, NOT_TESTABLE)
HEADLINES = 8


def verdicts(tables: Tables) -> Table:
    """Each claim that could be tested, with its conditions where they differ, effect, interval,
    deciding p, power, and verdict."""
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
            Cell(in_words(row._replace(conditions="")), row.verdict not in UNDECIDED),
        ]
        for row in found.itertuples()
    ]
    header = [
        "Id", "Claim", *["Conditions"] * differ, "n", "Test", "Effect", "Interval", "p", "Power",
        "Errs", named(tables),
    ]  # fmt: skip
    left = ">{\\raggedright\\arraybackslash}"
    widths = [f"{left}p{{{share}\\linewidth}}" for share in (0.18, 0.06, 0.13)]
    columns = "l{}{}r{}rcrrr{}".format(widths[0], "l" * differ, *widths[1:])
    return Table(header, columns, rows)


def untested(tables: Tables) -> Table:
    """The other claims, and why they could not be tested."""
    found = tables["hypotheses"]
    rows = [
        [Cell(reader_name(row.hypothesis)), Cell(row.claim), Cell(row.remark)]
        for row in found[found["verdict"] == NOT_TESTABLE].itertuples()
    ]
    return Table(["Id", "Claim", "Why"], "lp{0.5\\linewidth}p{0.36\\linewidth}", rows)


def headlines(tables: Tables) -> Table:
    """The first claims, which the study names first for their weight."""
    rows = [
        [
            Cell(reader_name(row.hypothesis)),
            Cell(row.claim),
            Cell(row.verdict, row.verdict not in UNDECIDED),
            Cell(effect(row)),
            Cell(in_print(row)),
            Cell(p_value(row.p)),
            Cell(str(row.pairs) if row.pairs else "–"),
        ]
        for row in tables["hypotheses"].head(HEADLINES).itertuples()
    ]
    header = ["Id", "Claim", named(tables), "Effect", "Interval", "p", "n"]
    return Table(header, "lp{0.4\\linewidth}lrcrr", rows)


def elsewhere(tables: Tables) -> Table:
    """The claims that records of another place could test, here and there."""
    if "elsewhere" not in tables:
        return Table(["Id", "Claim", "Here", "Elsewhere"], "llll", [])
    there = tables["elsewhere"]
    claims = tables["hypotheses"].set_index("hypothesis")
    rows = []
    for row in there[there["verdict"] != NOT_TESTABLE].itertuples():
        own = claims.loc[row.hypothesis]
        other = own.copy()
        other[["effect", "low", "high"]] = row.effect, row.low, row.high
        rows.append(
            [
                Cell(reader_name(row.hypothesis)),
                Cell(own["claim"]),
                *(
                    Cell(text)
                    for verdict, one in ((own["verdict"], own), (row.verdict, other))
                    for text in (verdict, f"{effect(one)} {in_print(one)}")
                ),
            ]
        )
    header = ["Id", "Claim", "Here", "Effect", there["place"].iloc[0], "Effect"]
    return Table(header, "lp{0.24\\linewidth}lrlr", rows)


def reader_name(hypothesis: str) -> str:
    """A claim's name as text has it."""
    return hypothesis.replace("_", " ")


def named(tables: Tables) -> str:
    """What a verdict is called: a pilot's decides nothing."""
    return "Verdict of a pilot" if tables["study"]["pilot"].iloc[0] else "Verdict"


def in_words(row: Any) -> str:
    """The verdict with what has to be said with it."""
    said = remarks(row)
    return f"{row.verdict} ({said})" if said else str(row.verdict)


def remarks(row: Any) -> str:
    """What has to be said with a verdict."""
    said = [row.remark]
    if row.conditions == "transferred" and row.verdict != NOT_TESTABLE:
        said.append("under our conditions")
    if row.depends_on_tuning:
        said.append("depends on tuning")
    if row.edge:
        said.append(f"edge: {row.edge}")
    return "; ".join(filter(None, said))


def effect(row: Any) -> str:
    """The mean difference in the unit in which it is printed."""
    value = row.scale * row.effect
    return "–" if math.isnan(value) else f"{value:{_form(value)}} {row.unit}"


def in_print(row: Any) -> str:
    """The effect's interval in that unit, to the same digit."""
    return interval(row.scale * row.low, row.scale * row.high, _form(row.scale * row.effect))


def _form(value: float) -> str:
    """Hundredths, of what is as large as hundreds none."""
    return "+,.0f" if abs(value) >= 100 else "+.2f"


def counts(found: pd.DataFrame) -> str:
    """How many claims came out how."""
    return ", ".join(f"{n} {verdict}" for verdict, n in found["verdict"].value_counts().items())
