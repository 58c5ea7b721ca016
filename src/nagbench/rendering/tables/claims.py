"""The claims that were stated before the runs, and what became of them."""

import math

from nagbench.rendering.lookup import Tables
from nagbench.rendering.table import Cell, Table, interval, p_value

# In these the effect is a difference of accuracies, printed in percentage points.
_POINTS = ("accuracy", "best_accuracy", "deviation", "unrest", "largest_fall", "lost_by_stopping")
_UNITS = {
    **dict.fromkeys(_POINTS, "points"),
    "epochs": "epochs",
    "gradients": "gradients",
    "seconds": "s",
    "band": "decades",
    "gradient_ratio": "decades",
    "gradient_imbalance": "decades",
    "diverged": "of runs",
    "trials_diverged": "of trials",
    "trials_needed": "trials",
    "spikes": "spikes",
    "step_cost": "log s",
}


def verdicts(tables: Tables) -> Table:
    """Each claim with its effect, interval, corrected p, power, and verdict."""
    rows = []
    for row in tables["hypotheses"].itertuples():
        low, high = (scaled(value, row.metric) for value in (row.low, row.high))
        rows.append(
            [
                Cell(row.hypothesis.replace("_", " ")),
                Cell(row.claim),
                Cell(str(row.pairs)),
                Cell(effect(row.effect, row.metric)),
                Cell(interval(low, high, "+.2f")),
                Cell(p_value(row.p_adjusted)),
                Cell("–" if math.isnan(row.power) else f"{row.power:.2f}"),
                Cell(row.verdict, row.verdict != "inconclusive"),
            ]
        )
    header = ["Id", "Claim", "n", "Effect", "95 % interval", "p (Holm)", "Power", "Verdict"]
    return Table(header, "lp{0.34\\linewidth}rrcrrl", rows)


def effect(value: float, metric: str) -> str:
    """A difference in the metric's own unit."""
    if math.isnan(value):
        return "–"
    return f"{scaled(value, metric):+.2f} {_UNITS[metric]}"


def scaled(value: float, metric: str) -> float:
    """In the unit in which it is printed."""
    return (100 if metric in _POINTS else 1) * value
