"""Commands that make data ready, train, choose, and train again to verify."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from nagbench.commands.verbs import Verbs, device, files, study
from nagbench.data import SETS
from nagbench.errors import InputError

if TYPE_CHECKING:
    from nagbench.data.images import ImageSet
    from nagbench.study import Study, Unit
    from nagbench.training.interruption import Stop
    from nagbench.training.store import Store
    from nagbench.training.trainer import Trainer
    from nagbench.training.unit import Progress

    Training = Callable[[str, Trainer, Store], None]
    Preparation = tuple[ImageSet, Training]

# Status of a training that stopped early and kept what it had (sysexits' "temporary failure").
STOPPED = 75


def add(verbs: Verbs) -> None:
    added = verbs.add(
        "data", _data, "make a data set ready: generate, download or decode, and verify"
    )
    added.add_argument("name", choices=SETS)
    added.add_argument("--source", type=Path, help="a file of the data, instead of a download")
    files(added, output="where to put it (.npz)")

    added = verbs.add("train", _train, "train a unit, or all units of a study, into records")
    study(added)
    which = added.add_mutually_exclusive_group()
    which.add_argument("--unit", help="one unit, stage/workload/optimizer, into --output")
    which.add_argument(
        "--units", default="*", help="units of that pattern, into --results (default: all)"
    )
    added.add_argument("--missing", action="store_true", help="of --units, those without records")
    added.add_argument("--data", type=Path, help="what `nagbench data` made")
    added.add_argument("--output", type=Path, help="where to put --unit's records (.parquet)")
    added.add_argument("--chosen", type=Path, help="what `nagbench choose` made, to test --unit")
    added.add_argument(
        "--results", type=Path, default=Path("results"), help="the folder that the workflow uses"
    )
    added.add_argument(
        "--store", type=Path, default=Path("results/runs"), help="finished runs of cut-off units"
    )
    added.add_argument(
        "--lanes",
        type=int,
        help="runs to train side by side (default: on a GPU as many as pay; on a CPU one a core, "
        "with --unit one)",
    )
    added.add_argument("--minutes", type=float, help="stop in time, and keep what was trained")
    device(added)

    added = verbs.add("choose", _choose, "choose the setting to test from a tune unit's records")
    study(added)
    added.add_argument("--unit", required=True, help="tune/workload/optimizer")
    files(added, records="the unit's records", output="where to put the choice (.json)")

    added = verbs.add("verify", _verify, "train a few recorded runs again and compare")
    study(added)
    added.add_argument("--records", type=Path, help="default: paper/records/STUDY")
    added.add_argument("--runs", type=int, default=3, help="how many, the cheapest (default: 3)")
    added.add_argument(
        "--tolerance",
        type=float,
        default=0.02,
        help="of the final validation and test accuracy (default: 0.02)",
    )
    files(added, data="what `nagbench data` made")
    device(added)


def _data(options: argparse.Namespace) -> None:
    from nagbench import data
    from nagbench.data.images import save

    images = data.prepare(options.name, options.source)
    save(images, options.output)
    print(
        f"{images.edition}: {len(images.train_labels)} training and {len(images.test_labels)} test "
        f"images, digest {images.digest[:16]}"
    )


def _train(options: argparse.Namespace) -> int | None:
    from nagbench.study_file import load_study

    study = load_study(options.study)
    if options.minutes is not None and options.minutes <= 0:
        raise InputError("--minutes", f"found {options.minutes:g}", "a number above 0")
    if options.lanes is not None and options.lanes < 1:
        raise InputError("--lanes", f"found {options.lanes}", "a number above 0")
    # Refuses what is missing before torch, which takes seconds, is imported.
    prepare = (_prepare_one if options.unit else _prepare_many)(study, options)

    from nagbench.devices import claimed, resolve
    from nagbench.training.interruption import Interrupted, Stop
    from nagbench.training.store import Store

    prepared = prepare()
    if prepared is None:
        return None
    images, training = prepared
    store, stop = Store(options.store), Stop(options.minutes)
    backend = resolve(options.device)
    try:
        with (
            stop.listening(),
            claimed(backend) as device,
            _trainer(images, store, stop, device, options) as trainer,
        ):
            training(backend, trainer, store)
    except Interrupted:
        print(
            f"nagbench train: stopped early; all it trained is kept in {options.store}, "
            "and the same command goes on from there",
            file=sys.stderr,
        )
        return STOPPED
    return None


def _trainer(
    images: "ImageSet", store: "Store", stop: "Stop", device: str, options: argparse.Namespace
) -> "AbstractContextManager[Trainer]":
    """A GPU trains as many runs side by side as pay; a CPU one for each core, but for a unit alone:
    several of those may be under way, and who started them counts the cores."""
    from nagbench.training.processes import Processes
    from nagbench.training.trainer import OneDevice

    if device != "cpu":
        return nullcontext(OneDevice(images, store, stop, device, options.lanes))
    lanes = options.lanes or (1 if options.unit else len(os.sched_getaffinity(0)))
    if lanes == 1:
        return nullcontext(OneDevice(images, store, stop, device))
    return Processes(images, store, stop, lanes)


def _prepare_one(study: "Study", options: argparse.Namespace) -> "Callable[[], Preparation | None]":
    """One unit into a file of its own, as the workflow's rules ask for it."""
    from nagbench.choice import read_choice

    for name in ("data", "output"):
        if getattr(options, name) is None:
            raise InputError(f"--{name}", "missing", "a file, beside --unit")
    unit = study.unit(options.unit)
    chosen = read_choice(options.chosen) if unit.stage == "test" and options.chosen else None
    unit.runs(chosen)

    def prepare() -> "Preparation":
        from nagbench.data.images import load
        from nagbench.training.unit import train_unit

        images = load(options.data)

        def training(backend: str, trainer: "Trainer", store: "Store") -> None:
            train_unit(
                unit, images, options.output, backend, trainer, store, chosen,
                lambda progress: _report(unit, progress),
            )  # fmt: skip

        return images, training

    return prepare


