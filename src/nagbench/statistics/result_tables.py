"""All result tables of a study."""

from collections.abc import Callable, Iterable
from functools import cache

import pandas as pd

from nagbench.statistics import (
    comparison,
    controls,
    description,
    effects,
    gains,
    hypotheses,
    outcomes,
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
    study: Study,
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    costs: StepCosts | None = None,
    names: Iterable[str] | None = None,
) -> dict[str, pd.DataFrame]:
    """The result tables of a study, by name, with the columns that `columns` declares.

    What is about accuracy is told of the settings that were chosen by accuracy, what is about speed
    of those chosen by speed. Where `names` are given, these alone are computed; names of tables
    that no study's records decide are passed over.
    """
    # One order for all that follows: results must not depend on how records were merged.
    runs = runs.sort_values(["workload", "optimizer", "stage", "trial", "seed"], ignore_index=True)
    curves = curves.sort_values(["run", "epoch"], ignore_index=True)
    selection = select(study, runs, curves, costs)
    accurate, fast = selection.accuracy, selection.speed
    hits = cache(lambda: speed.hits(study, fast, curves))
    times = cache(lambda: declared("time_to_target", speed.time_to_target(hits())))
    tuned = cache(lambda: declared("tuning", tuning.tuning(study, selection)))
    courses = cache(lambda: speed_comparison.courses(study, fast, curves))
    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "study": lambda: description.study(study, runs),
        "workloads": lambda: description.workloads(study),
        "optimizers": lambda: description.optimizers(study),
        "settings": lambda: description.settings(study, selection),
        "costs": lambda: description.costs(study, runs, curves),
        "learning_curves": lambda: quality.learning_curves(study, accurate, curves),
        "summary": lambda: quality.summary(study, accurate, curves),
        "effects": lambda: effects.effects(study, accurate, curves),
        "ranks": lambda: ranks.ranks(study, accurate, curves),
        "survival": lambda: speed.survival(hits()),
        "time_to_target": times,
        "times_below": lambda: speed_comparison.times_below(study, courses()),
        "speed_comparisons": lambda: speed_comparison.speed_comparisons(study, courses()),
        "gains": lambda: gains.gains(study, courses()),
        "log_rank": lambda: speed.log_rank_tests(hits()),
        "profiles": lambda: speed_comparison.profiles(study, times()),
        "stability": lambda: stability.stability(study, accurate, curves),
        "outcomes": lambda: outcomes.outcomes(study, selection),
        "points": lambda: points.points(study, selection),
        "controls": lambda: controls.controls(study, selection),
        "hypotheses": lambda: hypotheses.verdicts(study, selection, tuned()),
        "comparisons": lambda: comparison.comparisons(study, accurate, curves),
        "sensitivity": lambda: sensitivity.sensitivity(study, selection.tuned, curves),
        "tuning": tuned,
    }
    wanted = tables if names is None else [name for name in names if name in tables]
    return {name: declared(name, tables[name]()) for name in wanted}
