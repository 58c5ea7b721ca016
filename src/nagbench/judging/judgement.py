"""All that judging finds of curves: its tables, and what must be known to read them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from nagbench.errors import InputError
from nagbench.judging import groups as grouping
from nagbench.judging import speed as speeding
from nagbench.judging.columns import TABLES
from nagbench.judging.comparisons import BETTER, WORSE, against_baseline, against_best
from nagbench.judging.curves import Curves, known_optimizer
from nagbench.statistics.columns import declared
from nagbench.statistics.intervals import holm
from nagbench.statistics.stability import brown_forsythe

LEVEL = 0.05


@dataclass(frozen=True)
class Question:
    """What is asked of curves.

    Attributes:
        baseline: The optimizer that all others are held against; None: none.
        targets: One target, or the ends of a grid; empty: time is not judged.
        paired: Whether runs of one name share their seed.
        level: Chance of a false verdict in a family of tests.
    """

    baseline: str | None = None
    targets: tuple[float, ...] = ()
    paired: bool = False
    level: float = LEVEL


@dataclass(frozen=True)
class Judgement:
    """Result tables, as `columns.TABLES` declares them.

    Attributes:
        curves, question: What was judged, and what was asked.
        summary, comparisons, speed: The tables; `speed` has no rows without a target.
        notes: Sentences that a reader must know.
    """

    curves: Curves
    question: Question
    summary: pd.DataFrame
    comparisons: pd.DataFrame
    speed: pd.DataFrame
    notes: tuple[str, ...] = field(default=())


def judge(curves: Curves, question: Question) -> Judgement:
    """Judge the curves, each workload for itself."""
    if question.baseline is not None:
        known = sorted(set(curves.runs["optimizer"]))
        known_optimizer(known, question.baseline, "--baseline")
    if not all(map(math.isfinite, question.targets)):
        raise InputError("--target", "a target that is no finite number", "VALUE or LOW:HIGH")
    notes = [*curves.notes, *_notes(curves)]
    summary: list[dict[str, object]] = []
    compared: list[dict[str, object]] = []
    times: list[dict[str, object]] = []
    for workload in curves.workloads:
        ordered = grouping.groups(curves, workload)
        best = grouping.best(ordered)
        baseline = next((group for group in ordered if group.name == question.baseline), None)
        if question.baseline is not None and baseline is None:
            notes.append(f"The baseline {question.baseline} has no runs on {workload}.")
        if question.paired:
            _check_paired(ordered, best if baseline is None else baseline)
        rows = against_best(ordered, best, question.level, paired=question.paired)
        worse = {str(row["optimizer"]) for row in rows if row["verdict"] in (BETTER, WORSE)}
        if baseline is not None:
            rows = (
                against_baseline(ordered, baseline, question.level, paired=question.paired) + rows
            )
        compared += [{"workload": workload, **row} for row in rows]
        summary += _summary(workload, ordered, best, baseline, worse, question.level)
        if question.targets:
            times += speeding.table(
                curves, workload, question.targets, question.baseline, question.level
            )
    return Judgement(
        curves,
        question,
        declared("summary", pd.DataFrame(summary), TABLES),
        declared("comparisons", pd.DataFrame(compared), TABLES),
        declared("speed", pd.DataFrame(times), TABLES),
        tuple(dict.fromkeys(notes)),
    )


def _summary(
    workload: str,
    ordered: list[grouping.Group],
    best: grouping.Group,
    baseline: grouping.Group | None,
    told_apart: set[str],
    level: float,
) -> list[dict[str, object]]:
    spread = np.array(
        [
            math.nan
            if baseline is None or group is baseline
            else brown_forsythe(group.whole, baseline.whole)
            for group in ordered
        ]
    )
    return [
        {
            "workload": workload,
            "place": place,
            "baseline": group is baseline,
            "best_of_all": group is best,
            "told_from_best": group.name in told_apart,
            **grouping.described(group, level),
            "spread_p": float(p),
            "spread_p_adjusted": float(adjusted),
        }
        for place, (group, p, adjusted) in enumerate(
            zip(ordered, spread, holm(spread), strict=True), start=1
        )
    ]


def _check_paired(ordered: Sequence[grouping.Group], reference: grouping.Group) -> None:
    own = set(reference.runs)
    others = [group for group in ordered if group is not reference]
    if others and not any(own & set(group.runs) for group in others):
        found = f"no run of another optimizer is named as one of {reference.name}"
        allowed = "runs of one seed under one name in every optimizer, or no --paired"
        raise InputError("--paired", found, allowed)


def _notes(curves: Curves) -> list[str]:
    """What of the runs a reader must know."""
    notes = []
    runs, unit = curves.runs, f"{curves.clock}s"
    for workload, own in runs.groupby("workload", sort=False):
        on = f" on {workload}" if workload else ""
        if len(set(own["optimizer"])) == 1:
            notes.append(f"One optimizer alone has runs{on}: there is nothing to compare.")
        whole = own[~own["diverged"]]
        ends = whole.groupby("optimizer")["end"].max()
        if len(set(ends)) > 1:
            notes.append(
                f"Groups trained for different numbers of {unit}{on} ({ends.min():,g} to "
                f"{ends.max():,g}): a final value is that of a run's own end, so final values "
                "compare whole recipes, not optimizers at equal cost."
            )
        ended = whole.groupby("optimizer")["end"].nunique()
        mixed = list(ended[ended > 1].index)
        if mixed:
            notes.append(
                f"Runs of one optimizer end at different {unit}{on}: {', '.join(map(str, mixed))}; "
                "each counts with the value at its own end."
            )
        short = whole[whole["end"] < whole["planned"]]
        if len(short):
            names = ", ".join(sorted(set(short["optimizer"])))
            notes.append(f"Runs end before the {unit} that were planned{on}: {names}.")
        diverged = own[own["diverged"]].groupby("optimizer").size()
        if len(diverged):
            named = ", ".join(f"{name} ({count})" for name, count in diverged.items())
            notes.append(
                f"Runs diverged{on}: {named}. Means leave them out; medians and ranks count them "
                "as worst, and ranks decide where a group has any."
            )
    return notes
