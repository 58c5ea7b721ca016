"""The commands that the workflow's rules call, and that a user may call by hand."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from nagbench import __version__
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

# Each verb imports what it needs: a figure should not wait for torch, nor a node that only trains
# need matplotlib.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; bad input ends it with one message and status 2."""
    options = _parser().parse_args(arguments)
    verb: Callable[[argparse.Namespace], int | None] = options.verb
    try:
        return verb(options) or 0
    except InputError as error:
        print(f"nagbench {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"nagbench {options.command}: interrupted; finished runs are kept", file=sys.stderr)
        return 130


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
    from nagbench.study import load_study

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
    from nagbench.study import load_study

    unit = load_study(options.study).unit(options.unit)
    write_choice(options.output, choose(unit, *read_units([options.records])))


def _collect(options: argparse.Namespace) -> None:
    from nagbench.records import check_complete, read_units, write_tables
    from nagbench.study import load_study

    runs, curves = read_units(options.units)
    check_complete(load_study(options.study), runs)
    write_tables(options.output, runs, curves)


def _merge(options: argparse.Namespace) -> None:
    from nagbench.records import merge, read_any, seal, write_tables

    runs, curves = merge([read_any(path) for path in options.parts], str(options.output))
    write_tables(options.output, runs, curves)
    seal(options.output)
    print(f"{len(runs)} runs in {options.output}")


def _statistics(options: argparse.Namespace) -> None:
    import pandas as pd

    from nagbench import statistics
    from nagbench.files import atomic_path
    from nagbench.records import read_tables
    from nagbench.study import load_study

    tables = statistics.tables(load_study(options.study), *read_tables(options.records))
    for name in ("theory", "calibration"):
        tables[name] = pd.read_parquet(getattr(options, name))
    for name, table in tables.items():
        frame: pd.DataFrame = table
        with atomic_path(options.output / f"{name}.parquet") as path:
            frame.to_parquet(path, index=False)


def _theory(options: argparse.Namespace) -> None:
    from nagbench import data
    from nagbench.files import atomic_path
    from nagbench.theory.rates import load_theory, theory

    file = load_theory(options.study)
    rates = theory(file, data.prepare("synthetic"))
    with atomic_path(options.output) as path:
        rates.to_parquet(path, index=False)


def _calibrate(options: argparse.Namespace) -> None:
    import pandas as pd

    from nagbench.files import atomic_path
    from nagbench.statistics.calibration import line, rows

    found = []
    for row in rows(options.trials):
        print(line(row), flush=True)
        found.append(row)
    table = pd.DataFrame(found)
    print(f"{table['holds'].sum()} of {len(table)} hold, by {options.trials} trials each")
    if options.output:
        with atomic_path(options.output) as path:
            table.to_parquet(path, index=False)


def _figure(options: argparse.Namespace) -> None:
    from nagbench import rendering

    rendering.write_figure(options.name, options.statistics, options.output)


def _table(options: argparse.Namespace) -> None:
    from nagbench import rendering

    rendering.write_table(options.name, options.statistics, options.output)


def _numbers(options: argparse.Namespace) -> None:
    from nagbench import rendering

    rendering.write_numbers(options.statistics, options.output)


def _captions(options: argparse.Namespace) -> None:
    from nagbench import rendering

    rendering.write_captions(options.statistics, options.report, options.output)


def _show(options: argparse.Namespace) -> None:
    from nagbench.rendering.terminal import show
    from nagbench.study import load_study

    study = load_study(options.study)
    folder = options.statistics or Path("results", study.name, "statistics")
    print(show(study, options.study, folder))


def _export(options: argparse.Namespace) -> None:
    from nagbench.export import export, parts
    from nagbench.study import load_study, study_path

    study = load_study(options.study)
    records = options.records or Path("results", study.name, "records")
    statistics = options.statistics or Path("results", study.name, "statistics")
    files = parts(study, study_path(options.study), records, statistics)
    export(files, f"nagbench-{study.name}", options.output)
    print(f"{len(files)} files and their checksums in {options.output}")


def _verify(options: argparse.Namespace) -> int:
    from nagbench.data.images import load
    from nagbench.records import read_tables
    from nagbench.study import load_study

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


def _preflight(options: argparse.Namespace) -> int | None:
    from nagbench.devices import has_gpu
    from nagbench.study import load_study

    study = load_study(options.study)
    _warn(study, sys.stderr)
    if not study.gpu or options.device != "auto" or has_gpu():
        return None
    from nagbench.estimate import estimate

    print(
        f"The study `{study.name}` is meant for a GPU and this machine has none.\n"
        "Timing a few steps, to say how long it would take here ...",
        file=sys.stderr,
        flush=True,
    )
    size = estimate(study, "cpu")
    print(
        f"It would train {len(size.units)} units, {size.runs} runs of "
        f"{', '.join(study.workloads)}: about {size.hours:.1f} hours on this CPU "
        f"(from a few timed steps).\n"
        "Ways on:\n"
        "  --config study=demo    the demo study, minutes on a laptop\n"
        "  --config device=cpu    train this study on this CPU all the same\n"
        f"{_committed_way(study.name)}"
        "Nothing was trained.",
        file=sys.stderr,
    )
    return 3


def _committed_way(study: str) -> str:
    if not Path("paper/records", study, "runs.parquet").is_file():
        return ""
    return "  --config records=committed    figures, tables and paper from the committed records\n"


def _plan(options: argparse.Namespace) -> None:
    from nagbench.devices import resolve
    from nagbench.estimate import estimate
    from nagbench.study import load_study

    study = load_study(options.study)
    device = resolve(options.device)
    size = estimate(study, device)
    print(f"{'unit':40}{'runs':>6}{'s a run':>10}{'hours':>9}{'MB a run':>10}")
    for unit in size.units:
        print(
            f"{unit.unit.name:40}{unit.runs:6}{unit.seconds:10.1f}"
            f"{unit.runs * unit.seconds / 3600 / size.lanes:9.2f}{unit.bytes / 1e6:10.0f}"
        )
    where = f"{size.lanes} at a time" if size.lanes > 1 else "one at a time"
    print(
        f"{len(size.units)} units, {size.runs} runs: about {size.hours:.2g} hours on this "
        f"{device}, {where}, in {size.memory(study) / 1e9:.1f} GB beside what the libraries take"
    )
    _warn(study, sys.stdout)


def _bench(options: argparse.Namespace) -> None:
    from nagbench.benchmark.report import PRECISIONS, WORKLOADS, bench
    from nagbench.devices import claimed, resolve

    with claimed(resolve(options.device)) as device:
        if options.workloads == ["optimizers"]:
            from nagbench.benchmark.optimizers import cost_table, costs

            print(cost_table(costs("resnet20", device, options.rounds)))
            return
        bench(
            options.workloads or list(WORKLOADS),
            [options.precision] if options.precision else PRECISIONS,
            device,
            options.rounds,
            options.seconds,
            options.output,
        )


def _power(options: argparse.Namespace) -> None:
    from nagbench.statistics.comparison import smallest_p
    from nagbench.statistics.power import detectable, families
    from nagbench.study import load_study

    study = load_study(options.study)
    print(f"Level {study.level:g} after Holm's correction. The effect is what the hardest test of")
    print("the family finds with probability 0.8, in standard deviations of paired differences.")
    print(f"{'family':32}{'tests':>7}{'seeds':>7}{'smallest p':>12}{'effect':>8}")
    for name, (tests, seeds) in families(study).items():
        smallest = min(1.0, smallest_p(seeds) * tests)
        effect = detectable(seeds, study.level / tests)
        print(f"{name:32}{tests:7}{seeds:7}{smallest:12.2g}{effect:8.2f}")
    _warn(study, sys.stdout)


def _warn(study: "Study", stream: TextIO) -> None:
    from nagbench.statistics.power import warnings

    for warning in warnings(study):
        print(f"WARNING: {warning}", file=stream)


def _schema(_: argparse.Namespace) -> None:
    from nagbench.schema import json_schema
    from nagbench.study import StudyFile

    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A study of NAG-Bench (made by `nagbench schema`)",
        **json_schema(StudyFile),
    }
    print(json.dumps(schema, indent=2))


