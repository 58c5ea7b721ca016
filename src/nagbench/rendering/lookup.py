"""What several tables, figures and numbers look up in the result tables."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Tables = Mapping[str, pd.DataFrame]
_FOREMOST = 3


def leading(tables: Tables, workload: str) -> set[str]:
    """The best optimizer of a workload and those that no test tells from it."""
    summary = tables["summary"]
    group = summary[summary["workload"] == workload]
    best = str(group.loc[group["accuracy"].idxmax(), "optimizer"])
    pairs = tables["comparisons"]
    pairs = pairs[pairs["workload"] == workload]
    worse = {
        row.optimizer if row.reference == best else row.reference
        for row in pairs.itertuples()
        if row.differs and best in (row.optimizer, row.reference)
    }
    return set(group["optimizer"]) - worse


def middle_target(tables: Tables, workload: str) -> float:
    """The middle one of the workload's targets, the lower of two."""
    times = tables["time_to_target"]
    goals = sorted(set(times.loc[times["workload"] == workload, "target"]))
    return float(goals[(len(goals) - 1) // 2])


def times_at(tables: Tables, workload: str, goal: float) -> pd.DataFrame:
    times = tables["time_to_target"]
    chosen = times[
        (times["workload"] == workload)
        & (times["target"] == goal)
        & (times["clock"] == "epochs")
        & (times["kind"] == "sustained")
    ]
    return chosen.set_index("optimizer")


def labels_of(tables: Tables) -> dict[str, str]:
    named: dict[str, str] = {}
    for kind in ("optimizers", "workloads"):
        frame = tables[kind]
        named |= dict(zip(frame[kind.removesuffix("s")], frame["label"], strict=True))
    return named


def labels(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """What the optimizers are called."""
    frame = tables["optimizers"]
    return dict(zip(frame["optimizer"], frame["label"], strict=True))


def targets(workload: Any) -> list[float]:
    """A workload's targets, the lowest first."""
    return sorted(json.loads(workload.targets))


def middle(goals: Sequence[float]) -> float:
    """The middle one of sorted targets, the lower of two."""
    return goals[(len(goals) - 1) // 2]


def foremost(tables: Tables, drawn: pd.DataFrame | None = None) -> pd.DataFrame:
    """The study's first workloads of which `drawn` has rows, as many as figures hold; the rest
    stands in the tables."""
    workloads = tables["workloads"]
    if drawn is not None:
        workloads = workloads[workloads["workload"].isin(drawn["workload"])]
    return workloads.head(_FOREMOST)


def tuned(tried: pd.DataFrame) -> pd.DataFrame:
    """The rows of optimizers that had more than one trial."""
    return tried[tried.groupby(["workload", "optimizer"])["optimizer"].transform("size") > 1]


def finite(values: pd.Series) -> pd.Series:
    """The values, with infinite ones as missing as NaN: neither has a place on an axis."""
    return values.astype(float).where(np.isfinite(values.astype(float)))


def against(
    pairs: pd.DataFrame, baseline: str, workload: str, clock: str = "gradients"
) -> pd.DataFrame:
    """Each optimizer's mean time below the targets as a multiple of the baseline's, whichever of
    the two the table names first, and the pairs that it won and lost; what has no place on a
    logarithmic axis is missing."""
    chosen = pairs[(pairs["workload"] == workload) & (pairs["clock"] == clock)]
    columns = {"ratio": "ratio", "ratio_low": "low", "ratio_high": "high"}
    chosen = chosen.drop(columns=["low", "high"]).rename(columns=columns)  # those of the difference
    ahead, behind = chosen[chosen["reference"] == baseline], chosen[chosen["optimizer"] == baseline]
    with np.errstate(divide="ignore"):
        behind = behind.assign(
            optimizer=behind["reference"],
            ratio=1 / behind["ratio"],
            low=1 / behind["high"],
            high=1 / behind["low"],
            wins=behind["losses"],
            losses=behind["wins"],
            fails=behind["reference_fails"],
            reference_fails=behind["fails"],
        )
    kept = ["optimizer", *columns.values(), "differs", "pairs", "wins", "losses"]
    kept += ["fails", "reference_fails"]
    found = pd.concat([ahead[kept], behind[kept]], ignore_index=True)
    for column in columns.values():
        found[column] = finite(found[column]).where(found[column] > 0)
    return found


def seeds(tables: Tables) -> str:
    """How many test seeds the optimizers have that were tested; as planned, where none was."""
    counts = tables["outcomes"].groupby(["workload", "optimizer"])["seed"].nunique()
    most = sorted({*counts}) or [tables["study"].iloc[0]["testing_seeds"]]
    if most[0] != most[-1]:
        return f"{most[0]} to {most[-1]} seeds"
    return "1 seed" if most[0] == 1 else f"{most[0]} seeds"
