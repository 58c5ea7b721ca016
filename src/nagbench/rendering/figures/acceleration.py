"""How much less time than the baseline NAG spends below the targets, by batch size."""

from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from nagbench.rendering.looks import looks
from nagbench.rendering.lookup import against, labels
from nagbench.rendering.style import COLUMN, plain, words

TABLES = ("speed_comparisons", "optimizers", "study", "workloads")
_NAME = "nag"
_ALIKE = ("model", "train_size", "targets", "padding", "flip", "schedule", "precision")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """One panel a model and its targets, with intervals."""
    baseline, named = str(tables["study"]["baseline"].iloc[0]), labels(tables)
    if _NAME not in named or baseline == _NAME:
        return words("The study does not compare NAG with another baseline.")
    models = series(tables["workloads"])
    if not models:
        sizes = sorted(set(tables["workloads"]["batch_size"]))
        found = f"batch size {sizes[0]}" if len(sizes) == 1 else "one batch size a model"
        return words(f"The study has only {found}: no gain by batch size.")
    drawn = series_with_gains(tables)
    if not drawn:
        return words("No gain by batch size: at most one size has runs that all arrive.")
    look = looks([_NAME])[_NAME]
    figure, axes = plt.subplots(
        len(drawn), 1, figsize=(COLUMN, 0.3 + 1.6 * len(drawn)), squeeze=False
    )
    for axis, (chosen, line) in zip(axes[:, 0], drawn, strict=True):
        axis.axhline(1, color="black", linewidth=0.6)
        axis.plot(line["size"], line["gain"], **look.line(), label=_NAME)
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
            ylabel=f"{plain(named[baseline])}'s time / {plain(named[_NAME])}'s",
            title=plain(chosen["label"].iloc[0]),
        )
    return figure


def series_with_gains(
    tables: Mapping[str, pd.DataFrame],
) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Each of `series` at two sizes of which NAG's gain is known, and these gains by size."""
    baseline, pairs = str(tables["study"]["baseline"].iloc[0]), tables["speed_comparisons"]
    found = []
    for chosen in series(tables["workloads"]):
        gains = [
            gain(pairs, baseline, row.workload).assign(size=row.batch_size)
            for row in chosen.itertuples()
        ]
        line = pd.concat(gains).dropna(subset=["gain"])
        if len(line) > 1:
            found.append((chosen, line))
    return found


def series(workloads: pd.DataFrame) -> list[pd.DataFrame]:
    """For each model that trains with several batch sizes and is alike in all of `_ALIKE`, one
    workload of each size."""
    found = [
        group.drop_duplicates("batch_size").sort_values("batch_size")
        for _, group in workloads.groupby([*_ALIKE], sort=False, dropna=False)
    ]
    return [group for group in found if len(group) > 1]


def gain(pairs: pd.DataFrame, baseline: str, workload: str) -> pd.DataFrame:
    """How many times as long the baseline is below the targets as NAG."""
    found = against(pairs, baseline, workload)
    found = found[found["optimizer"] == _NAME]
    return pd.DataFrame(
        {"gain": 1 / found["ratio"], "low": 1 / found["high"], "high": 1 / found["low"]}
    )