def _optimizers(_: argparse.Namespace) -> None:
    from nagbench.optimizers.catalogue import CATALOGUE

    for row in CATALOGUE.values():
        settings = ", ".join(f"{name} {value}" for name, value in row.defaults.items())
        print(f"{row.name:20} {row.label:28} {row.family:17} {settings}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nagbench", description=__doc__)
    parser.add_argument("--version", action="version", version=f"nagbench {__version__}")
    verbs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def verb(
        name: str, function: Callable[[argparse.Namespace], int | None], about: str
    ) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=about, description=about)
        added.set_defaults(verb=function)
        return added

    def study(added: argparse.ArgumentParser) -> None:
        added.add_argument("study", help="a study of workflow/studies, or the path of a file")

    def files(added: argparse.ArgumentParser, **options: str) -> None:
        for name, about in options.items():
            added.add_argument(f"--{name}", type=Path, required=True, help=about)

    def device(added: argparse.ArgumentParser) -> None:
        from nagbench.devices import DEVICES

        added.add_argument("--device", choices=DEVICES, default="auto", help="default: auto")

    added = verb("data", _data, "make a data set ready: generate, download or decode, and verify")
    from nagbench.data import SETS

    added.add_argument("name", choices=SETS)
    added.add_argument("--source", type=Path, help="a file of the data, instead of a download")
    files(added, output="where to put it (.npz)")

    added = verb("train", _train, "train a unit, or all units of a study, into records")
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

    added = verb("choose", _choose, "choose the setting to test from a tune unit's records")
    study(added)
    added.add_argument("--unit", required=True, help="tune/workload/optimizer")
    files(added, records="the unit's records", output="where to put the choice (.json)")

    added = verb("collect", _collect, "merge units' records into the tables `runs` and `curves`")
    study(added)
    files(added, output="the folder of the tables")
    added.add_argument("units", nargs="+", type=Path, help="units' records")

    added = verb("records", _merge, "merge records trained in several places")
    added.add_argument("action", choices=["merge"])
    files(added, output="the folder of the merged tables; may be one of the parts")
    added.add_argument(
        "parts", nargs="+", type=Path, help="units' files, folders of them, or folders of tables"
    )

    added = verb("statistics", _statistics, "compute every result table from the records")
    study(added)
    files(
        added,
        records="folder of `runs` and `curves`",
        theory="what `nagbench theory` found",
        calibration="what `nagbench calibrate` found",
        output="folder of the result tables",
    )

    added = verb("theory", _theory, "run the methods on problems whose answers are known")
    added.add_argument("study", type=Path, help="workflow/studies/theory.yaml, or one like it")
    files(added, output="where to put the rates (.parquet)")

    added = verb("calibrate", _calibrate, "simulate whether the statistics hold what they promise")
    added.add_argument("--trials", type=int, default=2000, help="of each row (default: 2000)")
    added.add_argument("--output", type=Path, help="a file for the table (.parquet)")

    for name, function, about in (
        ("figure", _figure, "draw a figure from the result tables"),
        ("table", _table, "write a table from the result tables"),
    ):
        added = verb(name, function, about)
        added.add_argument("name")
        files(added, statistics="folder of the result tables")
        added.add_argument("--output", type=Path, nargs="+", required=True, help="files to write")

    added = verb("numbers", _numbers, "write every number that the paper quotes")
    files(added, statistics="folder of the result tables", output="numbers.tex")

    added = verb("captions", _captions, "write the captions for the paper")
    files(added, statistics="folder of the result tables", output="captions.tex")
    added.add_argument("--report", type=Path, default=Path("workflow/report"))

    added = verb("show", _show, "print a study's leaderboards and verdicts")
    study(added)
    added.add_argument(
        "--statistics", type=Path, help="folder of the result tables (default: the workflow's)"
    )

    added = verb("export", _export, "pack records, result tables and study into one archive")
    study(added)
    added.add_argument("--records", type=Path, help="default: results/STUDY/records")
    added.add_argument("--statistics", type=Path, help="default: results/STUDY/statistics")
    files(added, output="the archive (.tar.gz)")

    added = verb("verify", _verify, "train a few recorded runs again and compare")
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

    added = verb("preflight", _preflight, "stop a GPU study on a machine without a GPU")
    study(added)
    device(added)

    added = verb("plan", _plan, "list a study's units and estimate its time on this machine")
    study(added)
    device(added)

    added = verb("power", _power, "what differences a study's seeds can show, before its runs")
    study(added)

    added = verb("bench", _bench, "time the engine beside plain training loops, in turns")
    added.add_argument(
        "workloads",
        nargs="*",
        help="default: all; or `optimizers`: what a step of each costs on resnet20's parameters",
    )
    added.add_argument("--precision", choices=["bfloat16", "float32"], help="default: both")
    added.add_argument("--rounds", type=int, default=5, help="turns of each (default: 5)")
    added.add_argument("--seconds", type=float, default=4.0, help="of a turn (default: 4)")
    added.add_argument("--output", type=Path, help="a file for the results (.json)")
    device(added)

    verb("optimizers", _optimizers, "list the catalogue")
    verb("schema", _schema, "print the JSON schema of study files")
    return parser
