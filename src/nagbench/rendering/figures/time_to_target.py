"""Median time to each described target, one row an optimizer."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from nagbench.rendering.layout import beyond, fitting_blocks, heading, rows
from nagbench.rendering.looks import looks
from nagbench.rendering.lookup import foremost, labels, targets
from nagbench.rendering.style import words

TABLES = ("time_to_target", "optimizers", "workloads")
_SIZES = (2.5, 6.0)  # of the marks of the lowest and the highest target


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One block a workload; marks grow with the target and are open where some runs never arrived.
    An arrow names the lowest target that half of the runs never reached."""
    times = tables["time_to_target"]
    times = times[(times["clock"] == "epochs") & (times["kind"] == "sustained")]
    named, workloads = labels(tables), list(foremost(tables, times).itertuples())
    style = looks(named)
    there = set(zip(times["workload"], times["optimizer"], strict=True))
    trained = [[name for name in named if (row.workload, name) in there] for row in workloads]
    trained = fitting_blocks(trained)
    if not trained:
        return words("No run has trained.")
    figure, axes = rows(
        [[named[name] for name in block] for block in trained], "Median epochs to target"
    )
    for (axis,), workload, block in zip(axes, workloads, trained, strict=False):
        goals = targets(workload)
        for place, name in enumerate(block):
            own = times[(times["workload"] == workload.workload) & (times["optimizer"] == name)]
            own = own.sort_values("target")
            look, reached = style[name], own[np.isfinite(own["median"])]
            axis.plot(
                reached["median"], [place] * len(reached), color=look.colour, linewidth=0.5
            )  # fmt: skip
            for row in reached.itertuples():
                # An interval without an upper end has no place on the axis.
                ends = [row.low, row.high if np.isfinite(row.high) else row.median]
                axis.plot(ends, [place, place], color=look.colour, linewidth=2, alpha=0.4)
                axis.plot(
                    row.median,
                    place,
                    **look.mark(),
                    markersize=_size(goals, row.target),
                    markerfacecolor=look.colour if row.reached == row.runs else "white",
                    label=name,
                )
            for row in own[own["median"] == np.inf].head(1).itertuples():
                beyond(axis, place, says(row, len(goals)), look)
        percents = ", ".join(f"{100 * goal:g}" for goal in goals)
        heading(axis, f"{workload.label}: {percents} %")
    axis.set_xlim(left=0)
    return figure


def says(row: Any, goals: int) -> str:
    """How many runs reached a target that fewer than half did."""
    count = f"{row.reached}/{row.runs}"
    text = f"only {count}" if row.reached else f"never (0/{row.runs})"
    return text if goals == 1 else f"{100 * row.target:g} %: {text}"


def _size(goals: list[float], goal: float) -> float:
    small, large = _SIZES
    return small + (large - small) * goals.index(goal) / max(len(goals) - 1, 1)
