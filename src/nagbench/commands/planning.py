"""Commands that say beforehand: what a study takes, what it can show, what there is."""

import argparse
import json
import shlex
import sys
import textwrap
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from nagbench.commands.verbs import Verbs, device, study, units_of
from nagbench.errors import InputError
from nagbench.study.model import STAGES

if TYPE_CHECKING:
    from nagbench.step_costs import StepCosts
    from nagbench.study.model import Study


def add(verbs: Verbs) -> None:
    added = verbs.add("preflight", _preflight, "stop a GPU study on a machine without a GPU")
    study(added)
    device(added)

    added = verbs.add(
        "plan", _plan, "list a study's units and estimate its time on this machine", runs_code=True
    )
    study(added)
    added.add_argument("--stage", choices=STAGES, help="the units of one stage (default: all)")
    added.add_argument(
        "--output", type=Path, help="write the units, resolved, as JSON (.json); nothing is timed"
    )
    added.add_argument(
        "--costs",
        type=Path,
        help="what steps cost on that device, measured by `nagbench bench optimizers --study` "
        "(default: for a GPU step_costs.json beside the study's committed records, if measured on "
        "one)",
    )
    device(added)

    added = verbs.add("power", _power, "what differences a study's seeds can show, before its runs")
    study(added)

    added = verbs.add("bench", _bench, "time the engine beside plain training loops, in turns")
    added.add_argument(
        "workloads",
        nargs="*",
        help="default: seed_cnn and resnet20; or `optimizers`: what a step of each costs",
    )
    added.add_argument("--all", action="store_true", help="all workloads in both precisions")
    added.add_argument(
        "--precision", choices=["bfloat16", "float32", "both"], help="default: bfloat16"
    )
    added.add_argument("--rounds", type=int, help="turns of each (default: 5; of a study's: 20)")
    added.add_argument(
        "--minutes", type=float, help="for all (default: 1.5 a table; for a study's optimizers 3)"
    )
    added.add_argument(
        "--study",
        help="with `optimizers`: whole steps of a study's or plan's, side by side, for --output",
    )
    added.add_argument(
        "--lanes", type=int, default=1, help="with --study, runs side by side on a GPU (default: 1)"
    )
    added.add_argument("--output", type=Path, help="a file for the results (.json)")
    device(added)

    added = verbs.add("optimizers", _optimizers, "list the catalogue")
    added.add_argument("--json", action="store_true", help="with all that is known of each")

    added = verbs.add("new-study", _new_study, "write a study file to begin with")
    added.add_argument("file", type=Path, help="my-study.yaml, for one; no file may be there")
    added.add_argument(
        "--extends", default="demo", help="a shipped study or a file (default: demo)"
    )
    added.add_argument("--optimizers", default="", help="some of that study's, with commas between")

    verbs.add("schema", _schema, "print the JSON schema of study files")


def _new_study(options: argparse.Namespace) -> None:
    from nagbench.study.beginning import begin

    named = [name.strip() for name in options.optimizers.split(",") if name.strip()]
    study = begin(options.file, options.extends, named)
    units = len(study.pairs())
    print(f"{options.file}: {units} optimizers on {', '.join(study.workloads)}; edit it, then")
    print(f"nagbench plan {shlex.quote(str(options.file))}")


def _preflight(options: argparse.Namespace) -> int | None:
    from nagbench.runner.devices import has_gpu
    from nagbench.study.file import load_study

    study = load_study(options.study)
    _warn(study, sys.stderr)
    if not study.gpu or options.device != "auto" or has_gpu():
        return None
    print(
        f"The study `{study.name}` is meant for a GPU and this machine has none: nothing was "
        "trained.\nWays on:\n"
        "  --config study=demo    the demo study, minutes on a laptop\n"
        "  --config device=cpu    train this study on this CPU all the same\n"
        f"{_committed_way(study.name)}"
        f"How long it would take here, `nagbench plan {options.study} --device cpu` says, after "
        "timing\na few steps of each optimizer.",
        file=sys.stderr,
    )
    return 3


def _committed_way(study: str) -> str:
    if not Path("paper/records", study, "runs.parquet").is_file():
        return ""
    return "  --config records=committed    figures, tables and paper from the committed records\n"


def _plan(options: argparse.Namespace) -> None:
    from nagbench.runner.references import check_references
    from nagbench.study.file import load_study
    from nagbench.study.plan import units
    from nagbench.study.unit import write_plan

    study = load_study(options.study)
    planned = units(study, options.stage)
    check_references(planned)
    if options.output:
        write_plan(options.output, planned)
        print(f"{len(planned)} units in {options.output}")
        return
    from nagbench.display.words import clock, lasting
    from nagbench.runner.devices import resolve
    from nagbench.runner.estimate import estimate

    measured = _measured(options, study.name)
    device = measured.machine["backend"] if measured else resolve(options.device)
    if measured:
        print(f"With steps as they were measured on {measured.machine['device']}, one run alone:")
    size = estimate(units(study), device, measured)
    shown = [one for one in size.units if options.stage in (None, one.unit.stage)]
    size = replace(size, units=shown)
    print(f"{'unit':40}{'runs':>6}{'s a run':>10}{'time':>9}{'MB a run':>10}")
    for unit in size.units:
        print(
            f"{unit.unit.name:40}{unit.runs:6}{unit.seconds:10.1f}"
            f"{clock(unit.runs * unit.seconds / size.lanes):>9}{unit.bytes / 1e6:10.0f}"
        )
    where = f"{size.lanes} at a time" if size.lanes > 1 else "one at a time"
    place = measured.machine["device"] if measured else f"this {device}"
    told = (
        f"{len(size.units)} units, {size.runs} runs: about {lasting(size.seconds)} on {place}, "
        f"{where}, in {size.memory() / 1e9:.1f} GB beside what the libraries take"
    )
    print(textwrap.fill(told, 80))
    _warn(study, sys.stdout)


