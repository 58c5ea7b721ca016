"""Final validation accuracy against the learning rate: what tuning saw."""

import json
import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from nagbench.rendering.looks import Look, looks
from nagbench.rendering.lookup import foremost, labels, tuned
from nagbench.rendering.style import COLUMN, plain, words, wrapped

TABLES = ("sensitivity", "settings", "optimizers", "workloads")
_MOST = 42  # panels of a page
_ABREAST = 6


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """A panel an optimizer that was tuned on the first workload, all on the same axes; the settings
    that were tested are filled."""
    tried = tuned(tables["sensitivity"].dropna(subset=["learning_rate", "accuracy"]))
    keys = ["workload", "optimizer", "trial"]
    chosen = pd.MultiIndex.from_frame(tables["settings"][keys])
    named = labels(tables)
    workload = foremost(tables, tried).head(1)
    tried = tried[tried["workload"].isin(workload["workload"])]
    shown = [name for name in named if name in set(tried["optimizer"])][:_MOST]
    if not shown:
        return words("No optimizer was tuned over learning rates.")
    down = math.ceil(len(shown) / _ABREAST)
    across = math.ceil(len(shown) / down)
    figure, grid = plt.subplots(
        down,
        across,
        figsize=(COLUMN * (1 if across <= 3 else 2), 0.35 + 1.15 * down),
        squeeze=False,
        sharex=True,
        sharey=True,
    )
    style = looks(named)
    for axis, name in zip(grid.flat, shown, strict=False):
        own = tried[tried["optimizer"] == name].sort_values("learning_rate")
        tested = pd.MultiIndex.from_frame(own[keys]).isin(chosen)
        _panel(axis, own, tested, style[name], name)
        axis.set_title(
            "\n".join(wrapped(plain(named[name]), 1.0, 7)), color=style[name].ink, size=7
        )
    for axis in list(grid.flat)[len(shown) :]:
        axis.remove()
    for axis in list(grid.flat)[: len(shown)][-across:]:
        axis.tick_params(labelbottom=True)  # nothing lies below
    figure.supxlabel("Learning rate")
    figure.supylabel("Validation accuracy (%)")
    return figure


def _panel(axis: Axes, own: pd.DataFrame, tested: np.ndarray, look: Look, name: str) -> None:
    """Trials with their range over tuning seeds, joined where the learning rate alone differs."""
    rate, accuracy = own["learning_rate"].to_numpy(), 100 * own["accuracy"].to_numpy()
    others = {json.dumps({**json.loads(text), "lr": 0}, sort_keys=True) for text in own["settings"]}
    axis.vlines(rate, 100 * own["worst"], 100 * own["best"], color=look.colour, linewidth=0.6)
    axis.plot(
        rate, accuracy, color=look.colour, marker="o", markersize=2.6, markerfacecolor="white",
        markeredgewidth=0.7, linewidth=0.8, linestyle="-" if len(others) == 1 else "none",
        label=name,
    )  # fmt: skip
    axis.plot(
        rate[tested], accuracy[tested], color=look.colour, marker="o", markersize=3.6,
        linestyle="none", label=f"{name}, tested",
    )  # fmt: skip
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(LogLocator(numticks=3))
    axis.xaxis.set_minor_locator(NullLocator())
