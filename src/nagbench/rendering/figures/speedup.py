"""Mean time below the targets as a multiple of the baseline's: a forest plot."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from nagbench.rendering.layout import aside, beyond, fitting_blocks, heading, rows
from nagbench.rendering.looks import Look, looks
from nagbench.rendering.lookup import against, foremost, labels, targets
from nagbench.rendering.style import GREY, plain, words

TABLES = ("speed_comparisons", "optimizers", "study", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One block a workload, the fastest on top, with the pairs won, as bars where no ratio is
    defined; grey where the corrected test shows no difference."""
    baseline, named = str(tables["study"]["baseline"].iloc[0]), labels(tables)
    style = looks(named)
    blocks = {}
    for workload in foremost(tables, tables["speed_comparisons"]).itertuples():
        found = against(tables["speed_comparisons"], baseline, workload.workload)
        if len(found):
            order = found.assign(lost=-found["wins"]).sort_values(
                ["ratio", "lost"], na_position="last", kind="stable"
            )
            blocks[workload] = order
    if not blocks:
        return words("No optimizer trained beside the baseline.")
    against_what = plain(named[baseline])
    kept = len(fitting_blocks(list(blocks.values())))
    blocks = dict(list(blocks.items())[:kept])
    # Blocks that have ratios lie below the others, beside the axis' numbers.
    blocks = dict(sorted(blocks.items(), key=lambda item: item[1]["ratio"].notna().any()))
    figure, axes = rows(
        [[named[name] for name in block["optimizer"]] for block in blocks.values()],
        f"Time below targets / {against_what}'s",
        above=0.7,
    )
    ends = pd.concat(list(blocks.values()))[["low", "ratio", "high"]]
    least, most = min(0.5, ends.min().min() / 1.2), max(2.0, 1.2 * ends.max().max())
    for (axis,), (workload, block) in zip(axes, blocks.items(), strict=True):
        aside(axis, -0.9, "Pairs won")
        for place, row in enumerate(block.itertuples()):
            aside(axis, place, f"{row.wins}/{row.pairs}")
        if block["ratio"].isna().all():
            _pairs(axis, block, style)
            title = "pairs won"
        else:
            _ratios(axis, block, style)
            goals = [f"{100 * goal:g}" for goal in targets(workload)]
            title = f"{' to '.join(dict.fromkeys((goals[0], goals[-1])))} %"
        heading(axis, f"{workload.label}: {title}")
    if ends["ratio"].isna().all():
        axis.set_xlabel("")
    axis.set_xlim(least, most)
    return figure


def _ratios(axis: Axes, block: pd.DataFrame, style: Mapping[str, Look]) -> None:
    axis.axvline(1, color="black", linewidth=0.6)
    for place, row in enumerate(block.itertuples()):
        look = style[row.optimizer]
        colour = look.colour if row.differs else GREY
        if np.isnan(row.ratio):
            says = f"fails {row.fails}/{row.pairs}" if row.fails else "no ratio"
            beyond(axis, place, says, look, right=False)
            continue
        axis.plot([row.low, row.high], [place, place], color=colour)
        axis.plot(row.ratio, place, **{**look.mark(), "color": colour}, label=row.optimizer)
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_locator(LogLocator(base=2, numticks=8))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter("{x:g}")


def _pairs(axis: Axes, block: pd.DataFrame, style: Mapping[str, Look]) -> None:
    """Bars, as long as the share of pairs won; the axis of ratios says nothing here."""
    for place, row in enumerate(block.itertuples()):
        axis.plot(
            [0, row.wins / max(row.pairs, 1)],
            [place, place],
            color=style[row.optimizer].colour if row.differs else GREY,
            linewidth=3.5,
            solid_capstyle="butt",
            transform=axis.get_yaxis_transform(),
            label=f"{row.optimizer}, won",
        )
    axis.grid(False)
    axis.tick_params(axis="x", bottom=False, labelbottom=False)
    axis.spines["bottom"].set_visible(False)
