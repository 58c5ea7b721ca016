"""What several tables, figures and numbers look up in the result tables."""

from collections.abc import Mapping

import pandas as pd

Tables = Mapping[str, pd.DataFrame]


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
