"""Training loss and validation accuracy by epoch, with intervals over seeds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nagbench.rendering.direct_labels import End, label_ends
from nagbench.rendering.layout import align, cells, panels
from nagbench.rendering.legend import by_count, note_below
from nagbench.rendering.lookup import labels, labels_of
from nagbench.rendering.style import words

TABLES = ("learning_curves", "optimizers", "study", "workloads")
_PANELS = {"train_loss": "Training loss", "validation_accuracy": "Validation accuracy (%)"}
_ABOVE = 1.1  # times the largest loss in the first epoch: the end of the axis


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Two panels a workload and group; a band is the 95 % interval of the mean over seeds. What
    broke off in every run is named below."""
    curves = tables["learning_curves"]
    broken = broke_off(curves)
    marked = curves.merge(broken[["workload", "optimizer", "lost"]], how="left")
    drawn = cells(tables, marked[~(marked["lost"] == marked["of"])])
    whole = marked[marked["lost"].isna() & (marked["metric"] == "train_loss")]
    if not drawn:
        return words("No run was trained to its end.")
    figure, axes = panels(drawn, "Epoch", *_PANELS.values())
    for cell, own in zip(drawn, axes, strict=True):
        style, named, ends = cell.looks(), cell.labels(), []
        few = set(broken.loc[broken["workload"] == cell.workload, "optimizer"])
        for axis, metric in zip(own, _PANELS, strict=True):
            percent, greatest = (100, 100) if metric.endswith("accuracy") else (1, np.inf)
            seen = np.empty(0)
            shown = curves[(curves["workload"] == cell.workload) & (curves["metric"] == metric)]
            for n, (name, look, front) in enumerate(cell.lines()):
                line = shown[shown["optimizer"] == name].sort_values("epoch")
                mean, every = percent * line["mean"], max(1, len(line) // 4)
                band = (percent * line[["low", "high"]]).clip(0, greatest)
                axis.plot(
                    line["epoch"], mean, **look, markevery=(n % every, every), label=name
                )  # fmt: skip
                seen = np.append(seen, mean if name in few else [mean, *band.to_numpy().T])
                if not front or not len(line):
                    continue
                axis.fill_between(
                    line["epoch"],
                    band["low"],
                    band["high"],
                    color=look["color"],
                    alpha=0.15,
                    linewidth=0,
                )
                if axis is own[-1] and np.isfinite(mean.iloc[-1]):
                    x, y = line["epoch"].iloc[-1], mean.iloc[-1]
                    ends.append(End(x, y, named[name], style[name]))
            seen = seen[np.isfinite(seen)]
            if len(seen):
                axis.dataLim.intervaly = seen.min(), seen.max()
            axis.margins(x=0.02)
            axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        first = whole[(whole["workload"] == cell.workload) & (whole["epoch"] <= 1)]
        most = _ABOVE * first["mean"].max()
        low, high = own[0].get_ylim()
        if low < most < high:
            own[0].set_ylim(low, most)
        label_ends(own[-1], ends)
    align(drawn, axes)
    note_below(figure, notes(broken, tables))
    return figure


def broke_off(curves: pd.DataFrame) -> pd.DataFrame:
    """For each workload and optimizer of which runs broke off before the last epoch that anyone
    trained: how many of them, `lost`, of how many, `of`."""
    shown = curves[curves["metric"] == "validation_accuracy"]
    last = shown.sort_values("epoch").groupby(["workload", "optimizer"], sort=False).tail(1)
    whole = last["epoch"] == last.groupby("workload")["epoch"].transform("max")
    lost = last["of"] - last["runs"].where(whole, 0)
    return last.assign(lost=lost)[lost > 0].sort_index()


def notes(broken: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """A sentence a workload."""
    named, places, found = labels(tables), labels_of(tables), []
    for workload, own in broken.groupby("workload", sort=False):
        counts = {named[row.optimizer]: f"{row.lost}/{row.of}" for row in own.itertuples()}
        found.append(by_count(f"Broke off on {places[str(workload)]}", counts))
    return found
