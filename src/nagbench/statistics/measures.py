"""A metric of the arms of a claim, by seed, with the runs that fail."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nagbench.metrics import BROKEN, METRICS, Metric, final_accuracy
from nagbench.optimizers.relative_rates import rate_offsets
from nagbench.statistics.course import course, horizon
from nagbench.statistics.roles import RUNNER_UP, Selection
from nagbench.statistics.sign_flips import MOST_PAIRS
from nagbench.step_costs import StepCosts
from nagbench.study.model import Arm, Study
from nagbench.time_below import Targets


@dataclass(frozen=True)
class Measured:
    """A metric of one arm.

    Attributes:
        measures: By seed; NaN where it is not defined.
        fails: By seed: the run broke off, or of a time never reached the lowest target.
        planned: How many seeds there are to be.
        bounds: By seed: the measure is only a lower bound; none is where it is None.
    """

    measures: "pd.Series[float]"
    fails: "pd.Series[bool]"
    planned: int
    bounds: "pd.Series[bool] | None" = None

    @property
    def missing(self) -> int:
        return self.planned - len(self.measures)


def measured(
    study: Study,
    selection: Selection,
    name: str,
    arms: Sequence[Arm],
    roles: Sequence[str | None] = (),
) -> list[Measured]:
    """The metric of arms that are compared with each other, and so share a horizon.

    Args:
        study, selection: The study and its records.
        name: Of the metric.
        arms: Workloads and optimizers.
        roles: Of each arm, the role of its setting where that is not the metric's own.
    """
    metric = METRICS[name]
    roles = roles or [None] * len(arms)
    groups = [selection.of(metric, arm, role) for arm, role in zip(arms, roles, strict=True)]
    if metric.of_trials is not None:
        return [
            _of_trials(study, selection, name, arm, group)
            for arm, group in zip(arms, groups, strict=True)
        ]
    targets = [study.workloads[workload].targets for workload, _ in arms]
    found = of_runs(metric, [(group, selection.curves) for group in groups], targets)
    return [
        Measured(values, fails, study.planned(metric.stage, *arm, role == RUNNER_UP))
        for (values, fails), arm, role in zip(found, arms, roles, strict=True)
    ]


def of_runs(
    metric: Metric,
    groups: Sequence[tuple[pd.DataFrame, pd.DataFrame]],
    targets: Sequence[Targets],
) -> "list[tuple[pd.Series[float], pd.Series[bool]]]":
    """A metric of groups of runs, and which of them fail, by seed.

    Args:
        metric: Of runs of the test stage.
        groups: Of each the runs and the curves that hold theirs; times share a horizon.
        targets: Of each group.
    """
    if metric.clock:
        courses = [course(*group, metric.clock) for group in groups]
        end = horizon(courses)
        times = [one.times(grid, end) for one, grid in zip(courses, targets, strict=True)]
        return [
            (pd.Series(time.times, one.seeds), pd.Series(time.fails, one.seeds))
            for one, time in zip(courses, times, strict=True)
        ]
    assert metric.of_runs is not None
    found = []
    for runs, curves in groups:
        own = curves[curves["run"].isin(runs["run"])]
        broken = runs["status"].isin(BROKEN).to_numpy() & (not metric.event)
        values = pd.Series(metric.of_runs(runs, own), runs["seed"].to_numpy(), dtype=float)
        found.append((values, pd.Series(broken, values.index)))
    return found


def step_costs(costs: StepCosts, arms: Sequence[Arm]) -> list[Measured]:
    """Logarithms of the seconds of arms' steps, by round in place of a seed."""
    found = [pd.Series(np.log(costs.of(*arm).seconds[:MOST_PAIRS])) for arm in arms]
    return [Measured(one, pd.Series(False, one.index), len(one)) for one in found]


def _of_trials(
    study: Study, selection: Selection, name: str, arm: Arm, group: pd.DataFrame
) -> Measured:
    """A metric of trials: of those seeds that trained every trial of the first."""
    metric = METRICS[name]
    function = metric.of_trials
    assert function is not None
    own = selection.curves[selection.curves["run"].isin(group["run"])]
    scored = group.assign(accuracy=final_accuracy(group, own, "validation"))
    work, band = study.workloads[arm[0]], study.band if metric.stage == "band" else None
    if band is not None:
        # Not of the recorded rates, whose rounding is another for each optimizer.
        offsets = rate_offsets(band.decades, band.step)
        scored["decades"] = [offsets[trial] for trial in scored["trial"]]
    by_seed = dict(iter(scored.groupby("seed")))
    first = study.tuning_of(work).seeds[0] if band is None else band.seeds[0]
    wanted = set(by_seed[first]["trial"]) if first in by_seed else set()
    lowest = work.targets.low if band is None else band.threshold
    whole = {seed: own for seed, own in by_seed.items() if set(own["trial"]) == wanted}
    values = pd.Series(
        {seed: function(own, lowest, study.tolerance) for seed, own in whole.items()}, dtype=float
    )
    bounds = None
    if metric.is_bound is not None:
        cut = {seed: metric.is_bound(own, lowest) for seed, own in whole.items()}
        bounds = pd.Series(cut, values.index, dtype=bool)
    fails = pd.Series(np.zeros(len(values), dtype=bool), values.index)
    return Measured(values, fails, len(values) if band is None else len(band.seeds), bounds)
