"""The command that judges learning curves of others, without training."""

import argparse
import re
from pathlib import Path

from nagbench.commands.verbs import Verbs
from nagbench.errors import InputError

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_FORMATS = ("auto", "tidy", "wandb", "mlflow", "algoperf", "tensorboard")
_COLUMNS = {
    "optimizer": ("optimizer", "the optimizer"),
    "run": ("run", "the run or its seed"),
    "step": ("clock", "the step or epoch"),
    "workload": ("workload", "the workload"),
    "planned": ("planned", "the steps that were planned"),
}


def add(verbs: Verbs) -> None:
    added = verbs.add(
        "judge",
        _judge,
        "judge other people's learning curves: tables, figures and a report, without training",
    )
    added.add_argument(
        "curves",
        nargs="+",
        type=Path,
        help="CSV (.csv, .csv.gz) or Parquet with the columns optimizer, seed or run, step or "
        "epoch, a metric, and perhaps workload; CSV exported by Weights & Biases or MLflow; a "
        "folder of TensorBoard's event files, or of AlgoPerf's measurements.csv",
    )
    added.add_argument("--output", type=Path, help="folder of the tables, figures and report.html")
    added.add_argument("--metric", help="what to judge by, where the files have several metrics")
    added.add_argument(
        "--better",
        choices=("lower", "higher"),
        help="which values are better (default: by the metric's name, as lower for *loss*)",
    )
    added.add_argument("--baseline", help="the optimizer that all others are held against")
    added.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        help="judge these optimizers alone, as if there were no others: fewer tests, each with "
        "more of the level; name them before you look at the results",
    )
    added.add_argument(
        "--target",
        metavar="VALUE|LOW:HIGH",
        help="a value whose first reaching is timed, or the ends of a grid of them",
    )
    added.add_argument(
        "--paired",
        action="store_true",
        help="runs of one name share their seed (initial weights and order of data) in every "
        "optimizer: compare them in pairs. Only you know: run numbers that count from 0 in each "
        "group are no shared seeds, and pairing them tests nothing better (default: unpaired)",
    )
    added.add_argument("--level", default="0.05", help="chance of a false verdict (default: 0.05)")
    added.add_argument(
        "--format", choices=_FORMATS, default="auto", help="default: what the file looks like"
    )
    added.add_argument(
        "--run-name",
        metavar="PATTERN",
        help="regular expression with the groups optimizer and run that splits names of runs "
        "(default: as in adam-seed-3)",
    )
    for option, (_, what) in _COLUMNS.items():
        added.add_argument(f"--{option}-column", metavar="NAME", help=f"the column of {what}")


def _targets(text: str | None) -> tuple[float, ...]:
    if text is None:
        return ()
    if not re.fullmatch(rf"{_NUMBER}(?::{_NUMBER})?", text):
        raise InputError("--target", f"found {text!r}", "a number, or two as LOW:HIGH")
    return tuple(float(part) for part in text.split(":"))


def _level(text: str) -> float:
    try:
        level = float(text)
    except ValueError:
        level = 0.0
    if not 0 < level < 1:
        raise InputError("--level", f"found {text!r}", "a number between 0 and 1")
    return level


def _judge(options: argparse.Namespace) -> None:
    from nagbench.judging import output
    from nagbench.judging.curves import checked
    from nagbench.judging.judgement import Question, judge
    from nagbench.judging.names import Wanted
    from nagbench.judging.readers.any_file import read
    from nagbench.judging.terminal import printed

    if options.output is not None:
        output.check(options.output)
    columns = {
        role: named
        for option, (role, _) in _COLUMNS.items()
        if (named := getattr(options, f"{option}_column")) is not None
    }
    wanted = Wanted(options.metric, columns, options.run_name)
    targets, level = _targets(options.target), _level(options.level)
    reads = [read(path, wanted, options.format) for path in options.curves]
    curves = checked(reads, options.better, options.only or ())
    question = Question(options.baseline, targets, options.paired, level)
    judged = judge(curves, question)
    if options.output is not None:
        output.write(judged, options.output)
    print(printed(judged))
    if options.output is not None:
        print(f"\n{options.output / output.REPORT}")
