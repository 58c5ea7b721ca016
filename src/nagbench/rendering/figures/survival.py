"""Share of runs that have reached the middle target, by epoch: Kaplan and Meier's curves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nagbench.rendering.direct_labels import End, label_ends
from nagbench.rendering.layout import cells, entitle, panels
from nagbench.rendering.legend import by_count, note_below
from nagbench.rendering.lookup import foremost, labels, labels_of, middle, targets
from nagbench.rendering.style import words

TABLES = ("survival", "time_to_target", "optimizers", "study", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One panel a workload and group; sustained hits, with pointwise 95 % bands where known. Who
    never arrives is named below."""
    survival = sustained(tables["survival"], tables["workloads"])
    arrivals = sustained(tables["time_to_target"], tables["workloads"])
    never = arrivals[arrivals["reached"] == 0]
    pair = ["workload", "optimizer"]
    gone = pd.MultiIndex.from_frame(survival[pair]).isin(pd.MultiIndex.from_frame(never[pair]))
    survival = survival[~gone]
    drawn = cells(tables, survival)
    if not drawn:
        return words("No run reached the middle target.")
    figure, axes = panels(drawn, "Epoch", "Runs arrived (%)")
    goals = {row.workload: middle(targets(row)) for row in tables["workloads"].itertuples()}
    for cell, (axis,) in zip(drawn, axes, strict=True):
        shown = survival[survival["workload"] == cell.workload]
        named, style, ends = cell.labels(), cell.looks(), []
        for n, (name, look, front) in enumerate(cell.lines(), start=-len(cell.behind)):
            line = shown[shown["optimizer"] == name]
            # Curves that lie on each other are set apart by half a line's width.
            hair = 0.6 * (n - (len(cell.front) - 1) / 2) if front else 0.0
            share = 100 * line["arrived"] + hair
            axis.step(line["time"], share, where="post", **{**look, "marker": ""}, label=name)
            if not front or not len(line):
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
            x, y = line["time"].iloc[-1], share.iloc[-1]
            axis.plot(x, y, **style[name].mark(), clip_on=False)
            if np.isfinite([x, y]).all():
                ends.append(End(x, y, named[name], style[name]))
        label_ends(axis, ends)
        entitle(axis, f"{cell.label}: {100 * goals[cell.workload]:g} %")
        axis.set_ylim(-4, 104)
        axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    note_below(figure, notes(never, tables))
    return figure


def sustained(times: pd.DataFrame, workloads: pd.DataFrame) -> pd.DataFrame:
    """The rows that are about each workload's middle target, in epochs, sustained."""
    goals = {row.workload: middle(targets(row)) for row in workloads.itertuples()}
    return times[
        (times["target"] == times["workload"].map(goals))
        & (times["clock"] == "epochs")
        & (times["kind"] == "sustained")
    ]


def notes(never: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """A sentence a workload, of the first ones."""
    named, places, found = labels(tables), labels_of(tables), []
    for workload in foremost(tables, tables["survival"])["workload"]:
        runs = never[never["workload"] == workload].set_index("optimizer")["runs"]
        counts = {label: f"0/{runs[name]}" for name, label in named.items() if name in runs}
        found.append(by_count(f"Never arrived on {places[workload]}", counts))
    return [sentence for sentence in found if sentence]
