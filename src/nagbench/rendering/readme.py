"""What result tables say in a text, written between two marks: answers, results, what they cost."""

import pandas as pd

from nagbench.errors import InputError
from nagbench.rendering.answer import answer_block, verdicts_block
from nagbench.rendering.lookup import Tables, labels_of, middle_target
from nagbench.rendering.prose import in_markdown
from nagbench.rendering.tables.claims import counts, effect, in_print, in_words, named
from nagbench.rendering.tables.outcomes import results
from nagbench.statistics.verdict_table import NOT_TESTABLE

ANSWER, VERDICTS, RESULTS, COSTS = "answer", "verdicts", "results", "costs"


def marks(name: str) -> tuple[str, str]:
    """Between which a block stands."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


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
        f"{study['testing_seeds']} test seeds). "
        f"{in_markdown(workload['label'])}, {workload['epochs']} epochs; "
        f"bold: the best, and whatever the corrected tests do not tell from it; T: mean time below "
        f"the targets in gradient evaluations; epochs: the median until {100 * goal:g} % "
        f"validation accuracy held for three evaluations. {in_markdown(study['remark'])}",
        *failures(study),
        "",
        results(only).markdown().rstrip(),
        "",
        f"Of {len(claims)} claims, stated in the study file before the runs: {counts(claims)}.",
        "",
        f"| | claim | {named(tables).lower()} | effect | interval |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.hypothesis.replace('_', ' ')} | {in_markdown(row.claim)} | {in_words(row)} "
        f"| {effect(row)} | {in_print(row)} |"
        for row in claims.itertuples()
    ]
    return "\n".join(lines) + "\n"


def costs_block(tables: Tables) -> str:
    """A line for each workload and optimizer that has runs: what they took and decided."""
    named, claims = labels_of(tables), tables["hypotheses"].set_index("hypothesis")
    table = tables["costs"].sort_values("ended", kind="stable")
    lines = [
        f"{table['runs'].sum():,} runs, "
        f"{table['epochs'].sum():,.0f} epochs, {table['hours'].sum():.1f} hours of one process. "
        f"Of {len(claims)} claims: {counts(tables['hypotheses'])}.",
        "",
        "| trained | runs | epochs | hours | ended (UTC) | verdicts | not testable (yet) |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in table.itertuples():
        own = claims.loc[list(filter(None, row.claims.split(", ")))]
        waits = own["verdict"] == NOT_TESTABLE
        verdicts = own["verdict"][~waits].items()
        decided = ", ".join(f"{name.replace('_', ' ')} {verdict}" for name, verdict in verdicts)
        arm = f"{named[row.optimizer]} on {named[row.workload]}"
        lines.append(
            f"| {in_markdown(arm)} | {row.runs} | {row.epochs:,.0f} "
            f"| {row.hours:.1f} | {row.ended[:16].replace('T', ' ') or '–'} | {decided or '–'} "
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
