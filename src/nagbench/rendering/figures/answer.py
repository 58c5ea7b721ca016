"""The answer at a glance: what every test run of the first workload came to, and the means."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nagbench.rendering.lookup import labels
from nagbench.rendering.style import COLUMN, Look, looks, plain, words

TABLES = ("outcomes", "summary", "times_below", "optimizers", "workloads")
MOST = 8  # optimizers: the study's first
_SPREAD = 0.22  # of a row, within which the runs of an optimizer lie
_METRICS = {
    "accuracy": ("Final test accuracy (%)", 100.0, "{:.1f} %"),
    "gradients": ("Mean time below the targets (gradient evaluations)", 1.0, "{:,.0f}"),
}


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """A row an optimizer, a dot a run, a bar the mean with its 95 % interval; to the right of the
    axis the mean, and how many runs never came to the lowest target."""
    workload = tables["workloads"].iloc[0]["workload"]
    outcomes = tables["outcomes"]
    outcomes = outcomes[outcomes["workload"] == workload]
    named = labels(tables)
    shown = [name for name in named if name in set(outcomes["optimizer"])][:MOST]
    if not shown:
        return words("No optimizer was tested yet.")
    style = looks(list(named))
    summary, times = (_of(tables[name], workload) for name in ("summary", "times_below"))
    means = {"accuracy": summary.rename(columns={"accuracy": "mean"}), "gradients": times}
    figure, axes = plt.subplots(
        1, 2, sharey=True, figsize=(2 * COLUMN, 0.62 + 0.24 * len(shown)), squeeze=False
    )
    for axis, (metric, (title, scale, form)) in zip(axes.flat, _METRICS.items(), strict=True):
        runs = outcomes[outcomes["metric"] == metric]
        for place, name in enumerate(shown):
            own = runs[runs["optimizer"] == name]
            _row(
                axis,
                name,
                place,
                own,
                means[metric].reindex(shown).loc[name],
                style[name],
                scale,
                form,
            )
        axis.set(xlabel=title, ylim=(len(shown) - 0.5, -0.5))
        axis.margins(x=0.03)
        axis.spines["left"].set_visible(False)
        axis.tick_params(axis="y", length=0)
        axis.set_yticks(range(len(shown)), [plain(named[name]) for name in shown])
        axis.xaxis.set_major_formatter("{x:,.0f}" if scale == 1 else "{x:g}")
    return figure


def _of(table: pd.DataFrame, workload: str) -> pd.DataFrame:
    """The rows of a workload, by optimizer; of times those in gradient evaluations."""
    own = table[table["workload"] == workload]
    return (own[own["clock"] == "gradients"] if "clock" in own else own).set_index("optimizer")


def _row(
    axis: Axes,
    name: str,
    place: int,
    runs: pd.DataFrame,
    mean: pd.Series,
    look: Look,
    scale: float,
    form: str,
) -> None:
    arrived = scale * runs.loc[~runs["fails"] | (scale != 1), "value"]
    # Set apart in the order of the seeds, so that runs of one seed lie at one height.
    heights = place + _SPREAD * np.linspace(-1, 1, len(arrived)) * (len(arrived) > 1)
    axis.plot(
        arrived, heights, marker="o", markersize=2.2, markeredgewidth=0, color=look.colour,
        alpha=0.45, linestyle="none", label=name,
    )  # fmt: skip
    failing = int(runs["fails"].sum())
    said = form.format(scale * mean["mean"]) if np.isfinite(mean["mean"]) else "–"
    if failing and scale == 1:
        said = f"never ({failing}/{len(runs)}) →"
    elif np.isfinite(mean["low"]):
        axis.plot(
            scale * mean[["low", "high"]].to_numpy(float), [place] * 2, color="black",
            marker="", linewidth=1,
        )  # fmt: skip
        axis.plot(
            scale * mean["mean"], place, color=look.colour, marker=look.marker, markersize=5,
            markeredgecolor="black", markeredgewidth=0.6, linestyle="none",
        )  # fmt: skip
    axis.annotate(
        said, (1.01, place), xycoords=axis.get_yaxis_transform(), va="center_baseline", size=7
    )
