"""Tidy tables: columns `optimizer`, `seed` or `run`, `step` or `epoch`, and a metric.

A column `workload` is optional, and so is one of the steps that were planned (`steps`), which tells
groups that were to train for different numbers of steps. Other columns are ignored.
"""

from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.judging.curves import Read
from nagbench.judging.names import Wanted, column, is_beside, metric
from nagbench.judging.readers.text_table import is_number, numbers


def read(path: Path, table: pd.DataFrame, wanted: Wanted) -> Read:
    """The curves of a tidy table, of which `table` is the text."""
    place, header = str(path), list(table.columns)
    named = {role: column(place, header, role, wanted) for role in ("optimizer", "run", "clock")}
    optional = {role: column(place, header, role, wanted) for role in ("workload", "planned")}
    taken = {*named.values(), *optional.values()}
    left = [name for name in header if name not in taken and not is_beside(name)]
    if wanted.metric is None:
        left = [name for name in left if is_number(table[name])]
    chosen = metric(place, left, wanted)
    for role in ("optimizer", "run"):
        text = table[str(named[role])]
        if (text == "").any():
            line = text.index[(text == "").to_numpy()][0]
            where = f"{place}, line {line}, column {named[role]}"
            raise InputError(where, "nothing", "a name or a number in every row")
    clock = str(named["clock"])
    step, _ = numbers(path, table[clock], needed=True)
    if (step < 0).any():
        line = table.index[step < 0][0]
        where = f"{place}, line {line}, column {clock}"
        raise InputError(where, f"found {step.min():g}", "a number of at least 0")
    value, written = numbers(path, table[chosen])
    planned = optional["planned"]
    return Read(
        source=place,
        frame=pd.DataFrame(
            {
                "workload": "" if optional["workload"] is None else table[optional["workload"]],
                "optimizer": table[str(named["optimizer"])],
                "run": table[str(named["run"])],
                "step": step,
                "value": value,
                "written": written,
                "planned": float("nan") if planned is None else numbers(path, table[planned])[0],
            }
        ),
        metric=chosen,
        clock=clock.strip().lower() if clock.strip().lower() in ("step", "epoch") else clock,
    )
