"""Where a study's records lie, and which of them result tables were made of."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from nagbench.records import hours_of, read_tables
from nagbench.rendering.lookup import Tables


def usual_records(study: str) -> list[Path]:
    """The folders of a study's records that are there: the committed one, then the workflow's."""
    usual = Path("paper/records", study), Path("results", study, "records")
    return [folder for folder in usual if folder.is_dir()]


def records_behind(
    tables: Tables, folders: Iterable[Path]
) -> tuple[Path, pd.DataFrame, pd.DataFrame] | None:
    """The first of these folders whose records the result tables were made of, with its `runs` and
    `curves`; None if none is."""
    hours = tables["study"].iloc[0]["hours"]
    for folder in folders:
        runs, curves = read_tables(folder)
        if hours_of(runs) == hours:  # no two trainings take the same time
            return folder, runs, curves
    return None
