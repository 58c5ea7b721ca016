"""A unit's records: its runs from the store, those that are missing trained first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nagbench.data.images import ImageSet
from nagbench.engine.recipe import digest
from nagbench.engine.splits import check_sizes
from nagbench.records import settings_text, write_unit
from nagbench.runner.one_process import Trainer
from nagbench.runner.store import Store
from nagbench.sources import ENGINE, Snapshot, closure, code_digest
from nagbench.study.unit import Run, Unit


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
    sources: Snapshot,
    chosen: Mapping[str, Any] | None = None,
    report: Callable[[Progress], None] = lambda _: None,
) -> str:
    """Have `trainer` train every run that the store lacks; write the unit's records to `output`.

    `Interrupted` leaves what was trained in the store. `sources` are those that this process, and
    the trainer's, loaded.

    Returns:
        What a user should know of how the runs ended; empty if any finished and none failed.
    """
    check_sizes(images, unit.base)
    files = closure([ENGINE, *unit.base.modules()])
    sources.add(files)
    sources.check(files)
    runs = unit.runs(chosen)
    code = code_digest(unit.base.modules())
    # Everything but the machine's looks decides the key; a GPU's rounding is not a CPU's.
    by_key = {digest([run.id, code, images.digest, backend]): run for run in runs}
    missing = {key: run.recipe for key, run in by_key.items() if store.get(key) is None}
    kept = len(by_key) - len(missing)

    def tell(done: int, epoch: int) -> None:
        report(Progress(kept + done, len(by_key), epoch))

    tell(0, 0)
    if missing:
        trainer.train(missing, tell)
    rows = []
    for key, run in by_key.items():
        outcome = store.get(key)
        assert outcome is not None, f"{unit.name}: run {run.id} is not in the store"
        rows.append({**_words(unit, run, images), **outcome})
    write_unit(output, rows)
    return _ended([str(row["status"]) for row in rows], [str(row["message"]) for row in rows])


def _ended(statuses: list[str], messages: list[str]) -> str:
    failed = statuses.count("failed")
    if failed:
        message = next(message for message in messages if message)
        return f"{failed} of {len(statuses)} runs failed: {message}"
    return f"all {len(statuses)} runs diverged" if set(statuses) == {"diverged"} else ""


def _words(unit: Unit, run: Run, images: ImageSet) -> dict[str, Any]:
    """What the study and the data set say of a run."""
    return {
        "run": run.id,
        "study": unit.study,
        "edition": images.edition,
        "data": images.name,
        "stage": unit.stage,
        "workload": unit.workload,
        "optimizer": unit.optimizer,
        "trial": run.trial,
        "seed": run.seed,
        "settings": settings_text(run.settings),
        "learning_rate": run.settings.get("lr"),
        "epochs": run.recipe.epochs,
    }
