"""Test accuracy and training loss by epoch, with intervals over seeds."""

from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from nagbench.rendering.legend import legend_below
from nagbench.rendering.style import COLUMN, looks

TABLES = ("learning_curves", "optimizers", "workloads")
_PANELS = {"train_loss": "Training loss", "test_accuracy": "Test accuracy (%)"}


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One row a workload; a band is the 95 % interval of the mean over seeds."""
    curves, names = tables["learning_curves"], list(tables["optimizers"]["optimizer"])
    workloads = tables["workloads"]
    style = looks(names)
    figure, axes = plt.subplots(
        len(workloads), 2, figsize=(2 * COLUMN, 0.35 + 2.1 * len(workloads)), squeeze=False
    )
    for row, workload in zip(axes, workloads.itertuples(), strict=True):
        for axis, (metric, label) in zip(row, _PANELS.items(), strict=True):
            percent = 100 if metric.endswith("accuracy") else 1
            shown = curves[(curves["workload"] == workload.workload) & (curves["metric"] == metric)]
            for n, name in enumerate(names):
                line = shown[shown["optimizer"] == name].sort_values("epoch")
                every = max(1, len(line) // 6)
                axis.plot(
                    line["epoch"],
                    percent * line["mean"],
                    **style[name].line(),
                    markevery=(n % every, every),
                    label=name,
                )
                axis.fill_between(
                    line["epoch"],
                    percent * line["low"],
                    percent * line["high"],
                    color=style[name].colour,
                    alpha=0.15,
                    linewidth=0,
                )
            axis.set(xlabel="Epoch", ylabel=label, title=workload.label)
            axis.margins(x=0.02)
    legend_below(figure, tables["optimizers"])
    return figure
