"""Tables of what does not depend on the study: rates where the answer is known, and how the
statistics do where the truth is."""

from typing import Any

from nagbench.rendering.lookup import Tables
from nagbench.rendering.table import Cell, Table, number


def rates(tables: Tables) -> Table:
    """Measured / proven: factors on each quadratic, then the mean of f under noise."""
    found = tables["theory"]
    quadratics = found[found["problem"].str.startswith("quadratic")]
    problems = list(dict.fromkeys(quadratics["problem"]))
    rows = []
    for label, group in quadratics.groupby("label", sort=False):
        row = group.set_index("problem")
        pairs = (
            f"{number(row.at[problem, 'measured'], 4)} / {number(row.at[problem, 'proven'], 4)}"
            if problem in row.index
            else "–"
            for problem in problems
        )
        rows.append([Cell(str(label)), *map(Cell, pairs)])
    heads = [problem.removeprefix("quadratic").strip(" ,").capitalize() for problem in problems]
    return Table(["Method", *heads], "l" + "c" * len(heads), rows)


def calibration(tables: Tables) -> Table:
    """How often a test rejects or an interval covers, by seeds; of power, found / computed.

    Marked is what does not hold.
    """
    found = tables["calibration"]
    seeds = sorted(set(found["seeds"]))
    rows = []
    for (claim, procedure, situation), group in found.groupby(
        ["claim", "procedure", "situation"], sort=False
    ):
        by_seeds = {row.seeds: row for row in group.itertuples()}
        computed = claim == "power"
        rows.append(
            [
                Cell(f"{procedure}: {situation}"),
                Cell(str(claim) if computed else f"{claim} {group['stated'].iloc[0]:g}"),
                *(_found(by_seeds[n], computed) if n in by_seeds else Cell("–") for n in seeds),
            ]
        )
    header = ["Procedure and situation", "Claim", *(f"{n} seeds" for n in seeds)]
    return Table(header, "ll" + "c" * len(seeds), rows)


def _found(row: Any, computed: bool) -> Cell:
    text = number(row.found, 2 if computed else 3)
    return Cell(f"{text} / {row.stated:.2f}" if computed else text, not row.holds)
