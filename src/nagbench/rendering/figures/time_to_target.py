"""Median time to each described target, one row an optimizer."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from nagbench.rendering.layout import rows
from nagbench.rendering.lookup import foremost, labels, targets
from nagbench.rendering.style import looks, plain

TABLES = ("time_to_target", "optimizers", "workloads")
_SIZES = (2.5, 6.0)  # of the marks of the lowest and the highest target


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One block a workload; marks grow with the target and are open where runs never arrived."""
    times = tables["time_to_target"]
    times = times[(times["clock"] == "epochs") & (times["kind"] == "sustained")]
    named, workloads = labels(tables), list(foremost(tables).itertuples())
    style = looks(list(named))
    trained = [
        [
            name
            for name in named
            if name in set(times.loc[times["workload"] == row.workload, "optimizer"])
        ]
        for row in workloads
    ]
    figure, axes = rows(
        [[named[name] for name in block] for block in trained], "Median epochs to target"
    )
    for (axis,), workload, block in zip(axes, workloads, trained, strict=True):
        goals = targets(workload)
        for place, name in enumerate(block):
            own = times[(times["workload"] == workload.workload) & (times["optimizer"] == name)]
            reached = own[np.isfinite(own["median"])].sort_values("target")
            colour = style[name].colour
            axis.plot(reached["median"], [place] * len(reached), color=colour, linewidth=0.5)
            for row in reached.itertuples():
                # An interval without an upper end has no place on the axis.
                ends = [row.low, row.high if np.isfinite(row.high) else row.median]
                axis.plot(ends, [place, place], color=colour, linewidth=2, alpha=0.4)
                axis.plot(
                    row.median,
                    place,
                    marker=style[name].marker,
                    markersize=_size(goals, row.target),
                    color=colour,
                    markerfacecolor=colour if row.reached == row.runs else "white",
                    linestyle="none",
                    label=name,
                )
        percents = ", ".join(f"{100 * goal:g}" for goal in goals)
        axis.set_title(f"{plain(workload.label)}: {percents} %", loc="right")
    axis.set_xlim(left=0)
    return figure


def _size(goals: list[float], goal: float) -> float:
    small, large = _SIZES
    return small + (large - small) * goals.index(goal) / max(len(goals) - 1, 1)
