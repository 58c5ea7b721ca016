"""Time below the targets of a group of runs, and the horizon that arms of a comparison share."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nagbench.metrics import BROKEN, CLOCKS
from nagbench.time_below import Targets, TimesBelow, times_below


@dataclass(frozen=True)
class Course:
    """How accuracy went in the runs of one arm, on one clock.

    Attributes:
        seeds: Of each run.
        clock, accuracy: At all evaluations of the first run, then of the second, and so on.
        lengths: Evaluations of each run.
        broken: Whether the run broke off.
        planned: What a whole run takes on this clock; of those that differ the least, infinite
            where no run of the arm tells.
    """

    seeds: np.ndarray
    clock: np.ndarray
    accuracy: np.ndarray
    lengths: np.ndarray
    broken: np.ndarray
    planned: float

    def times(self, targets: Targets, horizon: float) -> TimesBelow:
        """Mean time below the targets up to the horizon, and which runs fail."""
        return times_below(self.clock, self.accuracy, self.lengths, self.broken, targets, horizon)


def course(runs: pd.DataFrame, curves: pd.DataFrame, clock: str) -> Course:
    """The course of `runs` on a clock, a name in `CLOCKS`."""
    runs = runs.sort_values("run")
    own = curves[curves["run"].isin(runs["run"])].sort_values(["run", "epoch"], kind="stable")
    rows = own.groupby("run", sort=True)
    lengths = rows.size().reindex(runs["run"], fill_value=0).to_numpy()
    broken = runs["status"].isin(BROKEN).to_numpy()
    last = rows.tail(1).set_index("run").reindex(runs["run"])
    # What a broken run would have taken is told by the epochs that it had.
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = last[CLOCKS[clock]].to_numpy(float) * (
            runs["epochs"].to_numpy(float) / last["epoch"].to_numpy(float)
        )
    if clock == "epochs":
        whole = runs["epochs"].to_numpy(float)
    known = whole[np.isfinite(whole) & (~broken | broken.all())]
    return Course(
        seeds=runs["seed"].to_numpy(),
        clock=own[CLOCKS[clock]].to_numpy(float),
        accuracy=own["validation_accuracy"].to_numpy(float),
        lengths=lengths,
        broken=broken,
        planned=float(known.min()) if len(known) else math.inf,
    )


def horizon(courses: Iterable[Course]) -> float:
    """The one that arms share: the cheaper arm's planned number, NaN where nobody's is known."""
    found = min((course.planned for course in courses), default=math.inf)
    return found if math.isfinite(found) else math.nan
