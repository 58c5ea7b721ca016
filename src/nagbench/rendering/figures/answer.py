"""The answer at a glance: what every test run of the first workload came to, and the means."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nagbench.rendering.lookup import labels
from nagbench.rendering.style import COLUMN, Look, looks, plain, words

TABLES = ("outcomes", "summary", "times_below", "optimizers", "workloads")
MOST = 8  # optimizers: the study's first that ever arrive
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
    arrived = outcomes[(outcomes["metric"] == "gradients") & ~outcomes["fails"]]
    # One that never arrives would stretch the axis down to chance.
    known = set(arrived["optimizer"]) or set(outcomes["optimizer"])
    shown = [name for name in named if name in known][:MOST]
    if not shown:
        return words("No optimizer was tested yet.")
    style = looks(list(named))
    summary, times = (_of(tables[name], workload) for name in ("summary", "times_below"))
    means = {"accuracy": summary.rename(columns={"accuracy": "mean"}), "gradients": times}
    figure, axes = plt.subplots(
        1, 2, sharey=True, figsize=(2 * COLUMN, 0.62 + 0.24 * len(shown)), squeeze=False
    )
    for axis, (metric, (title, scale, form)) in zip(axes.flat, _METRICS.items(), strict=True):
        runs = outcomes[(outcomes["metric"] == metric) & outcomes["optimizer"].isin(shown)]
        arrived = runs[~runs["fails"]] if metric == "gradients" else runs
        sns.swarmplot(
            x=scale * arrived["value"], y=arrived["optimizer"], hue=arrived["optimizer"],
            order=shown, hue_order=shown, palette=[style[name].colour for name in shown],
            size=2.4, alpha=0.5, legend=False, warn_thresh=1, ax=axis,
        )  # fmt: skip
        for place, name in enumerate(shown):
            failing = runs.loc[runs["optimizer"] == name, "fails"]
            mean = scale * means[metric].reindex(shown).loc[name, ["mean", "low", "high"]]
            said = form.format(mean["mean"]) if np.isfinite(mean["mean"]) else "–"
            if failing.any() and metric == "gradients":
                said = f"fail: {failing.sum()}/{len(failing)} →"
            elif np.isfinite(mean["low"]):
                _mean(axis, place, mean, style[name])
            axis.annotate(
                said, (1.01, place), xycoords=axis.get_yaxis_transform(), va="center_baseline",
                size=7,
            )  # fmt: skip
        axis.set(xlabel=title, ylabel="", ylim=(len(shown) - 0.5, -0.5))
        axis.margins(x=0.03)
        axis.spines["left"].set_visible(False)
        axis.tick_params(axis="y", length=0)
        axis.set_yticks(range(len(shown)), [plain(named[name]) for name in shown])
        axis.xaxis.set_major_formatter("{x:,.0f}" if metric == "gradients" else "{x:g}")
    return figure


def _of(table: pd.DataFrame, workload: str) -> pd.DataFrame:
    """The rows of a workload, by optimizer; of times those in gradient evaluations."""
    own = table[table["workload"] == workload]
    return (own[own["clock"] == "gradients"] if "clock" in own else own).set_index("optimizer")


def _mean(axis: Axes, place: int, mean: pd.Series, look: Look) -> None:
    ends = mean[["low", "high"]].to_numpy(float)
    axis.plot(ends, [place, place], color="black", marker="", linewidth=1, zorder=3)
    axis.plot(
        mean["mean"], place, color=look.colour, marker=look.marker, markersize=5,
        markeredgecolor="black", markeredgewidth=0.6, linestyle="none", zorder=4,
    )  # fmt: skip
