"""How much less time than the baseline NAG spends below the targets, by batch size."""

from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from nagbench.rendering.batch_sizes import SUBJECT, series, series_with_gains
from nagbench.rendering.looks import looks
from nagbench.rendering.lookup import labels
from nagbench.rendering.style import COLUMN, plain, words

TABLES = ("speed_comparisons", "optimizers", "study", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One panel a model and its targets, with intervals."""
    baseline, named = str(tables["study"]["baseline"].iloc[0]), labels(tables)
    if SUBJECT not in named or baseline == SUBJECT:
        return words("The study does not compare NAG with another baseline.")
    models = series(tables["workloads"])
    if not models:
        sizes = sorted(set(tables["workloads"]["batch_size"]))
        found = f"batch size {sizes[0]}" if len(sizes) == 1 else "one batch size a model"
        return words(f"The study has only {found}: no gain by batch size.")
    drawn = series_with_gains(tables)
    if not drawn:
        return words("No gain by batch size: at most one size has runs that all arrive.")
    look = looks([SUBJECT])[SUBJECT]
    figure, axes = plt.subplots(
        len(drawn), 1, figsize=(COLUMN, 0.3 + 1.6 * len(drawn)), squeeze=False
    )
    for axis, (chosen, line) in zip(axes[:, 0], drawn, strict=True):
        axis.axhline(1, color="black", linewidth=0.6)
        axis.plot(line["size"], line["gain"], **look.line(), label=SUBJECT)
        axis.vlines(line["size"], line["low"], line["high"], color=look.colour)
        ends = line[["low", "gain", "high"]]
        least, most = min(0.5, ends.min().min() / 1.1), max(2, 1.1 * ends.max().max())
        axis.set_xscale("log", base=2)
        axis.set_yscale("log", base=2)
        axis.set_xticks(line["size"], [f"{n}" for n in line["size"]])
        axis.xaxis.set_minor_locator(NullLocator())
        axis.yaxis.set_major_formatter("{x:g}")
        axis.margins(x=0.15)
        axis.set(
            ylim=(least, most),
            xlabel="Batch size",
            ylabel=f"{plain(named[baseline])}'s time / {plain(named[SUBJECT])}'s",
            title=plain(chosen["label"].iloc[0]),
        )
    return figure
