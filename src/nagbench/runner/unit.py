"""A unit's records: its runs from the store, those that are missing trained first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nagbench.data.images import ImageSet
from nagbench.engine.recipe import digest
from nagbench.engine.splits import check_sizes
from nagbench.records import settings_text, write_unit
from nagbench.runner.one_process import Trainer
from nagbench.runner.store import Store, part
from nagbench.sources import ENGINE, Snapshot, closure, code_digest
from nagbench.study.choice import run_scores
from nagbench.study.halving import Score
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
    choice: Mapping[str, Any] | None = None,
    report: Callable[[Progress], None] = lambda _: None,
) -> str:
    """Have `trainer` train every run that the store lacks; write the unit's records to `output`.

    What tuning wants depends on what it found, so it is asked again until it wants nothing more.
    `Interrupted` leaves what was trained in the store. `sources` are those that this process, and
    the trainer's, loaded.

    Returns:
        What a user should know of how the runs ended; empty if any finished and none failed.
    """
    check_sizes(images, unit.base)
    files = closure([ENGINE, *unit.base.modules()])
    sources.add(files)
    sources.check(files)
    code = code_digest(unit.base.modules())

    def key(run: Run) -> str:
        return run_key(run.id, code, images, backend)

    kept: dict[tuple[int, int], dict[str, Any]] = {}
    runs = unit.runs(choice=choice)
    before: list[Run] = []
    while runs != before:
        _train(runs, key, trainer, store, report)
        for run in runs:
            outcome = _outcome(run, key(run), store)
            assert outcome is not None, f"{unit.name}: run {run.id} is not in the store"
            kept[run.trial, run.seed] = outcome
        scores = {place: _scores(unit, outcome) for place, outcome in kept.items()}
        runs, before = unit.runs(scores, choice), runs
    rows = [{**_words(unit, run, images), **kept[run.trial, run.seed]} for run in runs]
    write_unit(output, rows)
    for run in runs:
        store.checkpoint(key(run)).remove()  # of those that tuning left behind
    return _ended([str(row["status"]) for row in rows], [str(row["message"]) for row in rows])


def run_key(run: str, code: str, images: ImageSet, backend: str) -> str:
    """What the store calls a run: everything decides it but the machine's looks. A GPU's rounding
    is not a CPU's."""
    return digest([run, code, images.digest, backend])


def trained(
    unit: Unit,
    images: ImageSet,
    backend: str,
    store: Store,
    choice: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """The rows of those of a unit's runs that the store has by now, each as far as it came."""
    code = code_digest(unit.base.modules())
    kept: dict[tuple[int, int], tuple[Run, dict[str, Any]]] = {}
    runs, before = unit.runs(choice=choice), list[Run]()
    while runs != before:
        lacking = False
        for run in runs:
            outcome = _outcome(run, run_key(run.id, code, images, backend), store)
            lacking |= outcome is None
            if outcome is not None:
                kept[run.trial, run.seed] = run, outcome
        if lacking:
            break
        scores = {place: _scores(unit, outcome) for place, (_, outcome) in kept.items()}
        runs, before = unit.runs(scores, choice), runs
    return [{**_words(unit, run, images), **outcome} for run, outcome in kept.values()]


def _train(
    runs: Sequence[Run],
    key: Callable[[Run], str],
    trainer: Trainer,
    store: Store,
    report: Callable[[Progress], None],
) -> None:
    """Have those of the runs trained that the store lacks, as far as they are wanted."""
    missing = [run for run in runs if _outcome(run, key(run), store) is None]
    done = len(runs) - len(missing)
    report(Progress(done, len(runs), 0))
    for epochs in sorted({run.epochs for run in missing}):
        group = {key(run): run.recipe for run in missing if run.epochs == epochs}

        def tell(trained: int, epoch: int, done: int = done) -> None:
            report(Progress(done + trained, len(runs), epoch))

        trainer.train(group, tell, epochs)
        done += len(group)


def _outcome(run: Run, key: str, store: Store) -> dict[str, Any] | None:
    """What the store has of a run: as far as it is wanted, or to where it broke off before."""
    whole = store.get(key)
    if whole is not None and (run.epochs == run.recipe.epochs or whole["status"] != "finished"):
        return whole
    return store.get(part(key, run.epochs))


def _scores(unit: Unit, outcome: Mapping[str, Any]) -> list[Score]:
    """A run's scores after each whole epoch."""
    curve = zip(
        outcome["curve_epoch"],
        outcome["curve_validation_accuracy"],
        outcome["curve_validation_loss"],
        strict=True,
    )
    whole = [(accuracy, loss) for epoch, accuracy, loss in curve if epoch.is_integer()]
    return run_scores(unit, whole, outcome["status"])


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
