"""A study's results as plain text: a leaderboard for each workload, and the verdicts."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.rendering import ResultTables
from nagbench.rendering.tables import middle_target, p_value, results
from nagbench.study import Study

WIDTH = 100
TABLES = (
    *("study", "workloads", "optimizers", "summary"),
    *("time_to_target", "comparisons", "hypotheses"),
)


def show(study: Study, named: str, folder: Path) -> str:
    """The results of `study`, as the user `named` it, from the tables in `folder`."""
    for path in (folder / f"{name}.parquet" for name in TABLES):
        if not path.is_file():
            command = f"snakemake --cores all --config study={named} -- tables"
            raise InputError(path, "no such file", f"result tables, which `{command}` makes")
    tables = ResultTables(folder)
    facts = tables["study"].iloc[0]
    if facts["name"] != study.name:
        found = f"result tables of study {facts['name']}"
        raise InputError(folder, found, f"those of {study.name}")
    parts = [heading(facts), *leaderboards(tables), verdicts(tables["hypotheses"], study)]
    return "\n\n".join(part for part in parts if part)


def heading(facts: pd.Series) -> str:
    """What was studied, on which data, with how many runs."""
    data = f"{facts['edition']}{' (DEMO)' if facts['demo'] else ''}"
    size = f"{facts['runs']} runs, {facts['testing_seeds']} test seeds"
    return _wrapped(f"{facts['title']}\nData: {data}; {size}; {facts['device']}")


def leaderboards(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """For each workload its optimizers, the most accurate first.

    A star marks those that no test tells from the best.
    """
    table, summary = results(tables), tables["summary"].reset_index(drop=True)
    several = len(tables["workloads"]) > 1
    boards = []
    for workload in tables["workloads"].itertuples():
        group = summary[summary["workload"] == workload.workload]
        order = group.sort_values("accuracy", ascending=False, kind="stable").index
        cells = [table.rows[n][several:] for n in order]
        stars = ["* " if row[1].marked else "  " for row in cells]
        rows = [
            [star + row[0].text, *(cell.text for cell in row[1:])]
            for star, row in zip(stars, cells, strict=True)
        ]
        goal = middle_target(tables, str(workload.workload))
        title = (
            f"{workload.label}: {workload.epochs} epochs; Epochs: the median until "
            f"{100 * goal:g} % validation accuracy holds"
        )
        header = ["  Optimizer", *table.header[several + 1 :]]
        boards.append(f"{_wrapped(title)}\n{aligned([header, *rows])}")
    return boards


def verdicts(hypotheses: pd.DataFrame, study: Study) -> str:
    """Every claim with its verdict, its effect in the metric's own unit, and the corrected p."""
    if hypotheses.empty:
        return ""
    interval = f"{100 * (1 - study.level):g} % interval"
    rows = [["Hypothesis", "Verdict", "Effect", interval, "p (Holm)", "Metric"]]
    for row in hypotheses.itertuples():
        known = study.hypotheses.get(row.hypothesis)
        interval = "–" if pd.isna(row.low) else f"[{row.low:+.3g}, {row.high:+.3g}]"
        effect = "–" if pd.isna(row.effect) else f"{row.effect:+.3g}"
        metric = known.metric if known else "–"
        p = p_value(row.p_adjusted)
        rows.append([row.hypothesis, row.verdict, effect, interval, p, metric])
    head, *lines = aligned(rows, left=(0, 1, 5)).splitlines()
    claims = [_wrapped(claim, indent="    ") for claim in hypotheses["claim"]]
    pairs = zip(lines, claims, strict=True)
    return "\n".join([head, *(f"{line}\n{claim}" for line, claim in pairs)])


def aligned(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Columns two blanks apart, set right but for those in `left`; the first is cut to fit."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths[0] = min(widths[0], WIDTH - sum(2 + width for width in widths[1:]))

    def line(row: Sequence[str]) -> str:
        cells = (
            cell[:width].ljust(width) if n in left else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return "\n".join(map(line, rows))


def _wrapped(text: str, indent: str = "") -> str:
    """Every line of `text` within the width."""
    lines = (
        textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=indent)
        for line in text.splitlines()
    )
    return "\n".join(part for wrapped in lines for part in wrapped)
