"""What several figures take from the result tables in the same way."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd


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


def finite(values: pd.Series) -> pd.Series:
    """The values, with infinite ones as missing as NaN: neither has a place on an axis."""
    return values.astype(float).where(np.isfinite(values.astype(float)))


def against(
    pairs: pd.DataFrame, baseline: str, workload: str, goal: float | None = None
) -> pd.DataFrame:
    """Each optimizer's mean time to a target, or to all, as a multiple of the baseline's, whichever
    of the two the table names first; what has no place on a logarithmic axis is missing."""
    chosen = pairs[
        (pairs["workload"] == workload)
        & (pairs["clock"] == "epochs")
        & (pairs["kind"] == "sustained")
    ]
    if goal is not None:
        chosen = chosen[chosen["target"] == goal]
    columns = {"ratio": "ratio", "ratio_low": "low", "ratio_high": "high"}
    chosen = chosen.assign(arrived=chosen["logrank_p"].notna())
    chosen = chosen.drop(columns=["low", "high"]).rename(columns=columns)  # those of the difference
    ahead, behind = chosen[chosen["reference"] == baseline], chosen[chosen["optimizer"] == baseline]
    with np.errstate(divide="ignore"):
        behind = behind.assign(
            optimizer=behind["reference"],
            ratio=1 / behind["ratio"],
            low=1 / behind["high"],
            high=1 / behind["low"],
        )
    kept = ["optimizer", "target", "ratio", "low", "high", "differs", "arrived"]
    found = pd.concat([ahead[kept], behind[kept]], ignore_index=True)
    for column in columns.values():
        found[column] = finite(found[column]).where((found[column] > 0) & found["arrived"])
    return found
