"""Trains a unit: all its runs, one after another, into one file of records."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nagbench.data.images import ImageSet
from nagbench.errors import InputError
from nagbench.provenance import code_digest, environment, training_sources
from nagbench.records import settings_text, write_unit
from nagbench.study import Run, Unit, digest
from nagbench.training.interruption import Interrupted, Stop
from nagbench.training.outcome import place_splits, train_run
from nagbench.training.store import Store


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
    device: str,
    store: Store,
    chosen: Mapping[str, Any] | None = None,
    report: Callable[[Progress], None] = lambda _: None,
    stop: Stop | None = None,
) -> None:
    """Train every run that the store does not hold and write the unit's records to `output`.

    When `stop` is wanted it raises `Interrupted`: what was trained is in the store.
    """
    runs = unit.runs(chosen)
    place = torch.device(device)
    if place.type == "cpu":
        torch.set_num_threads(1)  # one core a process: the unit's result must not depend on cores
    torch.use_deterministic_algorithms(True)
    _check_sizes(unit, images)
    splits = place_splits(images, unit, place)
    provenance = {
        **environment(device),
        "precision": unit.workload.precision,
        "code": code_digest(training_sources(unit)),
        "data": images.digest,
    }
    rows = []
    for done, run in enumerate(runs):
        # Everything but the machine's looks decides the key; a GPU's rounding is not a CPU's.
        key = digest([run.id, provenance["code"], images.digest, provenance["backend"]])
        kept = store.get(key)
        if kept is None:
            if stop is not None and stop.wanted():
                raise Interrupted
            outcome = train_run(
                run,
                unit,
                splits,
                place,
                store.checkpoint(key),
                stop,
                lambda epoch, done=done: report(Progress(done, len(runs), epoch)),  # type: ignore[misc]
            )
            kept = {**outcome.as_row(), "provenance": json.dumps(provenance, sort_keys=True)}
            store.put(key, kept)
        report(Progress(done + 1, len(runs), 0))
        rows.append({**_words(unit, run, images), **kept})
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


def _check_sizes(unit: Unit, images: ImageSet) -> None:
    place = f"study {unit.study.name}"
    total = len(images.train_labels)
    left = total - unit.study.validation_size
    if left <= 0:
        found = f"{unit.study.validation_size} of {total} images"
        raise InputError(f"{place}.validation_size", found, f"fewer than {total}")
    workload = unit.workload
    size = workload.train_size or left
    if size > left:
        found = f"{size} images, but {left} are left after validation"
        raise InputError(f"{place}.workloads.{workload.name}.train_size", found, f"at most {left}")
    if workload.batch_size > size:
        found = f"{workload.batch_size} images, but there are {size} to train on"
        raise InputError(f"{place}.workloads.{workload.name}.batch_size", found, f"at most {size}")
