"""Performance profiles: the share of cases that each optimizer solves within a factor of the
fastest."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from nagbench.rendering.layout import cells, panels
from nagbench.rendering.style import words

TABLES = ("profiles", "optimizers", "study", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One panel a group; a case is a workload and a target."""
    profiles = tables["profiles"]
    solved = profiles[profiles["area"].notna()]
    if solved.empty:
        return words("No optimizer reached any target: there is no profile.")
    curves = solved.set_index("optimizer")
    drawn = cells(tables, solved)
    figure, axes = panels(tables, drawn, "Times the fastest's median", "Of its cases (%)")
    for cell, (axis,) in zip(drawn, axes, strict=True):
        many = len(cell.front)
        for n, (name, look, front) in enumerate(cell.lines(), start=-len(cell.behind)):
            within, share = curves.at[name, "within"], curves.at[name, "share"]
            hair = 0.5 * (n - (many - 1) / 2) if front else 0.0
            axis.step(
                within,
                [100 * one + hair for one in share],
                where="post",
                **{**look, "marker": ""},
                label=name,
            )
            if front:
                axis.plot(
                    within[-1],
                    100 * share[-1] + hair,
                    color=look["color"],
                    marker=look["marker"],
                    clip_on=False,
                )
        axis.set_ylim(-4, 104)
        axis.xaxis.set_major_locator(MultipleLocator(1))
    return figure
