"""How accuracy depends on the learning rate: what the tune stage tried."""

import pandas as pd

from nagbench.metrics import BROKEN, final_accuracy
from nagbench.study.model import Study


def sensitivity(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Per workload, optimizer and trial: mean final validation accuracy over the tuning seeds.

    Trials that tuning left behind before the end have no final accuracy and no row.
    """
    runs = runs[runs["status"] != "stopped"]
    scored = runs.assign(accuracy=final_accuracy(runs, curves, "validation"))
    scored["broken"] = scored["status"].isin(BROKEN)
    keys = ["workload", "optimizer", "trial"]
    table = scored.groupby(keys, as_index=False).agg(
        learning_rate=("learning_rate", "first"),
        settings=("settings", "first"),
        accuracy=("accuracy", "mean"),
        worst=("accuracy", "min"),
        best=("accuracy", "max"),
        broken=("broken", "mean"),
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
