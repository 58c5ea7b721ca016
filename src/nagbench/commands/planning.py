"""Commands that say beforehand: what a study takes, what it can show, what there is."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from nagbench.commands.verbs import Verbs, device, study

if TYPE_CHECKING:
    from nagbench.study import Study


def add(verbs: Verbs) -> None:
    added = verbs.add("preflight", _preflight, "stop a GPU study on a machine without a GPU")
    study(added)
    device(added)

    added = verbs.add("plan", _plan, "list a study's units and estimate its time on this machine")
    study(added)
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
    from nagbench.devices import has_gpu
    from nagbench.study_file import load_study

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
    from nagbench.study_file import load_study

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


def _power(options: argparse.Namespace) -> None:
    from nagbench.statistics.comparison import smallest_p
    from nagbench.statistics.power import detectable, families
    from nagbench.study_file import load_study

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


def _schema(_: argparse.Namespace) -> None:
    from nagbench.schema import json_schema
    from nagbench.study_file import StudyFile

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
