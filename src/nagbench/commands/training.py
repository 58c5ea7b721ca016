"""Commands that make data ready, train, choose, and train again to verify."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nagbench.commands.verbs import Verbs, device, files, study_or_plan, units_of
from nagbench.data.registry import SETS
from nagbench.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from nagbench.data.images import ImageSet
    from nagbench.display.training import TrainingDisplay
    from nagbench.runner.attest import Attestation
    from nagbench.runner.one_process import Trainer
    from nagbench.runner.progress import Progress
    from nagbench.runner.stop import Stop
    from nagbench.runner.store import Store
    from nagbench.sources import Snapshot
    from nagbench.study.unit import Unit

# Status of a training that stopped early and kept what it had (sysexits' "temporary failure").
STOPPED = 75
# Status of a training that left out units whose library is missing (sysexits' "unavailable").
LEFT_OUT = 69


def add(verbs: Verbs) -> None:
    added = verbs.add(
        "data", _data, "make a data set ready: generate, download or decode, and verify"
    )
    added.add_argument("name", choices=SETS)
    added.add_argument("--source", type=Path, help="a file of the data, instead of a download")
    files(added, output="where to put it (.npz)")

    added = verbs.add(
        "train", _train, "train a unit, or all units of a study, into records", runs_code=True
    )
    study_or_plan(added)
    which = added.add_mutually_exclusive_group()
    which.add_argument("--unit", help="one unit, stage/workload/optimizer, into --output")
    which.add_argument(
        "--units", default="*", help="units of that pattern, into --results (default: all)"
    )
    added.add_argument(
        "--missing",
        action="store_true",
        help="of --units, those without records of today's study and code",
    )
    added.add_argument(
        "--records",
        type=Path,
        help="with --missing, a folder of records to go on from (default: paper/records/STUDY, if "
        "it is there)",
    )
    added.add_argument(
        "--data",
        type=Path,
        help="what `nagbench data` made (default: where the workflow keeps it, made if missing)",
    )
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
    added.add_argument(
        "--strict",
        action="store_true",
        help="stop at the first optimizer that raises an error or whose library is missing, "
        "instead of recording a failed run or leaving its units out",
    )
    added.add_argument("--minutes", type=float, help="stop in time, and keep what was trained")
    device(added)

    added = verbs.add("choose", _choose, "choose the setting to test from a tune unit's records")
    study_or_plan(added)
    added.add_argument("--unit", required=True, help="tune/workload/optimizer")
    files(added, records="the unit's records", output="where to put the choice (.json)")

    added = verbs.add(
        "verify", _verify, "train a few recorded runs again and compare", runs_code=True
    )
    study_or_plan(added)
    added.add_argument("--records", type=Path, help="default: paper/records/STUDY")
    added.add_argument("--runs", type=int, default=3, help="how many, the cheapest (default: 3)")
    added.add_argument(
        "--tolerance",
        type=float,
        default=0.02,
        help="of the final validation and test accuracy (default: 0.02)",
    )
    added.add_argument("--units", default="*", help="only runs of units of that pattern")
    added.add_argument("--optimizer", help="only runs of that optimizer")
    added.add_argument("--run", help="only the run of that name")
    added.add_argument(
        "--attest",
        action="store_true",
        help="after an edit of the code that changes no number: train a run of each workload, "
        "optimizer and older code again, and if all are bit-equal say so beside the records",
    )
    files(added, data="what `nagbench data` made")
    device(added)


def _data(options: argparse.Namespace) -> None:
    from nagbench.data import registry
    from nagbench.data.images import save

    images = registry.prepare(options.name, options.source)
    save(images, options.output)
    print(
        f"{images.edition}: {len(images.train_labels)} training and {len(images.test_labels)} test "
        f"images, digest {images.digest[:16]}"
    )


def _train(options: argparse.Namespace) -> int | None:
    from nagbench.engine.variables import check_variables
    from nagbench.sources import Snapshot

    check_variables()
    code = Snapshot()  # of what is about to be loaded
    if options.minutes is not None and options.minutes <= 0:
        raise InputError("--minutes", f"found {options.minutes:g}", "a number above 0")
    if options.lanes is not None and options.lanes < 1:
        raise InputError("--lanes", f"found {options.lanes}", "a number above 0")
    units = units_of(options.study)
    jobs = (_one_job if options.unit else _many_jobs)(units, options)
    if not jobs:
        print(f"Nothing to do: every unit of {options.study} that matches has its records.")
        return None

    from nagbench.display.training import TrainingDisplay
    from nagbench.runner.all_units import matching
    from nagbench.runner.references import left_out, missing_libraries

    display = TrainingDisplay(units[0].study)
    wanted = {job.unit.name for job in jobs}
    for unit in [] if options.unit else matching(units, options.units):
        if unit.name not in wanted:
            display.state.add(unit.name, unit.images, 0, sum(unit.planned()), complete=True)
    # One unit alone, or --strict, is refused by its reference's check.
    refused = options.unit or options.strict
    missing = {} if refused else missing_libraries(job.unit for job in jobs)
    jobs = [job for job in jobs if job.unit.name not in missing]
    if missing:
        print(f"nagbench train: {left_out(missing)}", file=sys.stderr, flush=True)
    status = train_jobs(jobs, options, code, display) if jobs else None
    if missing:  # again, where it is still seen
        print(f"nagbench train: {left_out(missing)}", file=sys.stderr)
    return status or (LEFT_OUT if missing else None)


def train_jobs(
    jobs: "Sequence[Job]",
    options: argparse.Namespace,
    code: "Snapshot",
    display: "TrainingDisplay",
) -> int | None:
    from nagbench.runner.devices import claimed, resolve
    from nagbench.runner.references import check_references
    from nagbench.runner.stop import Interrupted, Stop
    from nagbench.runner.store import Store
    from nagbench.runner.unit import train_unit
    from nagbench.runner.workflow import ended as workflow_ended

    check_references(job.unit for job in jobs)
    images = images_of(jobs[0].unit, options)
    store, stop = Store(options.store), Stop(options.minutes, asked=workflow_ended)
    backend = resolve(options.device)
    for job in jobs:
        begun = _begun(job, images, backend, store)
        display.state.add(job.unit.name, job.unit.images, begun.done, begun.epochs)
    try:
        with (
            display,
            stop.listening(),
            claimed(backend) as device,
            _trainer(jobs[0].unit, images, store, stop, device, code, options) as trainer,
        ):
            for job in jobs:
                display.begin(job.unit.name)
                ended = train_unit(
                    job.unit, images, job.output, backend, trainer, store, code, job.choice(),
                    partial(display.report, job.unit.name),
                )  # fmt: skip
                display.end(job.unit.name)
                if ended:
                    print(f"{job.unit.name}: {ended}", file=sys.stderr, flush=True)
    except Interrupted:
        print(
            f"nagbench train: stopped early; all it trained is kept in {options.store}, "
            "and the same command goes on from there",
            file=sys.stderr,
        )
        return STOPPED
    return None


def _begun(job: "Job", images: "ImageSet", backend: str, store: "Store") -> "Progress":
    """How far a unit is already; what it tests may not be chosen yet."""
    from nagbench.runner.progress import Progress
    from nagbench.runner.unit import progress

    try:
        choice = job.choice()
    except InputError:
        return Progress(0, sum(job.unit.planned()))
    return progress(job.unit, images, backend, store, choice)


@dataclass(frozen=True)
class Job:
    """A unit to train, where its records go, and what says which setting it tests."""

    unit: "Unit"
    output: Path
    choice: "Callable[[], Mapping[str, Any] | None]"


def _one_job(units: "Sequence[Unit]", options: argparse.Namespace) -> list[Job]:
    """One unit into a file of its own, as the workflow's rules ask for it."""
    from nagbench.study.choice import read_choice
    from nagbench.study.unit import unit

    if options.output is None:
        raise InputError("--output", "missing", "a file, beside --unit")
    wanted = unit(units, options.unit)
    choice = read_choice(options.chosen) if wanted.halving is None and options.chosen else None
    wanted.runs(choice=choice)  # refuses what is missing before torch is imported, for seconds
    return [Job(wanted, options.output, lambda: choice)]


