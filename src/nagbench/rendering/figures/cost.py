"""Final test accuracy against the gradients that training takes."""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from nagbench.rendering.legend import legend_below
from nagbench.rendering.lookup import finite, foremost
from nagbench.rendering.style import COLUMN, GREY, looks, plain

TABLES = ("summary", "optimizers", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One panel a workload; the grey stairs join those that none is both cheaper and better
    than."""
    workloads = list(foremost(tables).itertuples())
    style = looks(list(tables["optimizers"]["optimizer"]))
    across = min(len(workloads), 3)
    down = math.ceil(len(workloads) / across)
    many = len(tables["optimizers"])
    wide = min(across, 2)
    figure, axes = plt.subplots(
        down,
        across,
        figsize=(wide * COLUMN, 2.1 * down + 0.14 * math.ceil(many / (2 * wide))),
        squeeze=False,
    )
    for axis, workload in zip(axes.flat, workloads, strict=False):
        own = tables["summary"][tables["summary"]["workload"] == workload.workload].copy()
        own["gradients"] = finite(own["gradients"]).where(own["gradients"] > 0)
        own = own.dropna(subset=["gradients", "accuracy"])
        best = frontier(own)
        axis.step(best["gradients"], 100 * best["accuracy"], where="post", color=GREY, zorder=1)
        for row in own.itertuples():
            look, x = style[row.optimizer], row.gradients
            axis.plot([x, x], [100 * row.low, 100 * row.high], color=look.colour, linewidth=0.6)
            axis.plot(
                x, 100 * row.accuracy, color=look.colour, marker=look.marker, linestyle="none",
                label=row.optimizer,
            )  # fmt: skip
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set(
            xlabel="Gradient evaluations",
            ylabel="Test accuracy (%)",
            title=plain(workload.label),
        )
    for axis in axes.flat[len(workloads) :]:
        axis.remove()
    legend_below(figure, tables["optimizers"])
    return figure


def frontier(own: pd.DataFrame) -> pd.DataFrame:
    """The cheapest, and then each that is better than all the cheaper ones."""
    cheap = own.sort_values(["gradients", "accuracy"], ascending=[True, False])
    return cheap[cheap["accuracy"] > cheap["accuracy"].cummax().shift(fill_value=-math.inf)]
