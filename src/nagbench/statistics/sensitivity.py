"""How accuracy depends on the learning rate: what the tune stage tried."""

import pandas as pd

from nagbench.statistics.quality import final_accuracy
from nagbench.study.model import Study


def sensitivity(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Per workload, optimizer and trial: mean final validation accuracy over the tuning seeds."""
    scored = runs.assign(accuracy=final_accuracy(runs, curves, "validation"))
    scored["diverged"] = scored["status"] == "diverged"
    keys = ["workload", "optimizer", "trial"]
    table = scored.groupby(keys, as_index=False).agg(
        learning_rate=("learning_rate", "first"),
        settings=("settings", "first"),
        accuracy=("accuracy", "mean"),
        worst=("accuracy", "min"),
        best=("accuracy", "max"),
        diverged=("diverged", "mean"),
        runs=("run", "size"),
    )
    best = table.groupby(keys[:2])["accuracy"].transform("max")
    table["loss_against_best"] = best - table["accuracy"]
    order = {name: n for n, name in enumerate(study.optimizers)}
    return table.sort_values(
        ["workload", "optimizer", "learning_rate", "trial"],
        key=lambda column: column.map(order) if column.name == "optimizer" else column,
        ignore_index=True,
    )
