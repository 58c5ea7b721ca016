"""Which runs of the test stage a table is about: those of the setting that its role chose.

An optimizer is tested with the setting that tuning chose by accuracy, with the one that it chose by
speed, and with the second best on few seeds. What a run was tested for is not read from its record:
the choice is made again from the tuning records, as it was before the test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nagbench.errors import InputError
from nagbench.metrics import Metric
from nagbench.statistics.selection import runs_of
from nagbench.step_costs import StepCosts
from nagbench.study.choice import choose
from nagbench.study.model import STAGES, Arm, Study
from nagbench.study.plan import units

RUNNER_UP = "runner_up"


@dataclass(frozen=True)
class Selection:
    """A study's records, taken apart.

    Attributes:
        tuned, band: Runs of these stages.
        accuracy, speed, runner_up: Runs of the test stage by the role of their setting.
        curves: Of all of them.
        chosen: What `study.choice.choose` gives for each workload and optimizer whose tuning is
            complete.
        costs: What steps cost, if that was measured.
    """

    tuned: pd.DataFrame
    band: pd.DataFrame
    accuracy: pd.DataFrame
    speed: pd.DataFrame
    runner_up: pd.DataFrame
    curves: pd.DataFrame
    chosen: Mapping[Arm, Mapping[str, Any]]
    costs: StepCosts | None = None

    def of(self, metric: Metric, arm: Arm, role: str | None = None) -> pd.DataFrame:
        """The runs of an arm that a metric is about, or those of another role."""
        stages = {"tune": self.tuned, "band": self.band}
        found: pd.DataFrame = stages.get(metric.stage, getattr(self, role or metric.role))
        return runs_of(found, *arm)

    def second(self, metric: Metric, arm: Arm) -> str:
        """The role of the finalist that a metric's own setting left behind: the runner-up by
        accuracy, or accuracy's choice where speed chose that runner-up."""
        choice = self.chosen.get(arm)
        own = trial_of(choice, metric.role) if choice else None
        return "accuracy" if choice and own == trial_of(choice, RUNNER_UP) else RUNNER_UP


def select(
    study: Study, runs: pd.DataFrame, curves: pd.DataFrame, costs: StepCosts | None = None
) -> Selection:
    """Take records apart; test runs of optimizers whose tuning is not complete have no role."""
    tuned, tested, band = (runs[runs["stage"] == stage] for stage in STAGES)
    chosen = {}
    for unit in units(study, "tune"):
        own = runs_of(tuned, unit.workload, unit.optimizer)
        if len(own):
            try:
                choice = choose(unit, own, curves[curves["run"].isin(own["run"])])
            except InputError:
                continue  # trials are missing: nothing was chosen
            chosen[unit.workload, unit.optimizer] = choice
    for workload, optimizer in study.pairs():
        source = workload.tuned_on, optimizer.name
        if source in chosen:
            chosen[workload.name, optimizer.name] = chosen[source]
    return Selection(
        tuned=tuned,
        band=band,
        accuracy=_tested(tested, chosen, "accuracy"),
        speed=_tested(tested, chosen, "speed"),
        runner_up=_tested(tested, chosen, RUNNER_UP),
        curves=curves,
        chosen=chosen,
        costs=costs,
    )


def trial_of(choice: Mapping[str, Any], role: str) -> int | None:
    """The trial of a role; where speed chose none of its own, accuracy's."""
    by_role = {name: entry["trial"] for entry in choice["tested"] for name in entry["roles"]}
    trial: int | None = by_role.get(role)
    return by_role["accuracy"] if trial is None and role == "speed" else trial


def _tested(tested: pd.DataFrame, chosen: Mapping[Arm, Any], role: str) -> pd.DataFrame:
    trials = {arm: trial_of(choice, role) for arm, choice in chosen.items()}
    arms = zip(tested["workload"], tested["optimizer"], strict=True)
    wanted = [trials.get(arm) for arm in arms]
    same = [one == other for one, other in zip(tested["trial"], wanted, strict=True)]
    return tested[np.array(same, dtype=bool)]
