"""Share of runs that have reached the middle target, by epoch: Kaplan and Meier's curves."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nagbench.rendering.layout import cells, panels
from nagbench.rendering.lookup import foremost, middle, targets

TABLES = ("survival", "optimizers", "study", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One panel a workload and group; sustained hits, with pointwise 95 % bands where known."""
    survival = tables["survival"]
    goals = {row.workload: middle(targets(row)) for row in foremost(tables).itertuples()}
    drawn = cells(tables, survival)
    figure, axes = panels(tables, drawn, "Epoch", "Runs arrived (%)")
    for cell, (axis,) in zip(drawn, axes, strict=True):
        goal = goals[cell.workload]
        shown = survival[
            (survival["workload"] == cell.workload)
            & (survival["target"] == goal)
            & (survival["clock"] == "epochs")
            & (survival["kind"] == "sustained")
        ]
        many = len(cell.front)
        for n, (name, look, front) in enumerate(cell.lines(), start=-len(cell.behind)):
            line = shown[shown["optimizer"] == name]
            # Curves that lie on each other are set apart by half a line's width.
            hair = 0.6 * (n - (many - 1) / 2) if front else 0.0
            axis.step(
                line["time"],
                100 * line["arrived"] + hair,
                where="post",
                **{**look, "marker": ""},
                label=name,
            )
            if not front:
                continue
            if "low" in line:
                axis.fill_between(
                    line["time"],
                    100 * line["low"],
                    100 * line["high"],
                    step="post",
                    color=look["color"],
                    alpha=0.08,
                    linewidth=0,
                )
            axis.plot(
                line["time"].tail(1),
                100 * line["arrived"].tail(1) + hair,
                color=look["color"],
                marker=look["marker"],
                clip_on=False,
            )
        axis.set(title=f"{cell.label}: {100 * goal:g} %", ylim=(-4, 104))
        axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    return figure