def _many_jobs(units: "Sequence[Unit]", options: argparse.Namespace) -> list[Job]:
    """All units that match, into the results folder."""
    from nagbench.runner import all_units, attest

    folder = options.records or Path("paper/records", units[0].study)
    goes_on = options.missing and (options.records or (folder / "runs.parquet").is_file())
    attestations = attest.read(folder) if goes_on else []
    results = options.results
    jobs = [
        Job(
            unit,
            all_units.record_path(results, unit),
            partial(all_units.choice_for, unit, units, results),
        )
        for unit in all_units.matching(units, options.units)
        if not (options.missing and all_units.is_current(unit, units, results, attestations))
    ]
    if jobs and goes_on:
        _go_on_from(folder, units, attestations, options)
    return jobs


def _go_on_from(
    folder: Path,
    units: "Sequence[Unit]",
    attestations: "Sequence[Attestation]",
    options: argparse.Namespace,
) -> None:
    """Fill the store with the runs of a folder of records, as far as they are today's."""
    from nagbench.runner.devices import resolve
    from nagbench.runner.store import Store
    from nagbench.runner.unfinished import fill

    images = images_of(units[0], options)
    store, backend = Store(options.store), resolve(options.device)
    if taken := fill(store, folder, units, images, backend, attestations):
        print(f"{taken} runs found in {folder}", flush=True)


