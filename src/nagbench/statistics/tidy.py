"""Records as one tidy table: a row each time a run was judged."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nagbench.records import CURVE
from nagbench.study.model import Arm

# What the table says of a run, in each of its rows.
_OF_RUN = {
    "stage": "`tune`, judged on validation images; `test`; or `band`, rates round the chosen one",
    "workload": "the study's name for what was trained",
    "optimizer": "the study's name for it",
    "trial": "number of the setting in tuning, of the rate in `band`; -1: none that tuning may try",
    "seed": "what chance starts from; runs of one seed share initial weights and data order",
    "settings": "of the optimizer, as JSON",
    "lr": "its learning rate among them; NaN where it has none",
    "roles": "what tuning chose the setting by: `accuracy`, `speed`, `runner_up`, or nothing",
    "status": "`finished`, `stopped` at a rung of tuning, `diverged`, or `failed` with an error",
    "diverged_step": "step at which it had diverged; -1: it did not",
    "epochs": "epochs of a whole run",
    "message": "of the error with which it failed",
    "study": "the study's name",
    "data": "the data set",
    "edition": "edition of the data set",
    "run": "its name, of all that decides it; the same on every machine",
    "code": "digest of the code that trained it",
    "started": "when its training began, in UTC; empty: not recorded",
    "ended": "when it ended",
    "provenance": "machine, libraries and execution, as JSON",
}
COLUMNS: Mapping[str, str] = {
    **_OF_RUN,
    "epoch": "epochs that it had trained when it was judged; 0: before training",
    **CURVE,
}
_ORDER = ["stage", "workload", "optimizer", "trial", "seed", "epoch"]


def tidy(
    runs: pd.DataFrame, curves: pd.DataFrame, chosen: Mapping[Arm, Mapping[str, Any]]
) -> pd.DataFrame:
    """The table whose columns `COLUMNS` explains; it has these in its `attrs` too.

    Args:
        runs, curves: Records.
        chosen: By workload and optimizer what `study.choice.choose` gives, where it is known.
    """
    roles = {
        (*arm, entry["trial"]): ", ".join(entry["roles"])
        for arm, choice in chosen.items()
        for entry in choice["tested"]
    }
    settings = zip(runs["workload"], runs["optimizer"], runs["trial"], strict=True)
    of_run = runs.rename(columns={"learning_rate": "lr"}).assign(
        roles=[roles.get(setting, "") for setting in settings]
    )
    of_run.loc[of_run["stage"] == "band", "roles"] = ""  # whose trials are rates
    table = of_run[list(_OF_RUN)].merge(curves, on="run").sort_values(_ORDER, ignore_index=True)
    table = table[list(COLUMNS)]
    table.attrs["columns"] = dict(COLUMNS)
    return table
