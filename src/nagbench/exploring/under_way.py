"""What of a study has not trained yet."""

from typing import Any

import pandas as pd

from nagbench.study.model import Study
from nagbench.study.plan import units


def missing(study: Study, runs: pd.DataFrame, unfinished: pd.DataFrame) -> list[dict[str, Any]]:
    """The units without records, in the study's order, each with how many runs it is to have and
    how many of them are kept already.

    Args:
        study: The study.
        runs: Of its records, which hold whole units.
        unfinished: Runs of units under way, which no table is made of.
    """
    of_unit = ["stage", "workload", "optimizer"]
    there = set(runs[of_unit].itertuples(index=False, name=None))
    kept = unfinished.groupby(of_unit).size().to_dict()
    found = []
    for unit in units(study):
        name = unit.stage, unit.workload, unit.optimizer
        if name not in there:
            named = dict(zip(of_unit, name, strict=True))
            found.append({**named, "runs": int(kept.get(name, 0)), "of": len(unit.planned())})
    return found
