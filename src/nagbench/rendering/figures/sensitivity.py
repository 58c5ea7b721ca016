"""Final validation accuracy against the learning rate: what tuning saw."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from nagbench.rendering.layout import cells, panels
from nagbench.rendering.lookup import tuned

TABLES = ("sensitivity", "settings", "optimizers", "study", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One panel a workload and group of those that were tuned; the tested trials are ringed."""
    tried = tuned(tables["sensitivity"].dropna(subset=["learning_rate"]))
    chosen = set(
        tables["settings"][["workload", "optimizer", "trial"]].itertuples(index=False, name=None)
    )
    drawn = cells(tables, tried)
    figure, axes = panels(tables, drawn, "Learning rate", "Validation accuracy (%)")
    for cell, (axis,) in zip(drawn, axes, strict=True):
        for name, look, front in cell.lines():
            line = tried[(tried["workload"] == cell.workload) & (tried["optimizer"] == name)]
            line = line.sort_values("learning_rate")
            axis.plot(line["learning_rate"], 100 * line["accuracy"], **look, label=name)
            if not front:
                continue
            best = line[[(cell.workload, name, trial) in chosen for trial in line["trial"]]]
            axis.plot(
                best["learning_rate"],
                100 * best["accuracy"],
                marker="o",
                markersize=8,
                markerfacecolor="none",
                markeredgecolor=look["color"],
                linestyle="none",
            )
        axis.set_xscale("log")
    return figure
