"""The tables: one function each, from result tables to a `Table`."""

from collections.abc import Callable, Mapping

from nagbench.rendering.lookup import Tables
from nagbench.rendering.table import Table
from nagbench.rendering.tables import claims, outcomes, setup, theory

TABLES: Mapping[str, Callable[[Tables], Table]] = {
    "verdicts": claims.verdicts,
    "results": outcomes.results,
    "comparisons": outcomes.comparisons,
    "quality": outcomes.quality,
    "speed": outcomes.speed,
    "stability": outcomes.stability,
    "rules": setup.rules,
    "settings": setup.settings,
    "tuning": setup.tuning,
    "workloads": setup.workloads,
    "computing": setup.computing,
    "checklist": setup.checklist,
    "rates": theory.rates,
    "calibration": theory.calibration,
}