def _prepare_many(
    study: "Study", options: argparse.Namespace
) -> "Callable[[], Preparation | None]":
    """All units that match, into the results folder."""

    def prepare() -> "Preparation | None":
        from nagbench import campaign, data
        from nagbench.data.images import load, save

        units = campaign.matching(study, options.units)
        if options.missing:
            units = [u for u in units if not campaign.record_path(options.results, u).is_file()]
        if not units:
            print(f"Nothing to do: every unit of {study.name} that matches has its records.")
            return None
        path = options.data or options.results / "data" / f"{study.data}.npz"
        if options.data is None and not path.is_file():
            save(data.prepare(study.data), path)
        images = load(path)

        def training(backend: str, trainer: "Trainer", store: "Store") -> None:
            campaign.train_units(units, images, options.results, backend, trainer, store, _report)

        return images, training

    return prepare


def _report(unit: "Unit", progress: "Progress") -> None:
    if progress.epoch:
        part = f"epoch {progress.epoch} of {unit.workload.epochs}"
        print(f"{unit.name}: run {progress.done + 1} of {progress.runs}, {part}", flush=True)
    elif progress.done:
        print(f"{unit.name}: {progress.done} of {progress.runs} runs done", flush=True)


def _choose(options: argparse.Namespace) -> None:
    from nagbench.choice import choose, write_choice
    from nagbench.records import read_units
    from nagbench.study_file import load_study

    unit = load_study(options.study).unit(options.unit)
    write_choice(options.output, choose(unit, *read_units([options.records])))


def _verify(options: argparse.Namespace) -> int:
    from nagbench.data.images import load
    from nagbench.records import read_tables
    from nagbench.study_file import load_study

    study = load_study(options.study)
    for name in ("runs", "tolerance"):
        if getattr(options, name) <= 0:
            raise InputError(f"--{name}", f"found {getattr(options, name)}", "a number above 0")
    runs, curves = read_tables(options.records or Path("paper/records", study.name))
    images = load(options.data)
    from nagbench import verify

    findings = []
    chosen = verify.sample(study, runs, options.runs)
    for finding in verify.verify(study, chosen, curves, images, options.device):
        findings.append(finding)
        print(verify.said(finding, options.tolerance), flush=True)
    print(verify.verdict(findings, options.tolerance))
    return 0 if all(finding.within(options.tolerance) for finding in findings) else 1
