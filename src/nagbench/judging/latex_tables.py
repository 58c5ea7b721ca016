"""The tables in LaTeX: final values with what they decide, and times to the target."""

from collections.abc import Mapping

import pandas as pd

from nagbench.judging.comparisons import BASELINE, BEST
from nagbench.judging.judgement import Judgement
from nagbench.judging.words import difference, number, spread_of, steps
from nagbench.rendering.table import Cell, Table, p_value


def tables(judged: Judgement) -> Mapping[str, Table]:
    """By name of file."""
    found = {"final_values": _final_values(judged)}
    if len(judged.comparisons):
        found["comparisons"] = _comparisons(judged)
    if len(judged.speed):
        found["speed"] = _speed(judged)
    return found


def _first(judged: Judgement, workload: str) -> list[Cell]:
    return [Cell(workload)] if judged.curves.workloads != [""] else []


def _head(judged: Judgement, *words: str) -> tuple[list[str], str]:
    """The header and its alignment."""
    named = judged.curves.workloads != [""]
    return [*(["Workload"] if named else []), *words], ("l" if named else "") + "l"


def _final_values(judged: Judgement) -> Table:
    spread = spread_of(judged.summary)
    head, align = _head(judged, "Optimizer", "Runs", "Div.", "Mean", "95 % interval", "SD", "Best")
    rows = [
        [
            *_first(judged, row.workload),
            Cell(row.optimizer),
            Cell(str(row.runs)),
            Cell(str(row.diverged)),
            Cell(number(row.mean, spread), marked=not row.told_from_best and row.runs > 1),
            Cell(_interval(number(row.low, spread), number(row.high, spread))),
            Cell(number(row.sd, spread / 10)),
            Cell(number(row.best, spread)),
        ]
        for row in judged.summary.itertuples()
    ]
    if judged.question.level != 0.05:
        head[head.index("95 % interval")] = f"{100 * (1 - judged.question.level):g} % interval"
    return Table(head, align + "rrrcrr", rows)


def _comparisons(judged: Judgement) -> Table:
    head, align = _head(
        judged, "Optimizer", "Against", "Difference", "Interval", "P(better)", "p (Holm)",
        "Verdict", "Detectable",
    )  # fmt: skip
    found = judged.comparisons
    kept = BASELINE if (found["against"] == BASELINE).any() else BEST
    rows = [
        [
            *_first(judged, row.workload),
            Cell(row.optimizer),
            Cell(row.reference),
            Cell(difference(row.difference)),
            Cell(_interval(difference(row.low), difference(row.high))),
            Cell(number(row.improvement, 1.0)),
            Cell(p_value(row.p_adjusted)),
            Cell(row.verdict),
            Cell(difference(row.detectable).removeprefix("+")),
        ]
        for row in found[found["against"] == kept].itertuples()
    ]
    return Table(head, align + "lrcrrlr", rows)


def _speed(judged: Judgement) -> Table:
    head, align = _head(
        judged, "Optimizer", "Target", "Arrive", "Median", "Interval", "Time below", "p (Holm)"
    )
    single = judged.speed[judged.speed["target"] == judged.speed["target_from"]]
    ordered = pd.DataFrame(single).sort_values(
        ["workload", "target", "median", "time_below"], kind="stable"
    )
    rows = [
        [
            *_first(judged, row.workload),
            Cell(row.optimizer),
            Cell(f"{row.target:g}"),
            Cell(f"{row.arrived}/{row.runs}"),
            Cell(steps(row.median).replace(",", "")),
            Cell(_interval(steps(row.median_low), steps(row.median_high))),
            Cell(steps(row.time_below).replace(",", "")),
            Cell(p_value(row.p_adjusted)),
        ]
        for row in ordered.itertuples()
    ]
    return Table(head, align + "rrrcrr", rows)


def _interval(low: str, high: str) -> str:
    return "–" if low == high == "–" else f"[{low}, {high}]"
