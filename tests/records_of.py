"""Records made up for tests of the statistics: accuracies by optimizer, seed and epoch."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nagbench.records import CURVE
from nagbench.study.model import Study


def records_of(
    study: Study, accuracy: Mapping[str, Sequence[Sequence[float]]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Test runs with these validation and test accuracies, one list of epochs a seed.

    A list that is shorter than the budget is a run that diverged after its last entry.
    """
    runs, curves = [], []
    for workload, optimizer in study.pairs():
        for seed, values in zip(study.testing.seeds, accuracy[optimizer.name], strict=False):
            whole = len(values) == workload.epochs + 1
            name = f"test/{workload.name}/{optimizer.name}/{seed}"
            runs.append(
                {
                    "run": name,
                    "study": study.name,
                    "edition": "synthetic",
                    "data": "synthetic",
                    "stage": "test",
                    "workload": workload.name,
                    "optimizer": optimizer.name,
                    "trial": 0,
                    "seed": seed,
                    "settings": json.dumps(dict(optimizer.defaults)),
                    "learning_rate": optimizer.defaults["lr"],
                    "status": "finished" if whole else "diverged",
                    "diverged_step": -1 if whole else 10 * len(values),
                    "epochs": workload.epochs,
                    "gradient_evaluations": 10 * (len(values) - 1),
                    "train_seconds": 2.0 * (len(values) - 1),
                    "evaluation_seconds": 0.5,
                    "provenance": json.dumps({"device": "a test", "threads": 1}),
                }
            )
            for epoch, value in enumerate(values):
                curves.append(
                    {
                        **dict.fromkeys(CURVE, 0.1),
                        "run": name,
                        "epoch": epoch,
                        "train_loss": np.nan if epoch == 0 else 1 - value,
                        "validation_accuracy": value,
                        "test_accuracy": value,
                        "gradient_evaluations": 10 * epoch,
                        "train_seconds": 2.0 * epoch,
                        "spikes": 0,
                    }
                )
    return pd.DataFrame(runs), pd.DataFrame(curves)
