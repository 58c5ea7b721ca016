"""A study whose settings are chosen by accuracy and by speed, with a runner-up, and its records."""

from typing import Any

import numpy as np

from nagbench.statistics.hypotheses import verdicts
from nagbench.statistics.roles import select
from nagbench.statistics.tuning import tuning
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import Records, joined, records_of, tuning_of

SEEDS = list(range(11, 21))
FEW = 4


def roled_study(small: dict[str, Any]) -> Study:
    """Two tuning seeds; settings are chosen by accuracy and by speed, and there is a runner-up."""
    small["tuning"] |= {
        "points": 2, "seeds": [1, 2], "finalists": 3, "choices": ["accuracy", "speed"],
        "runner_up_seeds": FEW,
    }  # fmt: skip
    small["testing"]["seeds"] = SEEDS
    small["workloads"]["tiny"]["targets"] = {"low": 0.2, "high": 0.4, "source": "a test"}
    claim = {
        "claim": "c", "workload": "tiny", "optimizer": "nag_sutskever", "reference": "sgd",
        "statement": "difference", "margin": 0.05,
    }  # fmt: skip
    small["hypotheses"] = {
        "accurate": {**claim, "metric": "accuracy", "direction": "greater", "family": "a"},
        "fast": {**claim, "metric": "epochs", "direction": "less", "family": "b"},
    }
    return study_of("small", small, "a test")


def roled_records(study: Study, runner_up: float) -> Records:
    """Trial 0 ends highest, trial 1 is the fastest, trial 2 the second most accurate.

    In the tests NAG ends 0.3 over SGD at trial 0, at trial 1 it is faster, and its trial 2 ends
    `runner_up` over SGD's chosen one.
    """
    runs, curves = tuning_of(study, lambda *key: {0: 0.6, 1: 0.5, 2: 0.55}[key[2]])
    soon = curves["run"].isin(runs["run"][runs["trial"] == 1]) & (curves["epoch"] == 1)
    curves.loc[soon, "validation_accuracy"] = 0.45
    noise = np.random.default_rng(0).normal(0, 0.01, (4, len(SEEDS)))

    def ends(at: float, n: int, middle: float) -> list[list[float]]:
        return [[0.1, middle, at + one] for one in noise[n]]

    return joined(
        (runs, curves),
        records_of(study, {"sgd": ends(0.4, 0, 0.2), "nag_sutskever": ends(0.7, 1, 0.2)}),
        records_of(study, {"sgd": ends(0.3, 0, 0.2), "nag_sutskever": ends(0.3, 2, 0.4)}, 1),
        records_of(
            study,
            {"sgd": ends(0.4, 0, 0.2)[:FEW], "nag_sutskever": ends(0.4 + runner_up, 3, 0.2)[:FEW]},
            2,
        ),
    )


def judged(study: Study, records: Records) -> list[dict[str, Any]]:
    selection = select(study, *records)
    return verdicts(study, selection, tuning(study, selection)).to_dict("records")
