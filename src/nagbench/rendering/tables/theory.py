"""Tables of what does not depend on the study: rates where the answer is known."""

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
