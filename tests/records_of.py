"""Records made up for tests of the statistics: accuracies by optimizer, seed and epoch."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nagbench.records import CURVE
from nagbench.statistics.roles import Selection, select
from nagbench.study.choice import scores_of
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.study.unit import Run, Unit

Records = tuple[pd.DataFrame, pd.DataFrame]
Accuracy = Mapping[Any, Sequence[Sequence[float]]]


def records_of(study: Study, accuracy: Accuracy, trial: int = 0) -> Records:
    """Test runs with these validation and test accuracies, one list of epochs a seed, by optimizer
    or by workload and optimizer.

    A list that is shorter than the budget is a run that diverged after its last entry.
    """
    runs, curves = [], []
    for workload, optimizer in study.pairs():
        known = accuracy.get((workload.name, optimizer.name), accuracy.get(optimizer.name, ()))
        for seed, values in zip(study.testing.seeds, known, strict=False):
            name = f"test/{workload.name}/{optimizer.name}/{trial}/{seed}"
            row, curve = run_of(name, values, workload.epochs)
            settings = {"lr": 0.1, **optimizer.defaults}
            runs.append(
                {
                    **row,
                    "study": study.name,
                    "stage": "test",
                    "workload": workload.name,
                    "optimizer": optimizer.name,
                    "trial": trial,
                    "seed": seed,
                    "settings": json.dumps(settings),
                    "learning_rate": settings["lr"],
                }
            )
            curves.append(curve)
    if not runs:
        return pd.DataFrame(), pd.DataFrame()
    return pd.DataFrame(runs), pd.concat(curves, ignore_index=True)


def ending(ends: Mapping[Any, Sequence[float]]) -> Accuracy:
    """Runs of two epochs that end there, by arm."""
    return {arm: [[0.1, 0.2, end] for end in values] for arm, values in ends.items()}


def run_of(name: str, values: Sequence[float], epochs: int) -> tuple[dict[str, Any], pd.DataFrame]:
    """A run's row, without what its study says of it, and its curve."""
    whole, last = len(values) > epochs, len(values) - 1
    row = {
        "run": name,
        "edition": "synthetic",
        "data": "synthetic",
        "status": "finished" if whole else "diverged",
        "diverged_step": -1 if whole else 10 * len(values),
        "epochs": epochs,
        "gradient_evaluations": 10 * last,
        "train_seconds": 2.0 * last,
        "evaluation_seconds": 0.5,
        "started": "",
        "ended": "",
        "message": "",
        "code": "",
        "provenance": json.dumps({"device": "a test", "threads": 1}),
    }
    epoch = np.arange(len(values))
    curve = pd.DataFrame(
        {
            **dict.fromkeys(CURVE, 0.1),
            "run": name,
            "epoch": epoch,
            "train_loss": np.where(epoch == 0, np.nan, 1 - np.asarray(values)),
            "validation_accuracy": values,
            "test_accuracy": values,
            "gradient_evaluations": 10.0 * epoch,
            "train_seconds": 2.0 * epoch,
            "spikes": 0.0,
        }
    )
    return row, curve


def tuning_of(
    study: Study, end: Callable[[str, str, int, int], float] = lambda *key: 0.5 - key[2] / 100
) -> Records:
    """Complete records of the tune stage: each trial climbs in a line to its end.

    `end` gives that by workload, optimizer, trial and seed; else earlier trials end higher, so that
    the first one is chosen and the second is its runner-up.
    """
    return joined(*(tuned(unit, end) for unit in units(study, "tune")))


def tuned(unit: Unit, end: Callable[[str, str, int, int], float]) -> Records:
    """The records of a unit that tunes, as `tuning_of` has them."""
    known: dict[tuple[int, int], int] = {}
    records: list[Records] = []
    while True:
        scores: Any = scores_of(unit, *joined(*records)) if records else {}
        wanted = {(run.trial, run.seed): run for run in unit.runs(scores)}
        if {pair: run.epochs for pair, run in wanted.items()} == known:
            return joined(*records)
        known = {pair: run.epochs for pair, run in wanted.items()}
        records = []
        for (trial, seed), run in wanted.items():
            top = end(unit.workload, unit.optimizer, trial, seed)
            values = np.linspace(0.1, top, unit.base.epochs + 1)[: run.epochs + 1]
            runs, curves = of_unit(unit, run, values)
            if run.epochs < unit.base.epochs:
                runs = runs.assign(status="stopped", diverged_step=-1)
            records.append((runs, curves.assign(test_accuracy=np.nan)))


def tested(
    unit: Unit, choice: Mapping[str, Any], values: Callable[[Run], Sequence[float]]
) -> Records:
    """The records of a unit that tests what was chosen."""
    return joined(*(of_unit(unit, run, values(run)) for run in unit.runs(choice=choice)))


def of_unit(unit: Unit, run: Run, values: Sequence[float]) -> Records:
    """A run of a unit, with these accuracies."""
    row, curve = run_of(run.id, values, unit.base.epochs)
    settings = dict(run.settings)
    named = {
        "study": unit.study,
        "stage": unit.stage,
        "workload": unit.workload,
        "optimizer": unit.optimizer,
        "trial": run.trial,
        "seed": run.seed,
        "settings": json.dumps(settings),
        "learning_rate": float(settings.get("lr", 0.1)),
    }
    return pd.DataFrame([{**row, **named}]), curve


def joined(*parts: Records) -> Records:
    """Several records in one."""
    runs, curves = zip(*parts, strict=True)
    return pd.concat(runs, ignore_index=True), pd.concat(curves, ignore_index=True)


def whole_records_of(study: Study, accuracy: Accuracy) -> Records:
    """Records of both stages, the tests of the setting that tuning chose."""
    return joined(tuning_of(study), records_of(study, accuracy))


def selection_of(study: Study, accuracy: Accuracy) -> Selection:
    """The same, taken apart by role."""
    return select(study, *whole_records_of(study, accuracy))
