"""The figure of a card: how the two learn, how each seed ends, and how long it took."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nagbench.comparing.comparison import Comparison
from nagbench.rendering.lookup import labels
from nagbench.rendering.style import GREY, Look, looks, plain


def draw(found: Comparison, axes: tuple[Axes, Axes, Axes]) -> None:
    """Validation accuracy by epoch, final test accuracy and time below the targets by seed."""
    names = [found.baseline, found.newcomer]
    style, named = looks(names), labels(found.tables)
    curves, ends, times = axes
    table = found.tables["learning_curves"]
    table = table[table["metric"] == "validation_accuracy"]
    for name in names:
        own = table[table["optimizer"] == name].sort_values("epoch")
        look = style[name]
        curves.plot(own["epoch"], 100 * own["mean"], color=look.colour, label=plain(named[name]))
        curves.fill_between(
            own["epoch"], 100 * own["low"], 100 * own["high"], color=look.colour, alpha=0.2, lw=0
        )
    curves.set(xlabel="Epoch", title="Validation accuracy (%)")
    curves.legend(loc="lower right")
    accuracy = found.runs.pivot_table(index="seed", columns="optimizer", values="accuracy")
    _paired(ends, 100 * accuracy.reindex(columns=names), style, named)
    ends.set(title="Test accuracy (%) by seed")
    _paired(times, found.times.reindex(columns=names), style, named)
    times.set(title="Time (gradients) by seed")


def _paired(
    axis: Axes, values: pd.DataFrame, style: dict[str, Look], named: dict[str, str]
) -> None:
    """A line for each seed from the one to the other, and the mean of those that have both."""
    both = values.dropna()
    for row in both.to_numpy():
        axis.plot([0, 1], row, color=GREY, lw=0.6, zorder=1)
    for place, name in enumerate(values.columns):
        own = values[name].dropna()
        axis.scatter(np.full(len(own), place), own, s=9, color=[style[name].colour], zorder=2)
        if len(own):
            axis.plot([place - 0.12, place + 0.12], 2 * [own.mean()], color="black", lw=1.4)
    axis.set(xlim=(-0.4, 1.4), xticks=[0, 1])
    axis.set_xticklabels([plain(named[name]) for name in values.columns])
