"""The tables of the page: those that the paper prints, and the result tables with every digit."""

import math
from typing import Any

import pandas as pd

from nagbench.rendering.lookup import Tables
from nagbench.rendering.table_files import TABLES as PRINTED
from nagbench.statistics.columns import TABLES as DECLARED

PRINT, RESULT = "printed", "result"
_MISSING, _ENDLESS = "–", "∞"


def tables(results: Tables) -> list[dict[str, Any]]:
    """The tables that have rows.

    Each has its `name`, `kind`, what it is `about`, a `header`, `rows`, and for its columns their
    `meanings`, if these are declared. Cells of printed tables are the text of the files that
    `nagbench table` writes, in a list of its own where they are marked; cells of result tables are
    values as they are there.
    """
    return [*_printed(results), *_results(results)]


def _printed(results: Tables) -> list[dict[str, Any]]:
    found = []
    for name, function in PRINTED.items():
        table = function(results)
        if not table.rows or any(cell.formula for row in table.rows for cell in row):
            continue  # formulas are in LaTeX's own words
        header, cells = table.flat
        rows = [[[cell.whole] if cell.marked else cell.whole for cell in row] for row in cells]
        about = (function.__doc__ or "").strip()
        found.append(
            {
                "name": name,
                "kind": PRINT,
                "about": " ".join(about.split()),
                "header": list(header),
                "rows": rows,
            }
        )
    return found


def _results(results: Tables) -> list[dict[str, Any]]:
    found = []
    for name, columns in DECLARED.items():
        if name in results and len(results[name]):
            table = results[name]
            found.append(
                {
                    "name": name,
                    "kind": RESULT,
                    "about": "",
                    "header": list(table.columns),
                    "meanings": [columns[column][1] for column in table],
                    "rows": _values(table),
                }
            )
    return found


def _values(table: pd.DataFrame) -> list[list[Any]]:
    """Rows of values that JSON can hold."""
    return [[_value(value) for value in row] for row in table.astype(object).to_numpy().tolist()]


def _value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return _MISSING if math.isnan(value) else _ENDLESS
    if isinstance(value, str | int | float | bool):
        return value
    return ", ".join(str(float(one)) for one in value)