def _measured(options: argparse.Namespace, study: str) -> "StepCosts | None":
    """Costs of the steps on the device that was asked for, where there are any.

    Committed ones stand for GPUs only: the CPU is here, and CPUs differ too much.
    """
    from nagbench.runner.devices import has_gpu
    from nagbench.step_costs import FILE, read

    wanted = options.device
    if wanted == "auto":
        wanted = "cuda" if has_gpu() else "cpu"
    usual = Path("paper/records", study, FILE)
    if options.costs is None and (wanted == "cpu" or not usual.is_file()):
        return None
    path = options.costs or usual
    measured = read(path)
    if measured.machine["backend"] == wanted:
        return measured
    if options.costs is None:
        return None
    found = f"measured with device {measured.machine['backend']}"
    raise InputError(path, found, f"costs of {wanted}, which --device asks for")


def _power(options: argparse.Namespace) -> None:
    from nagbench.runner.references import check_references
    from nagbench.statistics.power import detectable, families
    from nagbench.statistics.sign_flips import smallest_p
    from nagbench.study.file import load_study
    from nagbench.study.plan import units

    study = load_study(options.study)
    check_references(units(study))
    print(
        f"A family of tests shares the level {study.level:g}. The effect is what a part of it finds"
    )
    print("with probability 0.8, in standard deviations of paired differences.")
    print(f"{'family':32}{'tests':>7}{'seeds':>7}{'smallest p':>12}{'effect':>8}")
    for name, (tests, seeds) in families(study).items():
        smallest = min(1.0, smallest_p(seeds) * tests)
        effect = detectable(seeds, study.level / tests)
        print(f"{name:32}{tests:7}{seeds:7}{smallest:12.2g}{effect:8.2f}")
    _warn(study, sys.stdout)


def _warn(study: "Study", stream: TextIO) -> None:
    from nagbench.statistics.power import warnings

    for warning in warnings(study):
        print(textwrap.fill(f"WARNING: {warning}", 80), file=stream)


def _bench(options: argparse.Namespace) -> None:
    from nagbench.benchmark.report import PRECISIONS, USUAL, WORKLOADS, bench
    from nagbench.runner.devices import claimed, resolve

    with claimed(resolve(options.device)) as device:
        if options.workloads == ["optimizers"]:
            _bench_optimizers(options, device)
            return
        both = options.precision == "both" or (options.all and not options.precision)
        bench(
            options.workloads or list(WORKLOADS if options.all else USUAL),
            PRECISIONS if both else [options.precision or PRECISIONS[0]],
            device,
            options.rounds or 5,
            options.minutes,
            options.output,
        )


def _bench_optimizers(options: argparse.Namespace, device: str) -> None:
    from nagbench import records, step_costs
    from nagbench.benchmark.optimizers import cost_table, costs
    from nagbench.benchmark.progress import Progress
    from nagbench.benchmark.side_by_side import measure
    from nagbench.display.words import lasting

    if not options.study:
        print("An optimizer's step alone, on resnet20's parameters: a minute", file=sys.stderr)
        print(cost_table(costs("resnet20", device, options.rounds or 5)))
        return
    if options.output is None:
        raise InputError("--study", "no file for the costs", "--output FILE.json")
    if options.lanes > 1 and device == "cpu":
        raise InputError("--lanes", f"found {options.lanes}", "1 on a CPU")
    folder = options.output.parent
    kept = options.output.name == step_costs.FILE and (folder / records.SUMS).is_file()
    if kept:
        records.check_sums(folder)
    units = units_of(options.study)
    rounds = options.rounds or 20
    minutes = 3.0 if options.minutes is None else options.minutes
    pairs = {(unit.workload, unit.optimizer) for unit in units}
    print(
        f"{len(pairs)} optimizers and workloads in {rounds} rounds: about {lasting(60 * minutes)}, "
        f"but {step_costs.FEWEST} rounds at least",
        file=sys.stderr,
    )
    progress = Progress()
    found, missing = measure(units, device, options.lanes, rounds, minutes, progress)
    progress.done()
    command = (
        f"nagbench bench optimizers --study {options.study} --rounds {rounds} "
        f"--minutes {minutes:g} --lanes {options.lanes} --device {device.partition(':')[0]}"
    )
    step_costs.write(options.output, found, command)
    if kept:
        records.seal(folder)
    print(step_costs.table(found))
    if (made := min(len(cost.seconds) for cost in found.costs)) < rounds:
        said = f"{made} rounds of {rounds}: the minutes ended; --minutes gives more"
        print(said, file=sys.stderr)
    for name, why in missing.items():
        print(f"{name}: {why}")


def _schema(_: argparse.Namespace) -> None:
    from nagbench.study.file import study_schema

    print(json.dumps(study_schema(), indent=2))


def _optimizers(options: argparse.Namespace) -> None:
    from nagbench.engine.recipe import plain
    from nagbench.optimizers.catalogue import CATALOGUE

    if options.json:
        print(json.dumps([plain(asdict(row)) for row in CATALOGUE.values()], indent=1))
        return
    for row in CATALOGUE.values():
        settings = ", ".join(f"{name} {value}" for name, value in row.defaults.items())
        print(f"{row.name:20} {row.label:30} {row.family}")
        print(textwrap.fill(settings, 80, initial_indent=" " * 21, subsequent_indent=" " * 21))
