"""What result tables say in a text, written between two marks: answers, results, what they cost."""

import json
import math
from pathlib import Path

import pandas as pd

from nagbench.errors import InputError
from nagbench.rendering.answer import (
    SENTENCES,
    SUBJECT,
    amount,
    behind_the_answer,
    said_with,
    sentence,
)
from nagbench.rendering.by_target import by_target
from nagbench.rendering.excerpt import Excerpt
from nagbench.rendering.figure_files import write_figure
from nagbench.rendering.lookup import Tables, labels, labels_of, middle_target, seeds
from nagbench.rendering.prose import in_markdown, joined
from nagbench.rendering.tables.claims import (
    counts,
    effect,
    in_print,
    in_words,
    named,
    reader_name,
    word,
)
from nagbench.rendering.tables.outcomes import results
from nagbench.statistics.verdict_table import NOT_TESTABLE

ANSWER, VERDICTS, RESULTS, COSTS = "answer", "verdicts", "results", "costs"
FIGURE = "figures/readme/answer.svg"
ALL_VERDICTS = "docs/verdicts.md"
_DRAWN, _DRAWING = (SUBJECT, "sgd", "heavy_ball", "adam"), "learning_curves"


def marks(name: str) -> tuple[str, str]:
    """Between which a block stands."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def answer_block(tables: Tables) -> str:
    """Three sentences, on speed, accuracy and steadiness; at which targets NAG is the faster; then
    what they are about."""
    names = iter(["Nesterov's accelerated gradient (NAG)"])
    said = " ".join(sentence(tables, topics, names) for topics in SENTENCES)
    return "\n\n".join(part for part in (said, by_target(tables), _scope(tables)) if part) + "\n"


def verdicts_block(tables: Tables) -> str:
    """The figure of the optimizers that were tested, and the verdicts behind the answer."""
    found, drawn = tables["hypotheses"], with_runs(tables)
    lines = []
    if drawn:
        workload, optimizers = tables["workloads"]["workload"].iloc[0], labels(tables)
        command = (
            f"nagbench figure {_DRAWING} --study {tables['study']['name'].iloc[0]} "
            f"--optimizers {','.join(drawn)} --workloads {workload} --output {FIGURE}"
        )
        lines += [
            f"![Learning curves of {joined([optimizers[one] for one in drawn])}]({FIGURE})",
            "",
            f"Means over seeds with their 95 % intervals. Drawn by `{command}`.",
            "",
        ]
    lines += ["| | claim | verdict | effect, interval |", "| --- | --- | --- | --- |"]
    for row in behind_the_answer(tables):
        verdict = "; ".join([word(row), *([] if row.waits else said_with(row))])
        found_effect = (row.statistic or "–") if math.isnan(row.effect) else amount(row, "+")
        name, claim = row.hypothesis.replace("_", " "), in_markdown(row.claim)
        lines.append(f"| {name} | {claim} | {verdict} | {found_effect} |")
    lines += [
        "",
        f"Of {len(found)} claims, stated before the runs: {counts(found)}. "
        f"[All verdicts]({ALL_VERDICTS}).",
    ]
    return "\n".join(lines) + "\n"


def draw_answer(tables: Tables, file: Path) -> None:
    """Draw the figure that `verdicts_block` shows."""
    workload = tables["workloads"]["workload"].iloc[0]
    write_figure(_DRAWING, Excerpt(tables, with_runs(tables), [workload]), [file])


def with_runs(tables: Tables) -> list[str]:
    """Those of NAG and its rivals that have test runs on the first workload, as they are drawn."""
    summary, workload = tables["summary"], tables["workloads"]["workload"].iloc[0]
    there = set(summary.loc[summary["workload"] == workload, "optimizer"])
    return [name for name in _DRAWN if name in there]


def _scope(tables: Tables) -> str:
    """What was trained, how speed is measured, and what brackets hold."""
    edition, workload = tables["study"].iloc[0]["edition"], tables["workloads"].iloc[0]
    goals = json.loads(workload["targets"])
    outcomes = tables["outcomes"]
    own = outcomes[outcomes["workload"] == workload["workload"]]
    each = f", {seeds({**tables, 'outcomes': own})} each" if len(own) else ""
    return (
        f"Scope: {edition}, a CNN of {workload['parameters']:,} weights, "
        f"{workload['epochs']} epochs in batches of {workload['batch_size']}{each}; "
        f"{_tuned(tables, workload['workload'])}; other data and networks may differ. Speed is the "
        f"mean time below {100 * goals[0]:g} to {100 * goals[-1]:g} % validation accuracy, counted "
        "in gradients, one for each step; accuracy is that of the test set at the end. Brackets "
        "are confidence intervals over seeds, at the level that each claim's family leaves it"
        f"{_levels(tables)}."
    )


def _tuned(tables: Tables, workload: str) -> str:
    """How many settings were tried of NAG and of each rival that was tested."""
    tuning, there = tables["tuning"], with_runs(tables)
    own = tuning[(tuning["workload"] == workload) & tuning["optimizer"].isin(there)]
    tried = sorted(set(own["trials"]))
    if not tried:
        return "NAG and its rivals tuned alike"
    if tried == [1]:
        return "settings are given, and nothing is tuned"
    count = f"{tried[0]}" if len(tried) == 1 else f"{tried[0]} to {tried[-1]}"
    among = ", for speed among the finalists" if "speed" in set(own["role"]) else ""
    return f"NAG and these rivals tuned by {count} settings each{among}"


def _levels(tables: Tables) -> str:
    """The confidences of the answer's intervals, and of which claims' if they are several."""
    found: dict[str, list[str]] = {}
    for row in behind_the_answer(tables):
        if not math.isnan(row.effect):
            level = f"{100 * row.confidence:.3g} %"
            found.setdefault(level, []).append(reader_name(row.hypothesis))
    if len(found) < 2:
        return f" ({next(iter(found))})" if found else ""
    return f" ({'; '.join(f'{level} for {joined(names)}' for level, names in found.items())})"


def results_block(tables: Tables) -> str:
    """What was studied, the first workload's results, and the verdict on each claim in a line."""
    study, workload = tables["study"].iloc[0], tables["workloads"].iloc[0]
    only = dict(tables) | {
        name: tables[name][tables[name]["workload"] == workload["workload"]]
        for name in ("workloads", "summary", "comparisons", "time_to_target", "times_below")
    }
    goal = middle_target(tables, workload["workload"])
    claims = tables["hypotheses"]
    lines = [
        f"**{in_markdown(study['title'])}** ({study['edition']}, {study['runs']} runs, "
        f"{seeds(tables)}). {in_markdown(workload['label'])}, {workload['epochs']} epochs; "
        "bold: the best, and whatever is not told from it by tests corrected over the comparisons "
        "of one optimizer with the others (those of claims: over their family); T: mean time below "
        f"the targets in gradient evaluations; epochs: the median until {100 * goal:g} % "
        f"validation accuracy held for three evaluations. {in_markdown(study['remark'])}",
        *failures(study),
        "",
        results(only).markdown().rstrip(),
        "",
        f"Of {len(claims)} claims, stated in the study file before the runs: {counts(claims)}. "
        f"Level: the claim's share of the family's {100 * study['level']:g} %; its interval leaves "
        "out as much, or twice that where it claims to be within a margin. "
        "Errs: how often the test errs on resamples of the claim's own differences that are made "
        "to have no effect, which should be no more often than the level.",
        "",
        f"| | claim | {named(tables).lower()} | effect | interval | level | errs |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.hypothesis.replace('_', ' ')} | {in_markdown(row.claim)} | {in_words(row)} "
        f"| {_signed(effect(row))} | {_signed(in_print(row))} "
        f"| {_percent(row.level)} | {_percent(row.calibration)} |"
        for row in claims.itertuples()
    ]
    return "\n".join(lines) + "\n"


