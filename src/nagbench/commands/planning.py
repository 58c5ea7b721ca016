"""Commands that say beforehand: what a study takes, what it can show, what there is."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from nagbench.commands.verbs import Verbs, device, study
from nagbench.study.model import STAGES

if TYPE_CHECKING:
    from nagbench.study.model import Study


def add(verbs: Verbs) -> None:
    added = verbs.add("preflight", _preflight, "stop a GPU study on a machine without a GPU")
    study(added)
    device(added)

    added = verbs.add("plan", _plan, "list a study's units and estimate its time on this machine")
    study(added)
    added.add_argument("--stage", choices=STAGES, help="the units of one stage (default: all)")
    added.add_argument(
        "--output", type=Path, help="write the units, resolved, as JSON (.json); nothing is timed"
    )
    device(added)

    added = verbs.add("power", _power, "what differences a study's seeds can show, before its runs")
    study(added)

    added = verbs.add("bench", _bench, "time the engine beside plain training loops, in turns")
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

    verbs.add("optimizers", _optimizers, "list the catalogue")

    verbs.add("schema", _schema, "print the JSON schema of study files")


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
    from nagbench.runner.devices import resolve
    from nagbench.runner.estimate import estimate

    device = resolve(options.device)
    size = estimate(planned, device)
    print(f"{'unit':40}{'runs':>6}{'s a run':>10}{'hours':>9}{'MB a run':>10}")
    for unit in size.units:
        print(
            f"{unit.unit.name:40}{unit.runs:6}{unit.seconds:10.1f}"
            f"{unit.runs * unit.seconds / 3600 / size.lanes:9.2f}{unit.bytes / 1e6:10.0f}"
        )
    where = f"{size.lanes} at a time" if size.lanes > 1 else "one at a time"
    print(
        f"{len(size.units)} units, {size.runs} runs: about {size.hours:.2g} hours on this "
        f"{device}, {where}, in {size.memory() / 1e9:.1f} GB beside what the libraries take"
    )
    _warn(study, sys.stdout)


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
        print(f"WARNING: {warning}", file=stream)


def _bench(options: argparse.Namespace) -> None:
    from nagbench.benchmark.report import PRECISIONS, WORKLOADS, bench
    from nagbench.runner.devices import claimed, resolve

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


def _schema(_: argparse.Namespace) -> None:
    from nagbench.study.file import study_schema

    print(json.dumps(study_schema(), indent=2))


def _optimizers(_: argparse.Namespace) -> None:
    from nagbench.optimizers.catalogue import CATALOGUE

    for row in CATALOGUE.values():
        settings = ", ".join(f"{name} {value}" for name, value in row.defaults.items())
        print(f"{row.name:20} {row.label:28} {row.family:17} {settings}")
