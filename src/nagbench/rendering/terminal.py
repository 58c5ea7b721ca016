"""A study's results as plain text or JSON: a leaderboard for each workload, and the verdicts."""

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path

from nagbench.errors import InputError
from nagbench.rendering.lookup import Tables, seeds
from nagbench.rendering.procedure import amendments, registered
from nagbench.rendering.result_tables import ResultTables
from nagbench.rendering.table import p_value
from nagbench.rendering.tables import claims, outcomes
from nagbench.study.model import Study

WIDTH = 80
_LEAST = 8  # characters that a first column keeps
_COLUMNS = ("Acc. (%)", "95 % interval", "SD", "T (grad.)", "Too slow")  # of a leaderboard
TABLES = (
    *("study", "registration", "workloads", "optimizers", "summary"),
    *("time_to_target", "times_below", "outcomes", "comparisons", "hypotheses"),
)


def show(study: Study, named: str, folder: Path) -> str:
    """The results of `study`, as the user `named` it, from the tables in `folder`."""
    check_tables(study, named, folder)
    tables = ResultTables(folder)
    told = [_wrapped(f"Amended {one}") for one in amendments(tables["registration"])]
    parts = [heading(tables), *leaderboards(tables), verdicts(tables), *told]
    return "\n\n".join(part for part in parts if part)


def as_json(study: Study, named: str, folder: Path) -> str:
    """The rows of the tables that `show` prints, as JSON; what is not defined is null."""
    check_tables(study, named, folder)
    tables = ResultTables(folder)
    names = ("study", "registration", "workloads", "summary", "times_below", "hypotheses")
    found = {
        name: json.loads(tables[name].to_json(orient="records", double_precision=15))
        for name in names
    }
    return json.dumps(found, indent=1, ensure_ascii=False)


def check_tables(study: Study, named: str, folder: Path) -> None:
    """Refuse a folder without the study's result tables."""
    for path in (folder / f"{name}.parquet" for name in TABLES):
        if not path.is_file():
            command = f"snakemake --cores all --config study={named} -- tables"
            raise InputError(path, "no such file", f"result tables, which `{command}` makes")
    name = ResultTables(folder)["study"].iloc[0]["name"]
    if name != study.name:
        raise InputError(folder, f"result tables of study {name}", f"those of {study.name}")


def heading(tables: Tables) -> str:
    """What was studied, on which data, with how many runs, and whether it was registered."""
    facts = tables["study"].iloc[0]
    marks = "".join(f" ({mark.upper()})" for mark in ("demo", "pilot") if facts[mark])
    data = f"{facts['edition']}{marks}"
    size = f"{facts['runs']} runs, {seeds(tables)}"
    text = f"{facts['title']}\nData: {data}; {size}; {facts['device']}"
    text += f"\n{registered(tables['registration'])}"
    if facts["failed"]:
        text += f"\nFailed with an error, counted as chance: {facts['failures']}"
    return _wrapped(text)


def leaderboards(tables: Tables) -> list[str]:
    """For each workload with runs its optimizers, the most accurate first.

    A star marks those that no test tells from the best.
    """
    table, summary = outcomes.results(tables), tables["summary"].reset_index(drop=True)
    name = table.header.index("Acc. (%)") - 1
    shown = [table.header.index(column) for column in _COLUMNS]
    boards, without = [], []
    for workload in tables["workloads"].itertuples():
        group = summary[summary["workload"] == workload.workload]
        if not len(group):
            without.append(str(workload.label))
            continue
        order = group.sort_values("accuracy", ascending=False, kind="stable").index
        rows = [
            [
                ("* " if table.rows[n][name + 1].marked else "  ") + table.rows[n][name].text,
                *(table.rows[n][place].text for place in shown),
                f"{group.at[n, 'diverged'] + group.at[n, 'failed']}/{group.at[n, 'runs']}",
            ]
            for n in order
        ]
        title = f"{workload.label}: {workload.epochs} epochs"
        header = ["  Optimizer", *_COLUMNS, "Broken"]
        boards.append(f"{_wrapped(title)}\n{aligned([header, *rows])}")
    if without:
        boards.append(_wrapped(f"No runs yet: {'; '.join(without)}"))
    return boards


def verdicts(tables: Tables) -> str:
    """Every claim with its effect in the metric's own unit, the deciding p, and, below it, its
    verdict."""
    if tables["hypotheses"].empty:
        return ""
    found = list(tables["hypotheses"].itertuples())
    head = [claims.named(tables), "Effect", "Interval", "p"]
    rows = [
        [row.hypothesis.replace("_", " "), claims.effect(row), claims.in_print(row), p_value(row.p)]
        for row in found
    ]
    first, *lines = aligned([head, *rows]).splitlines()
    remarks = [f" ({said})" if (said := claims.remarks(row)) else "" for row in found]
    words = [
        _wrapped(f"{claims.word(row)}: {row.claim}{remark}", indent="    ")
        for row, remark in zip(found, remarks, strict=True)
    ]
    return "\n".join(
        [first, *(f"{line}\n{claim}" for line, claim in zip(lines, words, strict=True))]
    )


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns two blanks apart, set right but for the first, which is cut to fit."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    first = min(widths[0], max(_LEAST, WIDTH - sum(2 + width for width in widths[1:])))

    def line(row: Sequence[str]) -> str:
        name = row[0] if len(row[0]) <= first else f"{row[0][: first - 1]}…"
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        return "  ".join([name.ljust(first), *rest]).rstrip()

    return "\n".join(map(line, rows))


def _wrapped(text: str, indent: str = "") -> str:
    """Every line of `text` within the width."""
    lines = (
        textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=indent)
        for line in text.splitlines()
    )
    return "\n".join(part for wrapped in lines for part in wrapped)
