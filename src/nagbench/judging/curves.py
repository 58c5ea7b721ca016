"""Learning curves as they are judged: one checked frame, whatever file they came from.

Columns of the frame, a row an evaluation, sorted by the first four:

`workload`, `optimizer`, `run`: texts; a run is one training, named within its optimizer.
`step`: when the evaluation was made, in steps or epochs, as `clock` says.
`value`: the metric; NaN where the row has no finite value.

Columns of `runs`, a row a run, sorted alike:

`workload`, `optimizer`, `run`: as above.
`diverged`: whether the run broke off: it wrote NaN, an infinity or a number beyond 1e100 after its
    last value, or has rows without a value where other runs have one.
`final`: the last value, NaN if it diverged.
`end`: the step of the last value; of a run that diverged, of its last row.
`planned`: the steps that it was to train, NaN where the file does not say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nagbench.errors import InputError
from nagbench.judging.names import LOWER, better
from nagbench.study.wording import listed, perhaps, shown

LARGEST = 1e100
KEY = ["workload", "optimizer", "run"]


@dataclass(frozen=True)
class Read:
    """What a reader makes of one file or folder.

    Attributes:
        source: Its path, as messages and the report name it.
        frame: Columns `workload`, `optimizer`, `run`, `step`, `value`, `planned` as above, and
            `written`: whether a value stood in the row, were it NaN.
        metric: The metric's name.
        clock: What `step` counts: the name of its column.
        notes: Sentences that the report must pass on.
    """

    source: str
    frame: pd.DataFrame
    metric: str
    clock: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curves:
    """Checked curves.

    Attributes:
        frame, runs: See above.
        metric, clock: Names.
        lower: Whether lower values are better.
        sources, notes: Of all that was read.
    """

    frame: pd.DataFrame
    runs: pd.DataFrame
    metric: str
    clock: str
    lower: bool
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def sign(self) -> float:
        """By which values are multiplied so that more is better."""
        return -1.0 if self.lower else 1.0

    @property
    def workloads(self) -> list[str]:
        return list(dict.fromkeys(self.runs["workload"]))


def checked(reads: Sequence[Read], said: str | None = None, only: Sequence[str] = ()) -> Curves:
    """The curves of all that was read, or one error for what cannot be judged.

    Args:
        reads: Of the same metric and clock.
        said: `lower` or `higher`, which is better; None: what the metric's name says.
        only: The optimizers to judge; none: all.
    """
    first = reads[0]
    for name, values in (
        ("metric", [read.metric for read in reads]),
        ("clock", [read.clock for read in reads]),
    ):
        if len(set(values)) > 1:
            other = next(n for n, value in enumerate(values) if value != values[0])
            found = f"{name} {shown(values[other])}"
            raise InputError(
                reads[other].source, found, f"{shown(values[0])}, as in {first.source}"
            )
    whole = pd.concat(
        [read.frame.assign(source=read.source) for read in reads], ignore_index=True
    ).sort_values([*KEY, "step"], kind="stable", ignore_index=True)
    if only:
        known = sorted(set(whole["optimizer"]))
        for name in only:
            known_optimizer(known, name, "--only")
        whole = whole[whole["optimizer"].isin(only)].reset_index(drop=True)
    _refuse_duplicates(whole)
    # Squares of what is larger are no numbers: it has diverged.
    finite = np.abs(whole["value"].to_numpy(float)) <= LARGEST
    if not finite.any():
        found = f"no finite value of {first.metric}"
        raise InputError(first.source, found, "a number in some rows")
    if 0 < (most := np.abs(whole["value"].to_numpy(float)[finite]).max()) < 1 / LARGEST:
        found = f"no value of {first.metric} larger than {most:g}"
        raise InputError(first.source, found, f"values of at least {1 / LARGEST:g} in size")
    values = whole["value"].to_numpy(float)[finite]
    if len(values) > 1 and np.ptp(values) == 0:
        found = f"all {len(values)} values of {first.metric} are {values[0]:g}"
        raise InputError(first.source, found, "a metric that varies")
    runs = _runs(whole, finite)
    frame = whole[[*KEY, "step", "value"]].assign(value=whole["value"].where(finite))
    return Curves(
        frame=frame,
        runs=runs,
        metric=first.metric,
        clock=first.clock,
        lower=better(first.metric, said) == LOWER,
        sources=tuple(read.source for read in reads),
        notes=tuple(dict.fromkeys(note for read in reads for note in read.notes)),
    )


def _refuse_duplicates(whole: pd.DataFrame) -> None:
    twice = whole.duplicated([*KEY, "step"], keep=False)
    if not twice.any():
        return
    row = whole[twice].iloc[0]
    again = int(whole.duplicated([*KEY, "step"]).sum())
    of = f" of workload {shown(row['workload'])}" if row["workload"] else ""
    found = f"optimizer {shown(row['optimizer'])}, run {shown(row['run'])}{of} "
    found += f"has step {row['step']:g} twice"
    if again > 1:
        found += f", and {again - 1} more rows are doubled"
    raise InputError(row["source"], found, "one row for each optimizer, run and step")


def _runs(whole: pd.DataFrame, finite: np.ndarray) -> pd.DataFrame:
    """The frame `runs` of sorted rows and whether each has a finite value."""
    at = [whole["workload"], whole["step"]]
    due = pd.Series(finite).groupby(at).transform("any").to_numpy()
    place = np.arange(len(whole))
    marked = whole[KEY].assign(
        place=np.where(finite, place, -1),
        lacks=np.where((whole["written"].to_numpy(bool) | due) & ~finite, place, -1),
        last=place,
        planned=whole["planned"],
    )
    found = marked.groupby(KEY, sort=False).max().reset_index()
    diverged = (found["lacks"] > found["place"]) | (found["place"] < 0)
    ends = np.where(diverged, found["last"], found["place"])
    final = whole["value"].to_numpy(float)[found["place"].clip(lower=0)]
    return found[KEY].assign(
        diverged=diverged.to_numpy(bool),
        final=np.where(diverged, math.nan, final),
        end=whole["step"].to_numpy(float)[ends],
        planned=found["planned"].to_numpy(float),
    )


def known_optimizer(known: Sequence[str], name: str, option: str) -> None:
    """Refuse a name that is no optimizer's of those known."""
    if name not in known:
        raise InputError(option, f"found {shown(name)}{perhaps(name, known)}", listed(known))
