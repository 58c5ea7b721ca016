"""Quality: the accuracy that runs reach, and how it spreads between seeds.

A diverged run counts as chance: leaving it out would reward an optimizer for failing, and its last
finite accuracy is of weights that nobody would keep.
"""

import math

import numpy as np
import pandas as pd

from nagbench.data.registry import data_set
from nagbench.statistics.intervals import mean_interval, share_interval
from nagbench.statistics.selection import runs_of
from nagbench.study.model import Study


def final_accuracy(runs: pd.DataFrame, curves: pd.DataFrame, part: str = "test") -> np.ndarray:
    """Accuracy after the last epoch, from 0 to 1, one a run in the order of `runs`.

    Args:
        runs, curves: Records, of which `curves` may hold other runs' too.
        part: `test` or `validation`.
    """
    last = curves.sort_values("epoch").groupby("run").tail(1).set_index("run")
    accuracy = runs["run"].map(last[f"{part}_accuracy"]).to_numpy(float)
    chance = runs["data"].map({name: data_set(name).chance for name in runs["data"].unique()})
    diverged = (runs["status"] == "diverged").to_numpy()
    return np.where(diverged, chance.to_numpy(float), accuracy)


def learning_curves(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Mean and interval over seeds at each epoch, of the runs that had not diverged by then."""
    rows = []
    for workload, optimizer in study.pairs():
        group = runs_of(runs, workload.name, optimizer.name)
        own = curves[curves["run"].isin(group["run"])]
        for epoch, at in own.groupby("epoch"):
            for metric in (
                "train_loss",
                "validation_loss",
                "validation_accuracy",
                "test_loss",
                "test_accuracy",
            ):
                values = at[metric].dropna().to_numpy()
                if not len(values):
                    continue
                low, high = mean_interval(values)
                rows.append(
                    {
                        "workload": workload.name,
                        "optimizer": optimizer.name,
                        "metric": metric,
                        "epoch": epoch,
                        "mean": values.mean(),
                        "low": low,
                        "high": high,
                        "runs": len(values),
                        "of": len(group),
                    }
                )
    return pd.DataFrame(rows)


def summary(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Per workload and optimizer: final test accuracy, its spread, divergence and cost."""
    rows = []
    for workload, optimizer in study.pairs():
        group = runs_of(runs, workload.name, optimizer.name)
        accuracy = final_accuracy(group, curves)
        low, high = mean_interval(accuracy)
        diverged = int((group["status"] == "diverged").sum())
        share_low, share_high = share_interval(diverged, len(group))
        own = curves[curves["run"].isin(group["run"])]
        last = own.sort_values("epoch").groupby("run").tail(1)
        seconds = (last["train_seconds"] / last["epoch"].where(last["epoch"] > 0)).median()
        rows.append(
            {
                "workload": workload.name,
                "optimizer": optimizer.name,
                "runs": len(group),
                "diverged": diverged,
                "diverged_low": share_low,
                "diverged_high": share_high,
                "accuracy": accuracy.mean(),
                "low": low,
                "high": high,
                "sd": accuracy.std(ddof=1) if len(accuracy) > 1 else math.nan,
                "worst": accuracy.min(),
                "best": accuracy.max(),
                "spikes": own["spikes"].sum() / len(group),
                "seconds_per_epoch": seconds,
                "learning_rate": group["learning_rate"].iloc[0],
            }
        )
    return pd.DataFrame(rows)
