"""Time below each single target as a multiple of the reference's: where a gain in speed lies."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from nagbench.rendering.direct_labels import End, label_ends
from nagbench.rendering.looks import Look, looks
from nagbench.rendering.lookup import finite, foremost, labels
from nagbench.rendering.style import COLUMN, plain, words

TABLES = ("gains", "optimizers", "workloads")
_ABREAST = 4


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """A panel for each optimizer of a claim on the first workload, a line for each reference; what
    neither ever reached is left out, and pairs of which one reached nothing."""
    found, sides = tables["gains"], ["arrived", "reference_arrived"]
    most = found.groupby(["workload", "optimizer", "reference"])[sides].transform("max")
    found = found[most.all(axis=1) & found[sides].any(axis=1)]
    workload = foremost(tables, found).head(1)
    found = found[found["workload"].isin(workload["workload"])]
    named = labels(tables)
    shown = list(dict.fromkeys(found["optimizer"]))[:_ABREAST]
    if not shown:
        return words("No pair of a claim on speed arrives.")
    figure, axes = plt.subplots(
        1, len(shown), figsize=(COLUMN * (1 if len(shown) == 1 else 2), 1.9), squeeze=False,
        sharex=True, sharey=True,
    )  # fmt: skip
    style = looks(named)
    for axis, name in zip(axes.flat, shown, strict=True):
        own = found[found["optimizer"] == name]
        ends = [
            _line(axis, line, named[str(other)], style[str(other)])
            for other, line in own.groupby("reference", sort=False)
        ]
        _ground(axis, own)
        label_ends(axis, ends)
        axis.set_title(plain(named[name]), color=style[name].ink, loc="left")
    figure.supxlabel("Target: validation accuracy (%)")
    figure.supylabel("Time below it / the other's")
    return figure


def _line(axis: Axes, line: pd.DataFrame, label: str, look: Look) -> End:
    middle = 50 * (line["target"] + line["next_target"])
    ratio, low, high = (finite(line[name]) for name in ("ratio", "ratio_low", "ratio_high"))
    axis.plot(middle, ratio, color=look.colour, label=line["reference"].iloc[0])
    axis.fill_between(middle, low, high, color=look.colour, alpha=0.15, linewidth=0)
    return End(middle.iloc[-1], float(np.nan_to_num(ratio.iloc[-1], nan=1.0)), label, look)


def _ground(axis: Axes, own: pd.DataFrame) -> None:
    """Where both are equally fast, and the grid of targets."""
    axis.axhline(1, color="black", linewidth=0.6)
    grid = own[own["in_grid"]]
    if len(grid):
        axis.axvspan(
            100 * grid["target"].min(), 100 * grid["next_target"].max(), color="0.93", zorder=0
        )
    axis.set_yscale("log", base=2)
    axis.yaxis.set_major_locator(LogLocator(base=2, subs=(1.0, np.sqrt(2)), numticks=9))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter("{x:.2g}")
