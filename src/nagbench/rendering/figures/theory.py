"""Distance to the minimum against steps where the answer is known, beside the proven factors."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from nagbench.rendering.legend import legend_below
from nagbench.rendering.looks import looks
from nagbench.rendering.style import COLUMN

TABLES = ("theory",)
_PANELS = 4


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """A panel a problem; the thin lines fall by the proven factor in each step."""
    rates = tables["theory"]
    drawn = rates[rates["curve_step"].map(len) > 0]
    problems = list(dict.fromkeys(drawn["problem"]))
    wanted = [p for p in problems if p.startswith("quadratic")][1:3]
    wanted += [p for p in problems if not p.startswith("quadratic")]
    names = drawn.drop_duplicates("method")[["method", "label"]]
    style = looks(list(names["method"]))
    figure, axes = plt.subplots(1, _PANELS, figsize=(2 * COLUMN, 2.1), sharey=True)
    for axis, problem in zip(axes, wanted[:_PANELS], strict=False):
        group = drawn[drawn["problem"] == problem]
        accelerated = ~group["method"].isin(["sgd", "nesterov_1983"])
        longest = group["steps"].where(accelerated).max()
        limit = 1.3 * (longest if np.isfinite(longest) else 1000)
        for row in group.itertuples():
            look = style[row.method]
            step, error = np.array(row.curve_step), np.array(row.curve_error)
            shown = (step <= limit) & (error > 0) & (error < 10)
            every = max(1, int(shown.sum()) // 3)
            axis.plot(
                step[shown], error[shown], **look.line(), markevery=(every // 2, every),
                label=row.method,
            )  # fmt: skip
            if np.isfinite(row.proven):
                ahead = np.array([0.0, limit])
                axis.plot(ahead, row.proven**ahead, color=look.colour, linewidth=0.5, alpha=0.6)
        axis.set(yscale="log", ylim=(1e-11, 10), xlim=(0, limit), title=_title(group.iloc[0]))
    for axis in axes:
        axis.set_xlabel("Steps")
    axes[0].set_ylabel("Distance to minimum")
    legend_below(figure, names.rename(columns={"method": "optimizer"}))
    return figure


def _title(row: pd.Series) -> str:
    if row["problem"].startswith("quadratic"):
        return rf"Quadratic, $\kappa = 10^{{{math.log10(row['condition']):.3g}}}$"
    return str(row["problem"])[0].upper() + str(row["problem"])[1:]
