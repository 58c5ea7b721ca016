"""All result tables of a study."""

import pandas as pd

from nagbench.statistics import (
    comparison,
    controls,
    description,
    effects,
    hypotheses,
    points,
    quality,
    ranks,
    sensitivity,
    speed,
    speed_comparison,
    stability,
    tuning,
)
from nagbench.statistics.columns import declared
from nagbench.statistics.roles import select
from nagbench.step_costs import StepCosts
from nagbench.study.model import Study


def result_tables(
    study: Study, runs: pd.DataFrame, curves: pd.DataFrame, costs: StepCosts | None = None
) -> dict[str, pd.DataFrame]:
    """Every result table of a study, by name, with the columns that `columns` declares.

    What is about accuracy is told of the settings that were chosen by accuracy, what is about speed
    of those chosen by speed.
    """
    # One order for all that follows: results must not depend on how records were merged.
    runs = runs.sort_values(["workload", "optimizer", "stage", "trial", "seed"], ignore_index=True)
    curves = curves.sort_values(["run", "epoch"], ignore_index=True)
    selection = select(study, runs, curves, costs)
    accurate, fast = selection.accuracy, selection.speed
    hits = speed.hits(study, fast, curves)
    times = declared("time_to_target", speed.time_to_target(hits))
    tuned = declared("tuning", tuning.tuning(study, selection))
    courses = speed_comparison.courses(study, fast, curves)
    tables = {
        "study": description.study(study, runs),
        "workloads": description.workloads(study),
        "optimizers": description.optimizers(study),
        "settings": description.settings(study, selection),
        "costs": description.costs(study, runs, curves),
        "learning_curves": quality.learning_curves(study, accurate, curves),
        "summary": quality.summary(study, accurate, curves),
        "effects": effects.effects(study, accurate, curves),
        "ranks": ranks.ranks(study, accurate, curves),
        "survival": speed.survival(hits),
        "time_to_target": times,
        "times_below": speed_comparison.times_below(study, courses),
        "speed_comparisons": speed_comparison.speed_comparisons(study, courses),
        "log_rank": speed.log_rank_tests(hits),
        "profiles": speed_comparison.profiles(study, times),
        "stability": stability.stability(study, accurate, curves),
        "points": points.points(study, selection),
        "controls": controls.controls(study, selection),
        "hypotheses": hypotheses.verdicts(study, selection, tuned),
        "comparisons": comparison.comparisons(study, accurate, curves),
        "sensitivity": sensitivity.sensitivity(study, selection.tuned, curves),
        "tuning": tuned,
    }
    return {name: declared(name, table) for name, table in tables.items()}
