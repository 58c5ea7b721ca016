"""Quality: the accuracy that runs reach, and how it spreads between seeds."""

import math

import pandas as pd

from nagbench.metrics import final_accuracy
from nagbench.statistics.event_rates import rate_interval
from nagbench.statistics.intervals import CONFIDENCE, mean_interval
from nagbench.statistics.selection import runs_of
from nagbench.study.model import Study


def learning_curves(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Mean and interval over seeds at each epoch, of the runs that had not diverged by then."""
    rows = []
    for workload, optimizer in study.pairs():
        group = runs_of(runs, workload.name, optimizer.name)
        own = curves[curves["run"].isin(group["run"])].sort_values("epoch")
        for epoch, at in own.groupby("epoch"):
            for metric in ("train_loss", "validation_loss", "validation_accuracy"):
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
    """Per workload and optimizer: final test accuracy, its spread, broken runs and cost."""
    scored = runs.assign(
        accuracy=final_accuracy(runs, curves),
        spikes=runs["run"].map(curves.groupby("run")["spikes"].sum()),
    )
    rows = []
    for workload, optimizer in study.pairs():
        group = runs_of(scored, workload.name, optimizer.name)
        if group.empty:
            continue
        accuracy = group["accuracy"].to_numpy()
        low, high = mean_interval(accuracy)
        diverged = int((group["status"] == "diverged").sum())
        rate_low, rate_high = rate_interval(diverged, len(group), 1 - CONFIDENCE)
        rows.append(
            {
                "workload": workload.name,
                "optimizer": optimizer.name,
                "runs": len(group),
                "diverged": diverged,
                "diverged_low": rate_low,
                "diverged_high": rate_high,
                "failed": int((group["status"] == "failed").sum()),
                "accuracy": accuracy.mean(),
                "low": low,
                "high": high,
                "sd": accuracy.std(ddof=1) if len(accuracy) > 1 else math.nan,
                "worst": accuracy.min(),
                "best": accuracy.max(),
                "spikes": float(group["spikes"].mean()),
                "gradients": float(group["gradient_evaluations"].median()),
                "learning_rate": group["learning_rate"].iloc[0],
            }
        )
    return pd.DataFrame(rows)
