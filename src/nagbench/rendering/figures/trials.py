"""What a longer search buys: expected best validation accuracy by number of trials."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nagbench.rendering.layout import cells, panels
from nagbench.rendering.lookup import tuned

TABLES = ("tuning_price", "optimizers", "study", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One panel a workload and group of those that were tuned; a band is the 95 % interval."""
    price = tuned(tables["tuning_price"])
    drawn = cells(tables, price)
    figure, axes = panels(tables, drawn, "Trials", "Expected best acc. (%)")
    for cell, (axis,) in zip(drawn, axes, strict=True):
        for name, look, front in cell.lines():
            line = price[(price["workload"] == cell.workload) & (price["optimizer"] == name)]
            line = line.sort_values("trials")
            axis.plot(line["trials"], 100 * line["expected"], **look, label=name)
            if front:
                axis.fill_between(
                    line["trials"],
                    100 * line["low"],
                    100 * line["high"],
                    color=look["color"],
                    alpha=0.12,
                    linewidth=0,
                )
        axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    return figure
