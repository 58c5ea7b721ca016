"""How reproducible and calm training is: spread between seeds, spikes of the loss, divergence."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from nagbench.rendering.layout import fitting_blocks, rows
from nagbench.rendering.looks import looks
from nagbench.rendering.lookup import finite, foremost, labels
from nagbench.rendering.style import plain, words

TABLES = ("stability", "optimizers", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One block a workload, one column a measure, one row an optimizer; where all runs broke off,
    only their share is drawn."""
    stability, named = tables["stability"], labels(tables)
    style, workloads = looks(named), list(foremost(tables, tables["stability"]).itertuples())
    order = list(named)
    blocks = fitting_blocks(
        [
            stability[stability["workload"] == row.workload].sort_values(
                "optimizer", key=lambda column: column.map(order.index)
            )
            for row in workloads
        ]
    )
    if not blocks:
        return words("No run has trained.")
    figure, axes = rows(
        [[named[name] for name in block["optimizer"]] for block in blocks],
        "SD between seeds (points)",
        "Loss spikes per run",
        "Diverged runs (%)",
    )
    whole = stability["diverged"] + stability["failed"] < stability["runs"]
    for (spread, spikes, diverged), workload, block in zip(axes, workloads, blocks, strict=False):
        for place, row in enumerate(block.itertuples()):
            look = style[row.optimizer]
            if whole[row.Index]:
                spread.plot(100 * row.sd, place, **look.mark(), label=row.optimizer)
                spikes.plot(row.spikes, place, **look.mark(), label=row.optimizer)
            ends = [100 * row.diverged_low, 100 * row.diverged_high]
            diverged.plot(ends, [place, place], color=look.colour, linewidth=0.9)
            share = 100 * row.diverged / row.runs
            diverged.plot(share, place, **look.mark(), label=row.optimizer)
        spread.set_title(plain(workload.label), loc="left")
    spread.set_xlim(_from_zero(100 * stability["sd"][whole]))
    spikes.set_xlim(_from_zero(stability["spikes"][whole]))
    diverged.set_xlim(-4, 104)
    return figure


def _from_zero(values: pd.Series) -> tuple[float, float]:
    """Limits with room for marks on either side."""
    found = finite(values).max()
    most = found if found > 0 else 1.0
    return -0.05 * most, 1.07 * most
