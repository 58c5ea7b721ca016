"""Trains a study's units one after another without Snakemake, for a bare machine with a GPU.

Files go where the workflow would put them, and finished runs into the store that both share, so
that either goes on where the other stopped.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from nagbench.choice import choose, read_choice, write_choice
from nagbench.data.images import ImageSet
from nagbench.errors import InputError
from nagbench.records import read_units
from nagbench.study import STAGES, Study, Unit
from nagbench.training.store import Store
from nagbench.training.trainer import Trainer
from nagbench.training.unit import Progress, train_unit


def matching(study: Study, pattern: str) -> list[Unit]:
    """Units whose names match, most valuable first: as the study lists them, tune before test."""
    units = [
        study.unit(f"{stage}/{workload}/{optimizer}")
        for workload in study.workloads
        for optimizer in study.optimizers_of(workload)
        for stage in STAGES
    ]
    found = [unit for unit in units if fnmatchcase(unit.name, pattern)]
    if not found:
        names = ", ".join(unit.name for unit in units)
        raise InputError("--units", f"no unit matches {pattern!r}", names)
    return found


def record_path(folder: Path, unit: Unit) -> Path:
    """Where a unit's records lie under the results folder."""
    return folder / unit.study.name / f"{unit.name}.parquet"


def train_units(
    units: list[Unit],
    images: ImageSet,
    folder: Path,
    backend: str,
    trainer: Trainer,
    store: Store,
    report: Callable[[Unit, Progress], None] = lambda _unit, _progress: None,
) -> None:
    """Train `units` in their order, choosing settings in between.

    `Interrupted` if it has to stop.
    """
    for unit in units:
        train_unit(
            unit,
            images,
            record_path(folder, unit),
            backend,
            trainer,
            store,
            _chosen(unit, folder) if unit.stage == "test" else None,
            lambda progress, unit=unit: report(unit, progress),  # type: ignore[misc]
        )


def _chosen(unit: Unit, folder: Path) -> dict[str, object]:
    """The setting that the unit tests, chosen now if it was not yet."""
    workload, optimizer = unit.workload.name, unit.optimizer.name
    path = folder / unit.study.name / "chosen" / workload / f"{optimizer}.json"
    if not path.is_file():
        tuned = unit.study.unit(f"tune/{workload}/{optimizer}")
        records = record_path(folder, tuned)
        if not records.is_file():
            raise InputError(unit.name, f"no records {records}", f"{tuned.name} trained before")
        write_choice(path, choose(tuned, *read_units([records])))
    return read_choice(path)