def images_of(unit: "Unit", options: argparse.Namespace) -> "ImageSet":
    """The data that is named, or where the workflow keeps it, made ready if it is not there."""
    from nagbench.data.images import load, save
    from nagbench.data.registry import prepare

    name = unit.base.data
    path: Path = options.data or options.results / "data" / f"{name}.npz"
    if options.data is None and not path.is_file():
        save(prepare(name), path)
    images = load(path)
    if images.name != name:
        raise InputError(path, f"the data set {images.name}", name)
    return images


def _trainer(
    unit: "Unit",
    images: "ImageSet",
    store: "Store",
    stop: "Stop",
    device: str,
    code: "Snapshot",
    options: argparse.Namespace,
) -> "AbstractContextManager[Trainer]":
    """A unit alone trains in this process: several may be under way, and who started them counts
    the cores. Of many, a CPU trains one run on each core, a GPU as many side by side as pay. Code
    from outside may end its process or change its folder, so it never trains in this one."""
    from nagbench.runner.devices import cores
    from nagbench.runner.many_processes import ManyProcesses, comes_from_outside
    from nagbench.runner.one_process import OneProcess

    count, lanes = 1, options.lanes
    if device == "cpu":
        count, lanes = lanes or (1 if options.unit else cores()), 1
    if options.unit and count == 1 and not comes_from_outside(unit.base.optimizer):
        alone = OneProcess(images, store, stop, device, code, lanes, strict=options.strict)
        return nullcontext(alone)
    return ManyProcesses(images, store, stop, code, count, device, lanes, options.strict)


def _choose(options: argparse.Namespace) -> None:
    from nagbench.runner.decision import decide
    from nagbench.study.choice import write_choice
    from nagbench.study.unit import unit

    wanted = unit(units_of(options.study), options.unit)
    write_choice(options.output, decide(wanted, options.records))


def _verify(options: argparse.Namespace) -> int:
    from nagbench.engine.variables import check_variables
    from nagbench.sources import Snapshot

    check_variables()
    code = Snapshot()
    from nagbench.data.images import load
    from nagbench.records import read_tables

    for name in ("runs", "tolerance"):
        if getattr(options, name) <= 0:
            raise InputError(f"--{name}", f"found {getattr(options, name)}", "a number above 0")
    units = units_of(options.study)
    study = units[0].study
    folder = options.records or Path("paper/records", study)
    runs, curves = read_tables(folder)
    images = load(options.data)
    from nagbench.runner import verify

    if options.attest:
        return _attest(units, folder, runs, curves, images, options.device, code)
    findings = []
    asked = verify.selected(runs, options.units, options.optimizer, options.run)
    rows = verify.sample(study, asked, options.runs)
    for finding in verify.verify(units, rows, runs, curves, images, options.device, code):
        findings.append(finding)
        print(verify.said(finding, options.tolerance), flush=True)
    print(verify.verdict(findings, options.tolerance))
    return 0 if all(finding.within(options.tolerance) for finding in findings) else 1


def _attest(
    units: "Sequence[Unit]",
    folder: Path,
    runs: "pd.DataFrame",
    curves: "pd.DataFrame",
    images: "ImageSet",
    device: str,
    code: "Snapshot",
) -> int:
    """Train a sample of the records again; write the attestations only if all are bit-equal."""
    from nagbench.runner import attest, verify
    from nagbench.sources import code_digest

    current = {(unit.workload, unit.optimizer): code_digest(unit.base.modules()) for unit in units}
    sample = attest.to_attest(runs, current)
    print(f"{len(sample)} runs to train again.", flush=True)
    made = []
    findings = verify.verify(units, sample, runs, curves, images, device, code)
    for entry in attest.attest(sample.to_dict("records"), findings):
        made.append(entry)
        print(f"{entry.workload}/{entry.optimizer}: {entry.old} and {entry.new} agree", flush=True)
    attest.write(folder, [*attest.read(folder), *made])
    print(f"{len(made)} attestations added to {folder / attest.NAME}")
    return 0
