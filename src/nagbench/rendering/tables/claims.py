"""The claims that were stated before the runs, and what became of them."""

import math
from typing import Any

import pandas as pd

from nagbench.rendering.lookup import Tables
from nagbench.rendering.table import Cell, Table, interval, number, p_value
from nagbench.statistics.verdict_table import NOT_TESTABLE, OPEN

UNDECIDED = (OPEN, NOT_TESTABLE)


def verdicts(tables: Tables) -> Table:
    """Each claim with its conditions, effect, interval, deciding p, power, and verdict."""
    rows = [
        [
            Cell(row.hypothesis.replace("_", " ")),
            Cell(row.claim),
            Cell("; ".join(filter(None, (row.conditions, row.conditions_note)))),
            Cell(str(row.pairs)),
            Cell(row.statistic or "–"),
            Cell(effect(row)),
            Cell(in_print(row)),
            Cell(p_value(row.p)),
            Cell(number(row.power, 2)),
            Cell(number(row.calibration, 3)),
            Cell(in_words(row), row.verdict not in UNDECIDED),
        ]
        for row in tables["hypotheses"].itertuples()
    ]
    header = [
        "Id", "Claim", "Conditions", "n", "Test", "Effect", "Interval", "p", "Power", "Errs",
        named(tables),
    ]  # fmt: skip
    columns = "lp{0.2\\linewidth}p{0.09\\linewidth}rp{0.09\\linewidth}rcrrrp{0.17\\linewidth}"
    return Table(header, columns, rows)


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
    return "–" if math.isnan(row.effect) else f"{row.scale * row.effect:+.2f} {row.unit}"


def in_print(row: Any) -> str:
    """The effect's interval in that unit."""
    return interval(row.scale * row.low, row.scale * row.high, "+.2f")


def counts(found: pd.DataFrame) -> str:
    """How many claims came out how."""
    return ", ".join(f"{n} {verdict}" for verdict, n in found["verdict"].value_counts().items())
