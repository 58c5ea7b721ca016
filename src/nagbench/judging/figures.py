"""The figures: learning curves, final values, times to the target; as wide as a column."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nagbench.judging.curves import Curves
from nagbench.judging.judgement import Judgement
from nagbench.rendering import style
from nagbench.rendering.layout import rows as rows_of
from nagbench.rendering.style import COLUMN, GREY, looks, plain

_FRONT = 6  # curves in colour, with the baseline
_DOT, _TOLD = "#0173b2", "#d55e00"


def limits(values: np.ndarray, lower: bool) -> tuple[float, float]:
    """The part of an axis where final values lie: all of them, but those that are far worse than
    the others."""
    values = values[np.isfinite(values)]
    quarter, three = np.quantile(values, [0.25, 0.75])
    reach = 3 * (three - quarter)
    low, high = float(values.min()), float(values.max())
    if reach > 0:
        low, high = (low, min(high, three + reach)) if lower else (max(low, quarter - reach), high)
    margin = 0.03 * (high - low) or 0.05 * (abs(high) or 1.0)
    return low - margin, high + margin


def learning_curves(judged: Judgement, workload: str) -> Figure:
    """Every run as a line: the best optimizers and the baseline in colour, all others in grey."""
    curves = judged.curves
    summary = judged.summary[judged.summary["workload"] == workload]
    front = list(summary["optimizer"][: _FRONT + (len(summary) == _FRONT + 1)])
    named = list(summary.loc[summary["baseline"], "optimizer"])
    front += [name for name in named if name not in front]
    frame = curves.frame[(curves.frame["workload"] == workload) & curves.frame["value"].notna()]
    look = looks(list(summary["optimizer"]))
    figure, axis = plt.subplots(figsize=(COLUMN, 2.6 + 0.15 * math.ceil(len(front) / 2)))
    for name, rows in frame.groupby("optimizer", sort=False):
        ahead = name in front
        count = rows["run"].nunique()
        keys: dict[str, Any] = {
            "color": look[str(name)].colour if ahead else GREY,
            "linewidth": (0.7 if count > 4 else 1.0) if ahead else 0.4,
            "alpha": (0.55 if count > 4 else 0.9) if ahead else 0.5,
            "zorder": 3 - 0.1 * front.index(str(name)) if ahead else 1,
        }
        lines = [run[["step", "value"]].to_numpy(float) for _, run in rows.groupby("run")]
        gap = np.full((1, 2), np.nan)
        joined = np.concatenate([part for line in lines for part in (line, gap)])
        axis.plot(joined[:, 0], joined[:, 1], marker="." if len(frame) < 40 else "", **keys)
    for name in front:
        label = f"{plain(name)} (baseline)" if name in named else plain(name)
        axis.plot([], [], color=look[name].colour, label=label)
    low, high = _vertical(frame, curves)
    axis.set(xlabel=plain(curves.clock), ylabel=plain(curves.metric), ylim=(low, high))
    ends = curves.runs.loc[curves.runs["workload"] == workload, "end"].to_numpy(float)
    axis.set_xlim(-0.01 * ends.max(), limits(ends, lower=True)[1])
    axis.set_title(plain(workload))
    figure.legend(loc="outside lower center", ncols=2 if max(map(len, front)) < 26 else 1)
    return figure


def _vertical(frame: pd.DataFrame, curves: Curves) -> tuple[float, float]:
    """The values of the later half of each run: what comes before would leave no room for them."""
    ends = frame.groupby(["optimizer", "run"])["step"].transform("max")
    later = frame["value"][frame["step"] >= 0.5 * ends].to_numpy(float)
    low, high = np.quantile(later, [0.01, 0.99])
    best = later.min() if curves.lower else later.max()
    low, high = min(low, best), max(high, best)
    margin = 0.04 * (high - low) or 0.05 * (abs(high) or 1.0)
    return float(low - margin), float(high + margin)


def final_values(judged: Judgement, workload: str) -> Figure:
    """A row an optimizer, the best on top: runs as small marks, the mean as a dot, with its
    interval; hollow where the corrected test tells it from the best."""
    curves = judged.curves
    summary = judged.summary[judged.summary["workload"] == workload]
    runs = curves.runs[curves.runs["workload"] == workload].set_index("optimizer")
    names = [f"{row.optimizer} ({row.runs})" for row in summary.itertuples()]
    figure, ((axis,),) = rows_of([names], plain(f"final {curves.metric}"))
    finals = runs["final"].to_numpy(float)
    shown = limits(finals, curves.lower) if np.isfinite(finals).any() else (0.0, 1.0)
    for place, row in enumerate(summary.itertuples()):
        own = np.atleast_1d(np.asarray(runs.loc[row.optimizer, "final"], dtype=float))
        inside = np.clip(own[np.isfinite(own)], *shown)
        axis.plot(inside, np.full(len(inside), place), "|", color="0.55", ms=4, mew=0.5)
        if math.isnan(row.mean):
            axis.annotate("diverged", (0.5, place), xycoords=("axes fraction", "data"), size=6)
            continue
        if not shown[0] <= row.mean <= shown[1]:
            _beyond(axis, place, f"{row.mean:.5g}", right=row.mean > shown[1])
            continue
        colour = _TOLD if row.told_from_best else _DOT
        ends = np.clip([row.low, row.high], *shown)
        axis.plot(ends, [place, place], color=colour, linewidth=1.0)
        axis.plot(
            row.mean, place, "o", ms=3, color=colour, mew=0.7,
            mfc="white" if row.told_from_best else colour,
        )  # fmt: skip
    axis.set_xlim(*shown)
    axis.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4))
    if workload:
        axis.set_title(plain(workload))
    return figure


def times_to_target(judged: Judgement, workload: str, target: float) -> Figure:
    """A row an optimizer, the first to arrive on top: the median by Kaplan and Meier with its
    interval, and how many runs arrive."""
    from nagbench.judging.speed import fastest

    speed = judged.speed
    rows = fastest(
        speed[
            (speed["workload"] == workload)
            & (speed["target"] == target)
            & (speed["target_from"] == target)
        ]
    )
    names = [f"{row.optimizer} ({row.arrived}/{row.runs})" for row in rows.itertuples()]
    word = f"{judged.curves.clock}s to {judged.curves.metric} {target:g}"
    figure, ((axis,),) = rows_of([names], plain(word))
    last = np.array([*rows["latest"], *rows["median"]], dtype=float)
    last = last[np.isfinite(last)]
    shown = limits(last, lower=True) if len(last) else (0.0, 1.0)
    for place, row in enumerate(rows.itertuples()):
        if math.isinf(row.median):
            _beyond(axis, place, "never" if not row.arrived else "fewer than half", right=True)
        elif row.median > shown[1]:
            _beyond(axis, place, f"{row.median:,.0f}", right=True)
        else:
            high = row.median_high if math.isfinite(row.median_high) else row.latest
            low = row.median_low if math.isfinite(row.median_low) else row.earliest
            axis.plot([low, high], [place, place], color=_DOT, linewidth=1.0)
            axis.plot(row.median, place, "o", ms=3, color=_DOT)
    axis.set_xlim(*shown)
    axis.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4))
    if workload:
        axis.set_title(plain(workload))
    return figure


def _beyond(axis: Axes, place: int, text: str, *, right: bool) -> None:
    """Says at the axis' end what lies beyond it."""
    text = f"{text} →" if right else f"← {text}"
    axis.annotate(
        text.removesuffix(" →") if text.startswith(("never", "fewer")) else text,
        (1.0 if right else 0.0, place),
        xycoords=("axes fraction", "data"),
        size=6,
        ha="right" if right else "left",
        va="center",
        color="0.35",
    )


