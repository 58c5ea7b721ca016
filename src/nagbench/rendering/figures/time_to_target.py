"""Share of runs that have reached each target, by epoch: Kaplan and Meier's curves."""

import json
from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from nagbench.rendering.legend import legend_below
from nagbench.rendering.style import COLUMN, looks

TABLES = ("survival", "optimizers", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One row a workload, one panel a target; sustained hits, three evaluations in a row."""
    survival, names = tables["survival"], list(tables["optimizers"]["optimizer"])
    workloads = tables["workloads"]
    style = looks(names)
    targets = [json.loads(text) for text in workloads["targets"]]
    columns = max(map(len, targets))
    figure, axes = plt.subplots(
        len(workloads),
        columns,
        figsize=(2 * COLUMN, 0.35 + 1.75 * len(workloads)),
        sharey=True,
        squeeze=False,
    )
    for row, workload, goals in zip(axes, workloads.itertuples(), targets, strict=True):
        for axis, goal in zip(row, goals, strict=False):
            shown = survival[
                (survival["workload"] == workload.workload)
                & (survival["target"] == goal)
                & (survival["kind"] == "sustained")
            ]
            for n, name in enumerate(names):
                line = shown[shown["optimizer"] == name]
                # Curves that lie on each other are set apart by half a line's width.
                axis.step(
                    line["time"],
                    100 * line["arrived"] + 0.6 * (n - (len(names) - 1) / 2),
                    where="post",
                    **{**style[name].line(), "marker": None},
                )
                end = line.iloc[-1]
                axis.plot(
                    end["time"],
                    100 * end["arrived"] + 0.6 * (n - (len(names) - 1) / 2),
                    color=style[name].colour,
                    marker=style[name].marker,
                    clip_on=False,
                )
            axis.set(
                xlabel="Epoch",
                title=f"{workload.label}: {100 * goal:g} % validation accuracy",
                ylim=(-4, 104),
            )
        for axis in row[len(goals) :]:
            axis.set_visible(False)
        row[0].set_ylabel("Runs arrived (%)")
    legend_below(figure, tables["optimizers"])
    return figure
