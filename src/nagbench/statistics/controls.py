"""Controls on the records themselves: what the paired test says where the answer is known.

Runs of one optimizer that differ in nothing but their seeds are compared as if they were of two,
the first half of the seeds with the second: they should not differ. And a rate far below the chosen
one should be found to be worse.
"""

from typing import Any

import numpy as np
import pandas as pd

from nagbench.metrics import METRICS, final_accuracy
from nagbench.statistics.measures import measured
from nagbench.statistics.roles import Selection
from nagbench.statistics.selection import runs_of
from nagbench.statistics.sign_flips import depth, two_sided_p
from nagbench.study.model import Arm, Study

NULL, LOWER = "null", "lower rate"
LOWERED = 3.0  # by what a rate is divided, at least, that must be found worse
_JUDGED = ("accuracy", "gradients")


def controls(study: Study, selection: Selection) -> pd.DataFrame:
    """For each arm with runs enough for a test of two halves, and each whose band was measured."""
    rows = []
    for workload, optimizer in study.pairs():
        arm = workload.name, optimizer.name
        for metric in _JUDGED:
            if len(selection.of(METRICS[metric], arm)):
                (side,) = measured(study, selection, metric, [arm])
                values = side.measures.sort_index().to_numpy(float)
                if not side.fails.any() and np.isfinite(values).all():
                    rows += _halves(values, study.level, arm, metric)
        rows += _lowered(study, selection, arm)
    return pd.DataFrame(rows)


def _halves(values: np.ndarray, level: float, arm: Arm, metric: str) -> list[dict[str, Any]]:
    """The first half of the seeds against the second."""
    pairs = len(values) // 2
    if not depth(pairs, level):
        return []
    return [_row(arm, NULL, metric, values[:pairs] - values[pairs : 2 * pairs])]


def _lowered(study: Study, selection: Selection, arm: Arm) -> list[dict[str, Any]]:
    """The chosen rate against the nearest that is lower by the factor, at the band's few epochs."""
    trials = runs_of(selection.band, *arm)
    rates = sorted(set(trials["learning_rate"]))
    if study.band is None or not rates:
        return []
    chosen = rates[len(rates) // 2]
    low = [rate for rate in rates if rate <= chosen / LOWERED]
    if not low:
        return []
    own = selection.curves[selection.curves["run"].isin(trials["run"])]
    scored = trials.assign(accuracy=final_accuracy(trials, own, "validation"))
    by_rate = scored.pivot_table(index="seed", columns="learning_rate", values="accuracy")
    differences = (by_rate[low[-1]] - by_rate[chosen]).dropna().to_numpy(float)
    if not depth(len(differences), study.level):
        return []
    return [_row(arm, LOWER, "accuracy", differences)]


def _row(arm: Arm, control: str, metric: str, differences: np.ndarray) -> dict[str, Any]:
    return {
        "workload": arm[0],
        "optimizer": arm[1],
        "control": control,
        "metric": metric,
        "pairs": len(differences),
        "difference": float(differences.mean()),
        "p": two_sided_p(differences),
    }
