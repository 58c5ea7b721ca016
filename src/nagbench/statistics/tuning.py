"""What tuning chose, how nearly it chose otherwise, and what choosing cost: all description."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from nagbench.metrics import final_accuracy
from nagbench.statistics.course import course, horizon
from nagbench.statistics.roles import RUNNER_UP, Selection
from nagbench.statistics.selection import runs_of
from nagbench.study.model import Arm, Study

_RESAMPLES = 2000


def another_wins(study: Study, selection: Selection, arm: Arm, role: str) -> Mapping[str, float]:
    """How often another setting would have been chosen, had the tuning seeds been others.

    By a bootstrap of the tuning seeds, over the settings that trained with all of them. Also
    `regret`: what the choice of a resample loses in the long run, on the scale that it was chosen
    by: the mean over resamples of the best setting's value less the chosen one's, taken with all
    seeds. NaN for one seed, or where one setting alone trained with all.
    """
    scores = _scores(study, selection, arm, role)
    if scores is None or min(scores.shape) < 2:
        return {"another_wins": math.nan, "regret": math.nan}
    seeds = scores.shape[1]
    drawn = np.random.default_rng(0).integers(0, seeds, (_RESAMPLES, seeds))
    winners = scores[:, drawn].mean(axis=2).argmax(axis=0)
    whole = scores.mean(axis=1)
    return {
        "another_wins": float((winners != whole.argmax()).mean()),
        "regret": float((whole.max() - whole[winners]).mean()),
    }


def _scores(study: Study, selection: Selection, arm: Arm, role: str) -> np.ndarray | None:
    """Trials × tuning seeds, greater ones better: final validation accuracy, or less time below."""
    runs = runs_of(selection.tuned, *arm)
    counts = runs[runs["status"] != "stopped"].groupby("trial")["seed"].nunique()
    whole = counts.index[counts == runs["seed"].nunique()]
    runs = runs[runs["trial"].isin(whole)].sort_values("run")
    if runs.empty:
        return None
    curves = selection.curves[selection.curves["run"].isin(runs["run"])]
    if role == "speed":
        went = course(runs, curves, "gradients")
        values = -went.times(study.workloads[arm[0]].targets, horizon([went])).times
    else:
        values = final_accuracy(runs, curves, "validation")
    table = runs.assign(value=values).pivot_table(
        index="trial", columns="seed", values="value", dropna=False
    )
    return None if table.isna().to_numpy().any() else table.to_numpy()


def tuning(study: Study, selection: Selection) -> pd.DataFrame:
    """What was chosen of each workload and optimizer, and what choosing cost; a row a role."""
    rows = []
    for (workload, optimizer), choice in selection.chosen.items():
        runs = runs_of(selection.tuned, workload, optimizer)
        if runs.empty:
            continue  # its settings were chosen on another workload
        tuned = study.tuning_of(study.workloads[workload])
        scored = runs.assign(accuracy=final_accuracy(runs, selection.curves, "validation"))
        first = scored[(scored["seed"] == tuned.seeds[0]) & (scored["status"] != "stopped")]
        accuracy = first.set_index("trial")["accuracy"]
        has_default = tuned.default and bool(study.optimizers[optimizer].space)
        for entry in choice["tested"]:
            for role in entry["roles"]:
                known = another_wins(study, selection, (workload, optimizer), role)
                rows.append(
                    {
                        "workload": workload,
                        "optimizer": optimizer,
                        "role": role,
                        "trial": entry["trial"],
                        "trials": runs["trial"].nunique(),
                        "epochs": float(choice["epochs"]),
                        **(known if role != RUNNER_UP else dict.fromkeys(known, math.nan)),
                        "default_loss": accuracy.get(entry["trial"], math.nan)
                        - (accuracy.get(0, math.nan) if has_default else math.nan),
                        "grown": ", ".join(choice["grown"]),
                        "edge": ", ".join(choice["edge"]),
                    }
                )
    return pd.DataFrame(rows)
