"""The price of tuning: what more trials buy, and what choices made elsewhere cost.

All from the tune stage and its validation data. The interval of each is a bootstrap over tuning
seeds, not defined for one.
"""

import math

import numpy as np
import pandas as pd

from nagbench.statistics.intervals import mean_interval, percentiles
from nagbench.statistics.quality import final_accuracy
from nagbench.statistics.selection import runs_of
from nagbench.statistics.speed import KINDS, hits
from nagbench.study.model import Study

_RESAMPLES = 1000
DEFAULT = "default"


def expected_best(values: np.ndarray, trials: int) -> np.ndarray:
    """Mean of the best of `trials` values drawn without replacement, exactly; over the last axis.

    The i-th smallest is the best of those draws that take it and the rest from below it.
    """
    count = values.shape[-1]
    weights = np.array([math.comb(i, trials - 1) for i in range(count)]) / math.comb(count, trials)
    return np.sort(values, axis=-1) @ weights


def tuning_price(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Expected best validation accuracy, and epochs to the middle target, by number of trials."""
    scored = runs.assign(accuracy=final_accuracy(runs, curves, "validation"))
    rows = []
    for workload in study.workloads.values():
        target = sorted(workload.targets)[(len(workload.targets) - 1) // 2]
        for optimizer in study.optimizers_of(workload.name):
            group = runs_of(scored, workload.name, optimizer)
            times = hits(group, curves, target, "epochs", KINDS["sustained"]).times
            group = group.assign(time=times)
            accuracy, time = (
                group.pivot_table(index="seed", columns="trial", values=name).to_numpy()
                for name in ("accuracy", "time")
            )
            draws = np.random.default_rng(0).integers(0, len(accuracy), (_RESAMPLES, len(accuracy)))
            for trials in range(1, accuracy.shape[1] + 1):
                resampled = expected_best(accuracy[draws].mean(axis=1), trials)
                low, high = percentiles(resampled) if len(accuracy) > 1 else (math.nan, math.nan)
                rows.append(
                    {
                        "workload": workload.name,
                        "optimizer": optimizer,
                        "trials": trials,
                        "expected": float(expected_best(accuracy.mean(axis=0), trials)),
                        "low": low,
                        "high": high,
                        "target": target,
                        "expected_time": -float(expected_best(-time.mean(axis=0), trials)),
                    }
                )
    return pd.DataFrame(rows)


def choice_losses(tuned: pd.DataFrame, tested: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Validation accuracy lost by the default setting, or by another workload's choice, against the
    workload's own; only optimizers that were tuned."""
    scored = tuned.assign(accuracy=final_accuracy(tuned, curves, "validation"))
    chosen = {
        (workload, optimizer): int(group["trial"].iloc[0])
        for (workload, optimizer), group in tested.groupby(["workload", "optimizer"])
    }
    rows = []
    for (workload, optimizer), own in chosen.items():
        table = runs_of(scored, workload, optimizer).pivot_table(
            index="seed", columns="trial", values="accuracy"
        )
        if len(table.columns) < 2:
            continue
        others = {DEFAULT: 0} | {
            name: trial
            for (name, other), trial in chosen.items()
            if other == optimizer and name != workload
        }
        for source, trial in others.items():
            losses = (table[own] - table[trial]).to_numpy()
            low, high = mean_interval(losses)
            rows.append(
                {
                    "workload": workload,
                    "optimizer": optimizer,
                    "choice": source,
                    "loss": losses.mean(),
                    "low": low,
                    "high": high,
                }
            )
    columns = ["workload", "optimizer", "choice", "loss", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
