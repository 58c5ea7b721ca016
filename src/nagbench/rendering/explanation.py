"""What a number rests on: its statistic, its runs, and the command that trains one again."""

import json
import math
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.metrics import METRICS
from nagbench.rendering.numbers import numbers
from nagbench.rendering.origins import Origin, cell, origin
from nagbench.statistics.columns import TABLES
from nagbench.statistics.measures import measured
from nagbench.statistics.roles import Selection
from nagbench.study.model import Arm, Study

WIDTH = 80
_ROWS = 12  # of a result table that are shown
_INDENT = "         "


def explain(
    key: str,
    study: Study,
    named: str,
    tables: Mapping[str, pd.DataFrame],
    selection: Selection,
    records: Path,
) -> str:
    """All that a number rests on.

    Args:
        key: Of `rendering.numbers`, a claim's name, or a cell as `rendering.origins.cell` takes it.
        study: The study, as the user `named` it.
        tables: Its result tables.
        selection: Its records, taken apart; they lie in the folder `records`.
    """
    known = numbers(tables)
    if key in study.hypotheses:
        key = f"claim.{key}.verdict"
    value = known.get(key)
    found = origin(key, tables) if value is not None else cell(key, tables)
    if found is None:
        workload = next(iter(study.workloads))
        near = get_close_matches(key, [*known, *study.hypotheses], 1)
        meant = f" (is {near[0]} meant?)" if near else ""
        raise InputError(
            f"key {key}",
            f"no number of that name{meant}",
            "a key of numbers.tex, as main.leader.accuracy; the name of a claim; or TABLE.COLUMN "
            f"and what picks its row, as summary.sd.{workload}.{study.baseline}",
        )
    lines = [key if value is None else f"{key} = {_plain(value)}", "", *_rows(found, tables)]
    arms, metric = found.arms, found.metric
    if found.table == "hypotheses" and (name := found.where.get("hypothesis")):
        claim = study.hypotheses[name]
        arms, metric = tuple(claim.pairs()), claim.metric
        lines += ["", *_wrapped("claim", claim.claim)]
    if arms:
        lines += _runs(study, selection, list(dict.fromkeys(arms)), metric, named, records)
    return "\n".join(lines)


def _rows(found: Origin, tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """The rows of the result table, and what its columns mean."""
    yield from _wrapped("table", str(found))
    if found.table not in tables:
        yield f"{_INDENT}nothing of the kind was computed for this study"
        return
    rows = found.rows(tables)
    meanings = TABLES.get(found.table, {})
    if not len(rows):
        why = "no claim" if found.table == "hypotheses" else "no such row: runs are missing"
        yield f"{_INDENT}{why}"
        return
    if len(rows) == 1:
        for column in (name for name in found.columns if rows.iloc[0][name] != ""):
            about = f"  ({meanings[column][1]})" if column in meanings else ""
            yield from _wrapped("", f"{column} = {_shown(rows.iloc[0][column])}{about}")
        return
    for column in found.columns:
        if column in meanings:
            yield from _wrapped("", f"{column}: {meanings[column][1]}")
    names = [name for name in ("workload", "optimizer", "reference") if name in rows]
    picked = rows[[*names, *(name for name in found.columns if name not in names)]]
    text = picked.head(_ROWS).map(_shown).to_string(index=False)
    yield from textwrap.indent(text, _INDENT).splitlines()
    if len(rows) > _ROWS:
        yield f"{_INDENT}and {len(rows) - _ROWS} more rows"


def _runs(
    study: Study, selection: Selection, arms: list[Arm], metric: str, named: str, records: Path
) -> Iterator[str]:
    """The runs of each arm, with what was measured of each, and how to train one again."""
    measure = METRICS[metric or "accuracy"]
    if measure.elsewhere:
        yield from ["", *_wrapped("costs", f"{records / 'step_costs.json'}: {measure.elsewhere}")]
        return
    sides = measured(study, selection, metric or "accuracy", arms)
    again = ""
    for (workload, optimizer), side in zip(arms, sides, strict=True):
        runs = selection.of(measure, (workload, optimizer)).sort_values(["seed", "trial"])
        unit = f"{measure.stage}/{workload}/{optimizer}"
        yield ""
        if not len(runs):
            yield from _wrapped("runs", f"none of {unit} yet")
            continue
        yield from _wrapped("runs", f"{len(runs)} of {unit}; {metric or 'accuracy'} by seed")
        settings = sorted(set(runs["settings"]))
        yield from _wrapped("", f"settings {settings[0]}" if len(settings) == 1 else "")
        for row in runs.itertuples():
            of_seed = side.measures.get(row.seed, math.nan)
            trial = "" if len(settings) == 1 else f"  rate {row.learning_rate:.4g}"
            yield f"{_INDENT}seed {row.seed:<4} {row.run}  {row.status:9} {of_seed:.6g}{trial}"
        yield from _made(runs)
        again = again or runs.iloc[0]["run"]
    if again:
        where, data = shlex.quote(str(records)), f"results/data/{study.data}.npz"
        yield ""
        yield "again    one of them, trained here, beside its record:"
        yield f"{_INDENT}nagbench verify {shlex.quote(named)} --run {again} \\"
        yield f"{_INDENT}  --records {where} --data {data}"


def _made(runs: pd.DataFrame) -> Iterator[str]:
    """When, where and with what they were trained."""
    words = [json.loads(text) for text in runs["provenance"]]
    for name in ("commit", "device", "instructions", "torch", "code"):
        values = sorted({str(known.get(name, "")) for known in words} - {""})
        if values:
            yield from _wrapped("", f"{name}: {', '.join(values)}")
    started = sorted(set(runs["started"]) - {""})
    if started:
        yield from _wrapped("", f"begun: {started[0]} to {started[-1]}")


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"{label:9}", subsequent_indent=_INDENT + "  ")


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _plain(value: str) -> str:
    """A value of numbers.tex without LaTeX's marks."""
    for marked, plain in (
        (r"\(-\)", "−"),
        (r"\(\pm\)", "±"),
        (r"\,", " "),
        (r"\par ", " "),
        ("\\", ""),
    ):
        value = value.replace(marked, plain)
    return value
