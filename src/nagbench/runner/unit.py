"""A unit's records: its runs from the store, those that are missing trained first."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nagbench.data.images import ImageSet
from nagbench.engine.recipe import digest
from nagbench.engine.splits import check_sizes
from nagbench.records import settings_text, write_unit
from nagbench.runner.one_process import Trainer
from nagbench.runner.progress import Pair, Progress, Tracker
from nagbench.runner.store import Store, part
from nagbench.sources import ENGINE, Snapshot, closure, code_digest
from nagbench.study.choice import run_scores
from nagbench.study.halving import Score
from nagbench.study.unit import Run, Unit

Kept = dict[Pair, tuple[Run, dict[str, Any]]]  # of runs, their outcomes


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
    the trainer's, loaded. `report` is told of what the store has, and of each run's epochs.

    Returns:
        What a user should know of how the runs ended; empty if any finished and none failed.
    """
    check_sizes(images, unit.base)
    files = closure([ENGINE, *unit.base.modules()])
    sources.add(files)
    sources.check(files)
    key = _keys(unit, images, backend)
    tracker, before = Tracker(unit, choice), list[Run]()
    while True:
        kept, missing = _kept(unit, key, store, choice)
        assert not missing or missing != before, f"{unit.name}: nothing came into the store"
        tracker.expect(kept, _all_scores(unit, kept))
        report(tracker.progress())
        if not missing:
            break
        _train(missing, key, trainer, tracker, report)
        before = missing
    runs = unit.runs(_all_scores(unit, kept), choice)
    rows = [{**_words(unit, run, images), **kept[_pair(run)][1]} for run in runs]
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
    kept, _ = _kept(unit, _keys(unit, images, backend), store, choice)
    return [{**_words(unit, run, images), **outcome} for run, outcome in kept.values()]


def progress(
    unit: Unit, images: ImageSet, backend: str, store: Store, choice: Mapping[str, Any] | None
) -> Progress:
    """How far a unit is before it trains: what the store has of it."""
    kept, _ = _kept(unit, _keys(unit, images, backend), store, choice)
    tracker = Tracker(unit, choice)
    tracker.expect(kept, _all_scores(unit, kept))
    return tracker.progress()


def _keys(unit: Unit, images: ImageSet, backend: str) -> Callable[[Run], str]:
    """What the store calls the runs of a unit."""
    code = code_digest(unit.base.modules())
    return lambda run: run_key(run.id, code, images, backend)


def _pair(run: Run) -> Pair:
    return run.trial, run.seed


def _kept(
    unit: Unit, key: Callable[[Run], str], store: Store, choice: Mapping[str, Any] | None
) -> tuple[Kept, list[Run]]:
    """What the store has of the runs that are wanted, and those that it lacks.

    While it lacks some it cannot be told which more are wanted.
    """
    kept: Kept = {}
    runs, before = unit.runs(choice=choice), list[Run]()
    while runs != before:
        missing = []
        for run in runs:
            outcome = _outcome(run, key(run), store)
            if outcome is None:
                missing.append(run)
            else:
                kept[_pair(run)] = run, outcome
        if missing:
            return kept, missing
        runs, before = unit.runs(_all_scores(unit, kept), choice), runs
    return kept, []


def _train(
    missing: Sequence[Run],
    key: Callable[[Run], str],
    trainer: Trainer,
    tracker: Tracker,
    report: Callable[[Progress], None],
) -> None:
    """Have runs trained as far as they are wanted."""
    for epochs in sorted({run.epochs for run in missing}):
        group = {key(run): run for run in missing if run.epochs == epochs}

        def tell(
            run: str, epoch: int, over: bool, group: Mapping[str, Run] = group, until: int = epochs
        ) -> None:
            tracker.train(_pair(group[run]), epoch, until, over)
            report(tracker.progress())

        trainer.train({name: run.recipe for name, run in group.items()}, tell, epochs)


def _outcome(run: Run, key: str, store: Store) -> dict[str, Any] | None:
    """What the store has of a run: as far as it is wanted, or to where it broke off before."""
    whole = store.get(key)
    if whole is not None and (run.epochs == run.recipe.epochs or whole["status"] != "finished"):
        return whole
    return store.get(part(key, run.epochs))


def _all_scores(unit: Unit, kept: Kept) -> dict[Pair, list[Score]]:
    return {pair: _scores(unit, outcome) for pair, (_, outcome) in kept.items()}


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
