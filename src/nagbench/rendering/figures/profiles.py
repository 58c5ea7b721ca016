"""Performance profiles: the share of cases that each optimizer solves within a factor of the
fastest."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from nagbench.rendering.direct_labels import End, label_ends
from nagbench.rendering.layout import cells, panels
from nagbench.rendering.legend import by_count, note_below
from nagbench.rendering.lookup import labels
from nagbench.rendering.style import words

TABLES = ("profiles", "optimizers", "study", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One panel a group; a case is a workload and a target. Who solves none is named below."""
    profiles = tables["profiles"]
    tried = profiles[profiles["area"].notna()]
    none = np.array([not np.nanmax([0.0, *share]) > 0 for share in tried["share"]], dtype=bool)
    solved = tried[~none]
    if solved.empty:
        return words("No optimizer reached any target: there is no profile.")
    curves = solved.set_index("optimizer")
    drawn = cells(tables, solved)
    figure, axes = panels(drawn, "Times the fastest's median", "Cases solved (%)")
    for cell, (axis,) in zip(drawn, axes, strict=True):
        named, style, ends = cell.labels(), cell.looks(), []
        for n, (name, look, front) in enumerate(cell.lines(), start=-len(cell.behind)):
            within, share = curves.at[name, "within"], curves.at[name, "share"]
            # Curves that lie on each other are set apart by half a line's width.
            hair = 0.5 * (n - (len(cell.front) - 1) / 2) if front else 0.0
            axis.step(
                within,
                [100 * one + hair for one in share],
                where="post",
                **{**look, "marker": ""},
                label=name,
            )
            if front:
                x, y = within[-1], 100 * share[-1] + hair
                axis.plot(x, y, **style[name].mark(), clip_on=False)
                if np.isfinite([x, y]).all():
                    ends.append(End(x, y, named[name], style[name]))
        label_ends(axis, ends)
        axis.set_ylim(-4, 104)
        axis.xaxis.set_major_locator(MultipleLocator(1))
    names, all_cases = labels(tables), tried[none]
    counts = {names[row.optimizer]: f"0/{row.cases}" for row in all_cases.itertuples()}
    note_below(
        figure, [text] if (text := by_count("No case solved within four times", counts)) else []
    )
    return figure
