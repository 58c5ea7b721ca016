"""Training loss and validation accuracy by epoch, with intervals over seeds."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nagbench.rendering.layout import cells, panels

TABLES = ("learning_curves", "optimizers", "study", "workloads")
_PANELS = {"train_loss": "Training loss", "validation_accuracy": "Validation accuracy (%)"}


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Two panels a workload and group; a band is the 95 % interval of the mean over seeds."""
    curves = tables["learning_curves"]
    drawn = cells(tables, curves)
    figure, axes = panels(tables, drawn, "Epoch", *_PANELS.values())
    for cell, own in zip(drawn, axes, strict=True):
        for axis, metric in zip(own, _PANELS, strict=True):
            percent = 100 if metric.endswith("accuracy") else 1
            shown = curves[(curves["workload"] == cell.workload) & (curves["metric"] == metric)]
            for n, (name, look, front) in enumerate(cell.lines()):
                line = shown[shown["optimizer"] == name].sort_values("epoch")
                every = max(1, len(line) // 6)
                axis.plot(
                    line["epoch"],
                    percent * line["mean"],
                    **look,
                    markevery=(n % every, every),
                    label=name,
                )
                if front:
                    axis.fill_between(
                        line["epoch"],
                        percent * line["low"],
                        percent * line["high"],
                        color=look["color"],
                        alpha=0.15,
                        linewidth=0,
                    )
            axis.margins(x=0.02)
            axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    return figure