def _signed(number: str) -> str:
    return number.replace("-", "−")


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def costs_block(tables: Tables) -> str:
    """A line for each workload and optimizer that has runs: what they took and decided."""
    named, claims = labels_of(tables), tables["hypotheses"].set_index("hypothesis")
    table = tables["costs"].sort_values("ended", kind="stable")
    lines = [
        f"{table['runs'].sum():,} runs, "
        f"{table['epochs'].sum():,.0f} epochs, {table['hours'].sum():.1f} hours of one process by "
        "the clock, pauses and what else ran included. "
        f"Of {len(claims)} claims: {counts(tables['hypotheses'])}.",
        "",
        "| trained | runs | epochs | hours | ended (UTC) | by | verdicts | not testable (yet) |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in table.itertuples():
        own = claims.loc[list(filter(None, row.claims.split(", ")))]
        waits = own["verdict"] == NOT_TESTABLE
        verdicts = own["verdict"][~waits].items()
        decided = ", ".join(f"{name.replace('_', ' ')} {verdict}" for name, verdict in verdicts)
        arm = f"{named[row.optimizer]} on {named[row.workload]}"
        lines.append(
            f"| {in_markdown(arm)} | {row.runs} | {row.epochs:,.0f} "
            f"| {row.hours:.1f} | {row.ended[:16].replace('T', ' ') or '–'} "
            f"| {in_markdown(row.devices)} | {decided or '–'} "
            f"| {waits.sum() or '–'} |"
        )
    return "\n".join(lines) + "\n"


BLOCKS = {
    ANSWER: answer_block,
    VERDICTS: verdicts_block,
    RESULTS: results_block,
    COSTS: costs_block,
}


def written(text: str, tables: Tables, place: str, block: str | None = None) -> str:
    """`text` with a block made anew, or every one whose marks it has, at least one."""
    names = [block] if block else [name for name in BLOCKS if marks(name)[0] in text]
    if not names:
        raise InputError(place, "no marks", " or ".join(marks(name)[0] for name in BLOCKS))
    for name in names:
        text = replaced(text, name, BLOCKS[name](tables), place)
    return text


def failures(study: pd.Series) -> list[str]:
    """A paragraph that names the optimizers that failed, if any did."""
    return ["", f"Failed with an error, counted as chance: {study['failures']}."] * bool(
        study["failed"]
    )


def replaced(text: str, name: str, new: str, place: str) -> str:
    """`text` with what stands between the marks of the block so named replaced."""
    begin, end = marks(name)
    head, found, rest = text.partition(begin)
    _, ended, tail = rest.partition(end)
    if not (found and ended):
        raise InputError(place, "no marks", f"{begin} and, below it, {end}")
    return f"{head}{begin}\n{new}{end}{tail}"
