"""Weights & Biases: the CSV that the menu of a line chart exports.

One row a step; the first column is the x axis (`Step`), and each run has a column
`RUN - METRIC`, beside `RUN - METRIC__MIN` and `RUN - METRIC__MAX` (the chart's band, not read). A
chart of grouped runs has columns `Group: VALUE - METRIC`, means of runs that are lost: those are
refused, since nothing can be judged by them.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nagbench.errors import InputError
from nagbench.judging.curves import Read
from nagbench.judging.names import Wanted, metric, split_run_name
from nagbench.judging.readers.text_table import numbers
from nagbench.study.wording import shown

_BETWEEN = " - "
_BAND = ("__MIN", "__MAX")
_AXES = ("step", "_step", "epoch", "trainer/global_step", "global_step")


def is_one(header: list[str]) -> bool:
    """Whether a table with this header is such an export."""
    return len(header) > 1 and any(_BETWEEN in name for name in header[1:])


def read(path: Path, table: pd.DataFrame, wanted: Wanted) -> Read:
    place, header = str(path), list(table.columns)
    axis = wanted.columns.get("clock", header[0])
    if axis not in header or (axis == header[0] and axis.lower() not in _AXES):
        if "clock" not in wanted.columns:
            allowed = "the chart exported over its steps or epochs, or --step-column NAME"
            raise InputError(place, f"an x axis {shown(header[0])}", allowed)
        raise InputError(f"{place}, --step-column", f"no column {shown(axis)}", ", ".join(header))
    drawn = {
        name: tuple(name.rsplit(_BETWEEN, 1))
        for name in header
        if _BETWEEN in name and not name.endswith(_BAND)
    }
    drawn = {name: parts for name, parts in drawn.items() if parts[1] not in _AXES}
    chosen = metric(place, sorted({measured for _, measured in drawn.values()}), wanted)
    step, _ = numbers(path, table[axis], needed=True)
    frames, alone = [], 0
    for name, (run, measured) in drawn.items():
        if measured != chosen:
            continue
        if run.startswith("Group: "):
            allowed = "the chart exported without grouping, a column for each run"
            raise InputError(place, f"a grouped chart: column {shown(name)}", allowed)
        value, written = numbers(path, table[name])
        optimizer, number = split_run_name(run, wanted)
        alone += optimizer == run
        # A run's column is empty at the steps of others: what it has not written was not due.
        here = written | np.isfinite(value)
        frames.append(
            pd.DataFrame(
                {
                    "workload": "",
                    "optimizer": optimizer,
                    "run": number,
                    "step": step[here],
                    "value": value[here],
                    "written": True,
                    "planned": float("nan"),
                }
            )
        )
    notes: tuple[str, ...] = ()
    if alone:
        notes = (
            f"{alone} of {len(frames)} run names in {path.name} say no seed: each was taken for an "
            "optimizer with one run (--run-name splits names otherwise).",
        )
    clock = "epoch" if "epoch" in axis.lower() else "step"
    return Read(place, pd.concat(frames, ignore_index=True), chosen, clock, notes)
