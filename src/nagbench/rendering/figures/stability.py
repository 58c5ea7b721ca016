"""How reproducible and calm training is: spread between seeds, spikes of the loss, divergence."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from nagbench.rendering.layout import rows
from nagbench.rendering.reading import labels
from nagbench.rendering.style import looks, plain

TABLES = ("stability", "optimizers", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One block a workload, one column a measure, one row an optimizer."""
    stability, named = tables["stability"], labels(tables)
    style, workloads = looks(list(named)), list(tables["workloads"].itertuples())
    order = list(named)
    blocks = [
        stability[stability["workload"] == row.workload].sort_values(
            "optimizer", key=lambda column: column.map(order.index)
        )
        for row in workloads
    ]
    figure, axes = rows([[named[n] for n in block["optimizer"]] for block in blocks], 3, wide=True)
    for (spread, spikes, diverged), workload, block in zip(axes, workloads, blocks, strict=True):
        for place, row in enumerate(block.itertuples()):
            mark = {
                "color": style[row.optimizer].colour,
                "marker": style[row.optimizer].marker,
                "linestyle": "none",
                "label": row.optimizer,
            }
            spread.plot(100 * row.sd, place, **mark)
            spikes.plot(row.spikes, place, **mark)
            diverged.plot(
                [100 * row.diverged_low, 100 * row.diverged_high],
                [place, place],
                color=style[row.optimizer].colour,
            )
            diverged.plot(100 * row.diverged / row.runs, place, **mark)
        spread.set(xlabel="SD of test accuracy between seeds (points)", title=plain(workload.label))
        spread.set_xlim(left=0)
        spikes.set(xlabel="Spikes of the loss in a run")
        spikes.set_xscale("symlog", linthresh=1)
        spikes.xaxis.set_major_formatter("{x:g}")
        spikes.set_xlim(-0.1, max(1.2, 1.5 * spikes.dataLim.x1))
        diverged.set(xlabel="Diverged runs (%)", xlim=(-3, 103))
    return figure
