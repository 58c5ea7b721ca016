"""Final validation accuracy against the learning rate: what tuning saw."""

from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from nagbench.rendering.legend import legend_below
from nagbench.rendering.style import COLUMN, looks

TABLES = ("sensitivity", "settings", "optimizers", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One panel a workload; the chosen trial is ringed."""
    tried, names = tables["sensitivity"], list(tables["optimizers"]["optimizer"])
    workloads, chosen = tables["workloads"], tables["settings"]
    style = looks(names)
    figure, axes = plt.subplots(
        len(workloads), 1, figsize=(COLUMN, 0.55 + 2.0 * len(workloads)), squeeze=False
    )
    for axis, workload in zip(axes[:, 0], workloads.itertuples(), strict=True):
        for name in names:
            line = tried[(tried["workload"] == workload.workload) & (tried["optimizer"] == name)]
            line = line.sort_values("learning_rate")
            axis.plot(line["learning_rate"], 100 * line["accuracy"], **style[name].line())
            trial = chosen.set_index(["workload", "optimizer"]).at[
                (workload.workload, name), "trial"
            ]
            best = line[line["trial"] == trial]
            axis.plot(
                best["learning_rate"],
                100 * best["accuracy"],
                marker="o",
                markersize=8,
                markerfacecolor="none",
                markeredgecolor=style[name].colour,
                linestyle="none",
            )
        axis.set(
            xscale="log",
            xlabel="Learning rate",
            ylabel="Validation accuracy (%)",
            title=workload.label,
        )
    legend_below(figure, tables["optimizers"], columns=3)
    return figure
