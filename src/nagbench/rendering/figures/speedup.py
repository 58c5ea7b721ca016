"""Mean time below the targets as a multiple of the baseline's: a forest plot."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from nagbench.rendering.layout import rows
from nagbench.rendering.lookup import against, foremost, labels, targets
from nagbench.rendering.style import GREY, looks, plain, words

TABLES = ("speed_comparisons", "optimizers", "study", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One block a workload, the fastest on top; grey where the corrected test shows no
    difference."""
    baseline, named = str(tables["study"]["baseline"].iloc[0]), labels(tables)
    style = looks(list(named))
    blocks = {}
    for workload in foremost(tables).itertuples():
        found = against(tables["speed_comparisons"], baseline, workload.workload)
        if len(found):
            blocks[workload] = found.sort_values("ratio", na_position="last")
    if not blocks:
        return words("No optimizer trained beside the baseline.")
    figure, axes = rows(
        [[named[name] for name in block["optimizer"]] for block in blocks.values()],
        f"Time below targets / {plain(named[baseline])}'s",
    )
    ends = pd.concat(list(blocks.values()))[["low", "ratio", "high"]]
    least, most = min(0.5, ends.min().min() / 1.2), max(2.0, 1.2 * ends.max().max())
    for (axis,), (workload, block) in zip(axes, blocks.items(), strict=True):
        axis.axvline(1, color="black", linewidth=0.6)
        for place, row in enumerate(block.itertuples()):
            if np.isnan(row.ratio):
                says = f"pairs {row.wins} : {row.losses}"
                axis.text(1.05, place, says, size=7, va="center_baseline")
                continue
            colour = style[row.optimizer].colour if row.differs else GREY
            axis.plot([row.low, row.high], [place, place], color=colour)
            axis.plot(
                row.ratio, place, marker=style[row.optimizer].marker, color=colour,
                linestyle="none", label=row.optimizer,
            )  # fmt: skip
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_locator(LogLocator(base=2, numticks=8))
        axis.xaxis.set_major_formatter("{x:g}")
        goals = targets(workload)
        grid = " to ".join(f"{100 * goal:g}" for goal in dict.fromkeys((goals[0], goals[-1])))
        axis.set_title(f"{plain(workload.label)}: {grid} %", loc="right")
    axis.set_xlim(least, most)
    return figure
