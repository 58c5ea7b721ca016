"""How reproducible and calm training is: spread between seeds, spikes of the loss, divergence."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from nagbench.rendering.layout import rows
from nagbench.rendering.lookup import finite, foremost, labels
from nagbench.rendering.style import looks, plain

TABLES = ("stability", "optimizers", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One block a workload, one column a measure, one row an optimizer."""
    stability, named = tables["stability"], labels(tables)
    style, workloads = looks(list(named)), list(foremost(tables).itertuples())
    order = list(named)
    blocks = [
        stability[stability["workload"] == row.workload].sort_values(
            "optimizer", key=lambda column: column.map(order.index)
        )
        for row in workloads
    ]
    figure, axes = rows(
        [[named[name] for name in block["optimizer"]] for block in blocks],
        "SD between seeds (points)",
        "Spikes of the loss a run",
        "Diverged runs (%)",
    )
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
        spread.set_title(plain(workload.label), loc="right")
    most = max(1.0, finite(stability["spikes"]).max())
    spikes.set_xscale("symlog", linthresh=1)
    spikes.xaxis.set_major_formatter("{x:g}")
    spikes.set_xlim(-0.1, 1.4 * most)
    spread.set_xlim(_from_zero(100 * stability["sd"]))
    diverged.set_xlim(-4, 104)
    return figure


def _from_zero(values: pd.Series) -> tuple[float, float]:
    """Limits with room for marks on either side."""
    found = finite(values).max()
    most = found if found > 0 else 1.0
    return -0.05 * most, 1.07 * most
