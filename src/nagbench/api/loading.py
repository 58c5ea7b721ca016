"""`nagbench.load`: a study's records as one table."""

from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.records import read_any
from nagbench.rendering.records_behind import records_behind, usual_records
from nagbench.rendering.result_tables import ResultTables
from nagbench.statistics.roles import select
from nagbench.statistics.tidy import tidy
from nagbench.study.file import load_study
from nagbench.study.model import Study

Records = tuple[Path, pd.DataFrame, pd.DataFrame]  # the folder, its `runs` and its `curves`


def load(study: str | Path, *, records: str | Path | None = None) -> pd.DataFrame:
    """Load the runs of a study and their curves as one tidy table.

    A row is one evaluation of one run, in the order of stage, workload, optimizer, trial, seed and
    epoch. Accuracies and shares are from 0 to 1. Runs of units under way are not among them.

    Args:
        study: The name of a shipped study, or the path of a file.
        records: A folder of records, or a unit's file. By default `paper/records/STUDY` or
            `results/STUDY/records` under the current folder: of two the one that the result tables
            in `results/STUDY/statistics` were made of, or else the first.

    Returns:
        The table. `table.attrs["columns"]` says what each column means, `table.attrs["records"]`
        where the records lie. The columns are

        - of the run: `stage`, `workload`, `optimizer`, `trial`, `seed`, `settings`, `lr`, `roles`,
          `status`, `diverged_step`, `epochs`, `message`, `study`, `data`, `edition`, `run`, `code`,
          `started`, `ended`, `provenance`;
        - of the evaluation: `epoch`, `validation_loss`, `validation_accuracy`, `test_loss`,
          `test_accuracy`, and the latter four at Nesterov's iterates, as
          `iterate_validation_loss`, `iterate_validation_accuracy`, `iterate_test_loss`,
          `iterate_test_accuracy`;
        - of the steps since the row before: `train_loss`, `train_accuracy`, `gradient_norm`,
          `gradient_ratio`, `update_norm`, `learning_rate`, `largest_jump`, `spikes`,
          `loss_variance`;
        - since the start: `gradient_evaluations`, `train_seconds`, `evaluation_seconds`.

        An optimizer is tested with several settings: `roles` tells them apart. What a comparison by
        accuracy is about are rows whose `stage` is `test` and whose `roles` contain `accuracy`.
        Optimizers that train the same at the same settings share runs: each has its rows, of one
        `run`.

    Raises:
        nagbench.errors.InputError: There are no such records, or they are damaged.
    """
    loaded = load_study(str(study))
    folder, runs, curves = records_of(loaded, records)
    table = tidy(runs, curves, select(loaded, runs, curves).chosen)
    table.attrs["records"] = str(folder)
    return table


def records_of(study: Study, folder: str | Path | None) -> Records:
    """The records of a study in `folder`, or where it usually has them."""
    if folder is not None:
        found = Path(folder), *read_any(Path(folder))
    else:
        folders = usual_records(study.name)
        if not folders:
            usual = f"paper/records/{study.name} or results/{study.name}/records"
            allowed = f"{usual} in {Path.cwd()}, or `records`"
            raise InputError(f"records of {study.name}", "none here", allowed)
        tables, behind = ResultTables(Path("results", study.name, "statistics")), None
        if len(folders) > 1 and "study" in tables:
            behind = records_behind(tables, folders)
        found = behind or (folders[0], *read_any(folders[0]))
    others = sorted(set(found[1]["study"]) - {study.name})
    if others:
        raise InputError(found[0], f"runs of {', '.join(others)}", f"runs of {study.name}")
    return found
