"""How much less time than the baseline NAG needs at several batch sizes, where that is known."""

from collections.abc import Mapping

import pandas as pd

from nagbench.rendering.answer import SUBJECT as SUBJECT
from nagbench.rendering.lookup import against

_ALIKE = ("model", "train_size", "targets", "padding", "flip", "schedule", "precision")


def series_with_gains(
    tables: Mapping[str, pd.DataFrame],
) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Each of `series` at two sizes of which NAG's gain is known, and these gains by size."""
    baseline, pairs = str(tables["study"]["baseline"].iloc[0]), tables["speed_comparisons"]
    found = []
    for chosen in series(tables["workloads"]):
        gains = [
            gain(pairs, baseline, row.workload).assign(size=row.batch_size)
            for row in chosen.itertuples()
        ]
        line = pd.concat(gains).dropna(subset=["gain"])
        if len(line) > 1:
            found.append((chosen, line))
    return found


def series(workloads: pd.DataFrame) -> list[pd.DataFrame]:
    """For each model that trains with several batch sizes and is alike in all of `_ALIKE`, one
    workload of each size."""
    found = [
        group.drop_duplicates("batch_size").sort_values("batch_size")
        for _, group in workloads.groupby([*_ALIKE], sort=False, dropna=False)
    ]
    return [group for group in found if len(group) > 1]


def gain(pairs: pd.DataFrame, baseline: str, workload: str) -> pd.DataFrame:
    """How many times as long the baseline is below the targets as NAG."""
    found = against(pairs, baseline, workload)
    found = found[found["optimizer"] == SUBJECT]
    return pd.DataFrame(
        {"gain": 1 / found["ratio"], "low": 1 / found["high"], "high": 1 / found["low"]}
    )
