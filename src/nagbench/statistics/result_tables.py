"""All result tables of a study."""

import pandas as pd

from nagbench.statistics import (
    comparison,
    description,
    effects,
    hypotheses,
    quality,
    ranks,
    sensitivity,
    speed,
    speed_comparison,
    stability,
    tuning,
)
from nagbench.study.model import Study


def result_tables(
    study: Study, runs: pd.DataFrame, curves: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Every result table of a study, by name."""
    # One order for all that follows: results must not depend on how records were merged.
    runs = runs.sort_values(["workload", "optimizer", "stage", "trial", "seed"], ignore_index=True)
    curves = curves.sort_values(["run", "epoch"], ignore_index=True)
    facts = description.study(study, runs)
    # An optimizer that raised an error has no better claim to a result than one that diverged.
    runs = runs.assign(status=runs["status"].replace("failed", "diverged"))
    tested, tuned = (runs[runs["stage"] == stage] for stage in ("test", "tune"))
    times = speed.time_to_target(study, tested, curves)
    return {
        "study": facts,
        "workloads": description.workloads(study),
        "optimizers": description.optimizers(study),
        "settings": description.settings(study, tested),
        "learning_curves": quality.learning_curves(study, tested, curves),
        "summary": quality.summary(study, tested, curves),
        "effects": effects.effects(study, tested, curves),
        "ranks": ranks.ranks(study, tested, curves),
        "survival": speed.survival(study, tested, curves),
        "time_to_target": times,
        "speed_comparisons": speed_comparison.speed_comparisons(study, tested, curves),
        "log_rank": speed.log_rank_tests(study, tested, curves),
        "profiles": speed_comparison.profiles(study, times),
        "stability": stability.stability(study, tested, curves),
        "learning_rate_bands": stability.learning_rate_bands(study, tuned, curves),
        "hypotheses": hypotheses.verdicts(study, runs, curves),
        "comparisons": comparison.comparisons(study, tested, curves),
        "sensitivity": sensitivity.sensitivity(study, tuned, curves),
        "tuning_price": tuning.tuning_price(study, tuned, curves),
        "choice_losses": tuning.choice_losses(tuned, tested, curves),
    }
