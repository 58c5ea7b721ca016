"""Final test accuracy, and the gradients that training takes."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from nagbench.rendering.layout import aside, beyond, fitting_blocks, heading, rows
from nagbench.rendering.looks import looks
from nagbench.rendering.lookup import finite, foremost, labels
from nagbench.rendering.style import words

TABLES = ("summary", "optimizers", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One block a workload, the most accurate on top, with its interval and its gradients; an arrow
    where the mean is less than half of the best."""
    summary, named = tables["summary"], labels(tables)
    style, blocks = looks(named), {}
    for workload in foremost(tables, summary.dropna(subset=["accuracy"])).itertuples():
        own = summary[summary["workload"] == workload.workload].copy()
        own["accuracy"] = finite(own["accuracy"])
        own = own.dropna(subset=["accuracy"])
        if len(own):
            blocks[workload] = own.sort_values("accuracy", ascending=False, kind="stable")
    if not blocks:
        return words("No run was tested.")
    kept = len(fitting_blocks(list(blocks.values())))
    blocks = dict(list(blocks.items())[:kept])
    figure, axes = rows(
        [[named[name] for name in block["optimizer"]] for block in blocks.values()],
        "Test accuracy (%)",
        above=0.7,
    )
    for (axis,), (workload, block) in zip(axes, blocks.items(), strict=True):
        aside(axis, -0.9, "Gradients")
        for place, row in enumerate(block.itertuples()):
            look = style[row.optimizer]
            aside(axis, place, _count(row.gradients))
            if row.accuracy < block["accuracy"].iloc[0] / 2:
                beyond(axis, place, f"{100 * row.accuracy:.1f}", look, right=False)
                continue
            ends = [100 * row.low, 100 * row.high]
            axis.plot(ends, [place, place], color=look.colour)
            axis.plot(100 * row.accuracy, place, **look.mark(), label=row.optimizer)
        heading(axis, workload.label)
    return figure


def _count(gradients: float) -> str:
    """Up to 999 as they are, above in thousands."""
    known = gradients == gradients and abs(gradients) != float("inf")
    if not known:
        return "–"
    return f"{gradients:.0f}" if gradients < 1000 else f"{gradients / 1000:.1f}k"
