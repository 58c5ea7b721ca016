"""The claims that a reader looks at first, as they stand in the paper's text."""

from nagbench.rendering.answer import behind_the_answer
from nagbench.rendering.lookup import Tables
from nagbench.rendering.table import Cell, Table, p_value
from nagbench.rendering.tables.claims import effect, in_print, named, reader_name, verdict_cell

_FEWEST = 8


def headlines(tables: Tables) -> Table:
    """The claims behind the answer, then the study's first others, while there are few."""
    rows = behind_the_answer(tables)
    shown = {row.hypothesis for row in rows}
    others = [row for row in tables["hypotheses"].itertuples() if row.hypothesis not in shown]
    rows += others[: max(_FEWEST - len(rows), 0)]
    cells = [
        [
            Cell(reader_name(row.hypothesis)),
            Cell(row.claim),
            verdict_cell(row),
            Cell(effect(row)),
            Cell(in_print(row)),
            Cell(p_value(row.p)),
            Cell(str(row.pairs) if row.pairs else "–"),
        ]
        for row in rows
    ]
    header = ["Id", "Claim", named(tables), "Effect", "Interval", "p", "n"]
    return Table(header, "lp{0.34\\linewidth}p{0.2\\linewidth}rcrr", cells)
