"""Mean ranks by seed, and the difference that ranks must have to tell optimizers apart."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from nagbench.rendering.layout import rows, runs_of_equals
from nagbench.rendering.looks import looks
from nagbench.rendering.lookup import labels
from nagbench.rendering.style import words

TABLES = ("ranks", "optimizers", "workloads")


def render(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """The first workload: one row an optimizer, the best on top; a bar at the right joins those
    that are not told apart."""
    ranks = tables["ranks"]
    ranks = ranks[ranks["scope"] == tables["workloads"]["workload"].iloc[0]]
    ranks = ranks.dropna(subset=["mean_rank"]).sort_values("mean_rank", kind="stable")
    if ranks.empty:
        return words("No seed in which all optimizers were ranked.")
    named = labels(tables)
    style = looks(named)
    cases, difference, p = (
        ranks[column].iloc[0] for column in ("cases", "critical_difference", "friedman_p")
    )
    known = np.isfinite(difference)
    figure, ((axis,),) = rows(
        [[named[name] for name in ranks["optimizer"]]],
        "Mean rank (1 is the best)",
        above=1.6 if known else 0,
    )
    for place, row in enumerate(ranks.itertuples()):
        axis.plot(row.mean_rank, place, **style[row.optimizer].mark(), label=row.optimizer)
    count = f"{cases:g} {'seed' if cases == 1 else 'seeds'}"
    if not known:
        axis.set_title(f"{count}: no critical difference", loc="right")
        return figure
    friedman = f", Friedman {_p(p)}" if np.isfinite(p) else ""
    axis.set_title(f"{count}{friedman}", loc="right")
    places = list(ranks["mean_rank"])
    axis.plot([places[0], places[0] + difference], [-0.9, -0.9], color="black", label="difference")
    axis.text(places[0], -1.15, f"critical difference {difference:.1f}", size=7)
    ends: list[int] = []  # of the bars, by the column in which they stand
    step = 0.035 * max(places[-1] - places[0], difference)
    for first, last in runs_of_equals(places, difference):
        column = next((n for n, end in enumerate(ends) if end < first), len(ends))
        ends[column : column + 1] = [last]
        x = places[-1] + (column + 1.5) * step
        axis.plot([x, x], [first - 0.25, last + 0.25], color="black", label="equals")
    return figure


def _p(value: float) -> str:
    return f"p = {value:.2g}" if value >= 1e-3 else "p $<$ 0.001"
