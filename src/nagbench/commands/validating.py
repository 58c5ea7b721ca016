"""Commands that test what verdicts rest on: the methods, the statistics, the engine."""

import argparse
from pathlib import Path

from nagbench.commands.verbs import Verbs, files
from nagbench.errors import InputError

FIRST_SEED = 401  # of the cross-check


def add(verbs: Verbs) -> None:
    added = verbs.add("theory", _theory, "run the methods on problems whose answers are known")
    added.add_argument(
        "study", type=Path, help="src/nagbench/validation/theory.yaml, or one like it"
    )
    files(added, output="where to put the rates (.parquet)")

    added = verbs.add(
        "calibrate", _calibrate, "simulate whether the statistics hold what they promise"
    )
    added.add_argument("--trials", type=int, default=2000, help="of each row (default: 2000)")
    added.add_argument("--output", type=Path, help="a file for the table (.parquet)")

    added = verbs.add(
        "cross-check", _cross_check, "train with the engine and with a plain loop, and compare"
    )
    files(added, data="CIFAR-10, as `nagbench data` made it", output="where to put it (.parquet)")
    added.add_argument("--seeds", type=int, default=12, help="of each way (default: 12)")
    added.add_argument("--epochs", type=int, default=3, help="(default: 3)")


def _theory(options: argparse.Namespace) -> None:
    from nagbench.data import registry
    from nagbench.parquet import write_frame
    from nagbench.validation.file import load_theory
    from nagbench.validation.rates import theory

    file = load_theory(options.study)
    rates = theory(file, registry.prepare("synthetic"))
    write_frame(options.output, rates)


def _calibrate(options: argparse.Namespace) -> None:
    import pandas as pd

    from nagbench.parquet import write_frame
    from nagbench.validation.calibration import line, rows

    found = []
    for row in rows(options.trials):
        print(line(row), flush=True)
        found.append(row)
    table = pd.DataFrame(found)
    print(f"{table['holds'].sum()} of {len(table)} hold, by {options.trials} trials each")
    if options.output:
        write_frame(options.output, table)


def _cross_check(options: argparse.Namespace) -> None:

    import pandas as pd

    from nagbench.data.images import load
    from nagbench.parquet import write_frame
    from nagbench.runner.devices import cores
    from nagbench.validation.agreement import Setting, compared
    from nagbench.validation.cross_check import cross_check

    for name, least in (("seeds", 2), ("epochs", 1)):
        if (found := getattr(options, name)) < least:
            raise InputError(f"--{name}", f"found {found}", f"{least} or more")
    rows = []
    seeds = range(FIRST_SEED, FIRST_SEED + options.seeds)
    processes = cores()
    images, setting = load(options.data), Setting(epochs=options.epochs)
    for row in cross_check(images, setting, seeds, processes):
        print(f"{row['way']:10} seed {row['seed']}: {100 * row['accuracy']:.2f} %", flush=True)
        rows.append(row)
    table = pd.DataFrame(rows)
    write_frame(options.output, table)
    for row in compared(table).itertuples():
        said = f"{row.way:10} {100 * row.mean:.2f} ± {100 * row.deviation:.2f} %"
        if row.low == row.low:
            ends = f"[{100 * row.low:.2f}, {100 * row.high:.2f}]"
            said += f", {100 * row.difference:+.2f} points from the plain loop {ends}"
        print(said)
