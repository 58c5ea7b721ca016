"""A unit's records: its runs from the store, those that are missing trained first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nagbench.data.images import ImageSet
from nagbench.provenance import code_digest, training_sources
from nagbench.records import settings_text, write_unit
from nagbench.study import Run, Unit, digest
from nagbench.training.splits import check_sizes
from nagbench.training.store import Store
from nagbench.training.trainer import Trainer


@dataclass(frozen=True)
class Progress:
    """How far a unit is: runs done of all, and the epoch of the one that trains."""

    done: int
    runs: int
    epoch: int


def train_unit(
    unit: Unit,
    images: ImageSet,
    output: Path,
    backend: str,
    trainer: Trainer,
    store: Store,
    chosen: Mapping[str, Any] | None = None,
    report: Callable[[Progress], None] = lambda _: None,
) -> None:
    """Have `trainer` train every run that the store lacks; write the unit's records to `output`.

    `Interrupted` leaves what was trained in the store.
    """
    check_sizes(images, unit)
    for run in unit.runs(chosen):  # settings that the class refuses, before any training
        unit.optimizer.build([torch.nn.Parameter(torch.zeros(2, 2))], run.settings)
    code = code_digest(training_sources(unit))
    # Everything but the machine's looks decides the key; a GPU's rounding is not a CPU's.
    runs = {digest([run.id, code, images.digest, backend]): run for run in unit.runs(chosen)}
    missing = {key: run for key, run in runs.items() if store.get(key) is None}
    kept = len(runs) - len(missing)

    def tell(done: int, epoch: int) -> None:
        report(Progress(kept + done, len(runs), epoch))

    tell(0, 0)
    if missing:
        trainer.train(unit, missing, tell)
    rows = []
    for key, run in runs.items():
        outcome = store.get(key)
        assert outcome is not None, f"{unit.name}: run {run.id} is not in the store"
        rows.append({**_words(unit, run, images), **outcome})
    write_unit(output, rows)


def _words(unit: Unit, run: Run, images: ImageSet) -> dict[str, Any]:
    """What the study and the data set say of a run."""
    return {
        "run": run.id,
        "study": unit.study.name,
        "edition": images.edition,
        "data": images.name,
        "stage": unit.stage,
        "workload": unit.workload.name,
        "optimizer": unit.optimizer.name,
        "trial": run.trial,
        "seed": run.seed,
        "settings": settings_text(run.settings),
        "learning_rate": run.settings.get("lr"),
        "epochs": unit.workload.epochs,
    }
