"""Tables for the paper, and the same as CSV and Markdown for other uses."""

import csv
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nagbench.rendering.latex import escape

Tables = Mapping[str, pd.DataFrame]
_NUMBER = re.compile(r"\+?\d+(\.\d+)?")


@dataclass(frozen=True)
class Cell:
    """A value as text; marked cells are set bold."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells under a header; `columns` is LaTeX's word for their alignment."""

    header: Sequence[str]
    columns: str
    rows: Sequence[Sequence[Cell]]

    @property
    def formats(self) -> dict[str, Callable[[], str]]:
        return {".tex": self.tex, ".csv": self.csv, ".md": self.markdown}

    def tex(self) -> str:
        """booktabs, with numbers aligned by siunitx."""

        def cell(value: Cell) -> str:
            # A column of numbers takes anything else in braces.
            text = value.text if _NUMBER.fullmatch(value.text) else f"{{{_minus(value.text)}}}"
            return f"\\bfseries {text}" if value.marked else text

        head = " & ".join(f"{{{escape(name)}}}" for name in self.header)
        body = "".join(" & ".join(map(cell, row)) + r" \\" + "\n" for row in self.rows)
        return (
            f"\\begin{{tabular}}{{{self.columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n"
            f"{body}\\bottomrule\n\\end{{tabular}}\n"
        )

    def csv(self) -> str:
        """Plain values, one more column a mark would need is left out."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows([cell.text for cell in row] for row in self.rows)
        return text.getvalue()

    def markdown(self) -> str:
        """A pipe table; marked cells are bold."""

        def line(texts: Sequence[str]) -> str:
            return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |\n"

        rows = [
            line([f"**{cell.text}**" if cell.marked else cell.text for cell in row])
            for row in self.rows
        ]
        return line(self.header) + line(["---"] * len(self.header)) + "".join(rows)


def results(tables: Tables) -> Table:
    """Final test accuracy, time to the middle target, and divergence.

    Marked are the optimizers that no other one is shown to differ from upwards: the best of a
    workload and those whose difference from it the corrected test does not establish.
    """
    summary, labels = tables["summary"], _labels(tables)
    several = len(tables["workloads"]) > 1
    rows = []
    for workload, group in summary.groupby("workload", sort=False):
        goal = middle_target(tables, str(workload))
        times = _times(tables, str(workload), goal)
        leaders = leading(tables, str(workload))
        for row in group.itertuples():
            time = times.loc[row.optimizer]
            rows.append(
                [
                    *([Cell(labels[row.workload])] if several else []),
                    Cell(labels[row.optimizer]),
                    Cell(f"{100 * row.accuracy:.1f}", row.optimizer in leaders),
                    Cell(_interval(100 * row.low, 100 * row.high)),
                    Cell(_number(100 * row.sd, 1)),
                    Cell(_time(time["median"])),
                    Cell(f"{time['reached']}/{time['runs']}"),
                    Cell(f"{row.diverged}/{row.runs}"),
                ]
            )
    header = ["Optimizer", "Acc. (%)", "95 % interval", "SD", "Epochs", "Arrived", "Div."]
    return Table(
        header=[*(["Workload"] if several else []), *header],
        columns=("l" if several else "") + "lS[table-format=2.1]cS[table-format=2.1]rcc",
        rows=rows,
    )


def settings(tables: Tables) -> Table:
    """What tuning chose, and where it looked."""
    labels = _labels(tables)
    several = len(tables["workloads"]) > 1
    rows = [
        [
            *([Cell(labels[row.workload])] if several else []),
            Cell(labels[row.optimizer]),
            Cell(f"{row.learning_rate:.4g}" + (" (edge)" if row.at_edge else "")),
            Cell(f"{row.low:g} – {row.high:g}"),
            Cell(row.others or "none"),
        ]
        for row in tables["settings"].itertuples()
    ]
    header = ["Optimizer", "Learning rate", "Searched", "Other settings"]
    return Table(
        header=[*(["Workload"] if several else []), *header],
        columns=("l" if several else "") + "llll",
        rows=rows,
    )


def comparisons(tables: Tables) -> Table:
    """Every optimizer against the baseline: difference, interval, corrected p."""
    labels = _labels(tables)
    baseline = tables["study"]["baseline"].iloc[0]
    several = len(tables["workloads"]) > 1
    rows = []
    for row in tables["comparisons"].itertuples():
        if baseline not in (row.optimizer, row.reference):
            continue
        sign = 1 if row.reference == baseline else -1
        other = row.optimizer if sign == 1 else row.reference
        low, high = sorted((100 * sign * row.low, 100 * sign * row.high))
        rows.append(
            [
                *([Cell(labels[row.workload])] if several else []),
                Cell(labels[other]),
                Cell(f"{100 * sign * row.difference:+.1f}"),
                Cell(_interval(low, high, "+.1f")),
                Cell(_number(row.correlation, 2)),
                Cell(p_value(row.p_adjusted)),
            ]
        )
    header = [f"Against {labels[baseline]}", "Points", "95 % interval", "Corr.", "p (Holm)"]
    return Table(
        header=[*(["Workload"] if several else []), *header],
        columns=("l" if several else "") + "lrccr",
        rows=rows,
    )


def rates(tables: Tables) -> Table:
    """Measured / proven: factors on each quadratic, then the mean of f under noise."""
    found = tables["theory"]
    quadratics = found[found["problem"].str.startswith("quadratic")]
    problems = list(dict.fromkeys(quadratics["problem"]))
    rows = []
    for label, group in quadratics.groupby("label", sort=False):
        row = group.set_index("problem")
        pairs = (
            f"{_number(row.at[problem, 'measured'], 4)} / {_number(row.at[problem, 'proven'], 4)}"
            if problem in row.index
            else "–"
            for problem in problems
        )
        rows.append([Cell(str(label)), *map(Cell, pairs)])
    heads = [problem.removeprefix("quadratic").strip(" ,").capitalize() for problem in problems]
    return Table(["Method", *heads], "l" + "c" * len(heads), rows)


def calibration(tables: Tables) -> Table:
    """How often a test rejects or an interval covers, by seeds; of power, found / computed.

    Marked is what does not hold.
    """
    found = tables["calibration"]
    seeds = sorted(set(found["seeds"]))
    rows = []
    for (claim, procedure, situation), group in found.groupby(
        ["claim", "procedure", "situation"], sort=False
    ):
        by_seeds = {row.seeds: row for row in group.itertuples()}
        computed = claim == "power"
        rows.append(
            [
                Cell(f"{procedure}: {situation}"),
                Cell(str(claim) if computed else f"{claim} {group['stated'].iloc[0]:g}"),
                *(_found(by_seeds[n], computed) if n in by_seeds else Cell("–") for n in seeds),
            ]
        )
    header = ["Procedure and situation", "Claim", *(f"{n} seeds" for n in seeds)]
    return Table(header, "ll" + "c" * len(seeds), rows)


def _found(row: Any, computed: bool) -> Cell:
    text = _number(row.found, 2 if computed else 3)
    return Cell(f"{text} / {row.stated:.2f}" if computed else text, not row.holds)


TABLES: Mapping[str, Callable[[Tables], Table]] = {
    "results": results,
    "settings": settings,
    "comparisons": comparisons,
    "rates": rates,
    "calibration": calibration,
}


def leading(tables: Tables, workload: str) -> set[str]:
    """The best optimizer of a workload and those that no test tells from it."""
    summary = tables["summary"]
    group = summary[summary["workload"] == workload]
    best = str(group.loc[group["accuracy"].idxmax(), "optimizer"])
    pairs = tables["comparisons"]
    pairs = pairs[pairs["workload"] == workload]
    worse = {
        row.optimizer if row.reference == best else row.reference
        for row in pairs.itertuples()
        if row.differs and best in (row.optimizer, row.reference)
    }
    return set(group["optimizer"]) - worse


def middle_target(tables: Tables, workload: str) -> float:
    """The middle one of the workload's targets, the lower of two."""
    times = tables["time_to_target"]
    goals = sorted(set(times.loc[times["workload"] == workload, "target"]))
    return float(goals[(len(goals) - 1) // 2])


def p_value(p: float) -> str:
    """A p as papers print it."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _times(tables: Tables, workload: str, goal: float) -> pd.DataFrame:
    times = tables["time_to_target"]
    chosen = times[
        (times["workload"] == workload)
        & (times["target"] == goal)
        & (times["clock"] == "epochs")
        & (times["kind"] == "sustained")
    ]
    return chosen.set_index("optimizer")


def _labels(tables: Tables) -> dict[str, str]:
    named: dict[str, str] = {}
    for kind in ("optimizers", "workloads"):
        frame = tables[kind]
        named |= dict(zip(frame[kind.removesuffix("s")], frame["label"], strict=True))
    return named


def _minus(text: str) -> str:
    """Escaped, with the hyphens before numbers as minus signs."""
    return re.sub(r"(?<!\w)-(?=\d)", lambda _: r"\(-\)", escape(text))


def _interval(low: float, high: float, form: str = ".1f") -> str:
    return "–" if math.isnan(low) else f"[{low:{form}}, {high:{form}}]"


def _number(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _time(value: float) -> str:
    return "–" if math.isinf(value) else f"{value:.1f}"
