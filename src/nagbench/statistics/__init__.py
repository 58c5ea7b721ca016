"""From records to result tables: pure functions, no files and no plotting."""

import pandas as pd

from nagbench.statistics import comparison, description, quality, sensitivity, speed
from nagbench.study import Study


def tables(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Every result table of a study, by name."""
    # One order for all that follows: results must not depend on how records were merged.
    runs = runs.sort_values(["workload", "optimizer", "stage", "trial", "seed"], ignore_index=True)
    curves = curves.sort_values(["run", "epoch"], ignore_index=True)
    tested = runs[runs["stage"] == "test"]
    return {
        "study": description.study(study, runs),
        "workloads": description.workloads(study),
        "optimizers": description.optimizers(study),
        "settings": description.settings(study, tested),
        "learning_curves": quality.learning_curves(study, tested, curves),
        "summary": quality.summary(study, tested, curves),
        "survival": speed.survival(study, tested, curves),
        "time_to_target": speed.time_to_target(study, tested, curves),
        "comparisons": comparison.comparisons(study, tested, curves),
        "sensitivity": sensitivity.sensitivity(study, runs[runs["stage"] == "tune"], curves),
    }