def all_figures(judged: Judgement) -> dict[str, tuple[str, str, float | None]]:
    """By name of file: kind of figure, workload and target."""
    found: dict[str, tuple[str, str, float | None]] = {}
    for n, workload in enumerate(judged.curves.workloads):
        end = f"_{n + 1}" if len(judged.curves.workloads) > 1 else ""
        found[f"learning_curves{end}"] = ("curves", workload, None)
        found[f"final_values{end}"] = ("final", workload, None)
        own = judged.speed[judged.speed["workload"] == workload]
        for m, target in enumerate(targets(own)):
            found[f"time_to_target{end}" + (f"_target_{m + 1}" if m else "")] = (
                "speed", workload, target,
            )  # fmt: skip
    return found


def targets(speed: pd.DataFrame) -> Sequence[float]:
    """The single targets of rows of the table, the easiest first."""
    return list(dict.fromkeys(speed["target"][speed["target"] == speed["target_from"]]))


def draw(judged: Judgement, folder: Path) -> None:
    """Every figure as PDF and SVG."""
    style.use()
    for name, (kind, workload, target) in all_figures(judged).items():
        if kind == "curves":
            figure = learning_curves(judged, workload)
        elif kind == "final":
            figure = final_values(judged, workload)
        else:
            assert target is not None
            figure = times_to_target(judged, workload, target)
        # Names inside the file, which are to differ from those of other figures on one page.
        with mpl.rc_context({"svg.hashsalt": name, "svg.id": name}):
            for suffix in (".pdf", ".svg"):
                style.save(figure, folder / f"{name}{suffix}")
        plt.close(figure)
