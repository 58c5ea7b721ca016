"""The results at the head of the README, written between two marks from result tables."""

import pandas as pd

from nagbench.errors import InputError
from nagbench.rendering.lookup import Tables, middle_target
from nagbench.rendering.tables.claims import counts, effect, in_print, in_words, named
from nagbench.rendering.tables.outcomes import results

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def block(tables: Tables) -> str:
    """What was studied, the first workload's results, and the verdict on each claim in a line."""
    study, workload = tables["study"].iloc[0], tables["workloads"].iloc[0]
    only = dict(tables) | {
        name: tables[name][tables[name]["workload"] == workload["workload"]]
        for name in ("workloads", "summary", "comparisons", "time_to_target", "times_below")
    }
    goal = middle_target(tables, workload["workload"])
    claims = tables["hypotheses"]
    lines = [
        f"**{study['title']}** ({study['edition']}, {study['runs']} runs, "
        f"{study['testing_seeds']} test seeds). {workload['label']}, {workload['epochs']} epochs; "
        f"bold: the best, and whatever the corrected tests do not tell from it; T: mean time below "
        f"the targets in gradient evaluations; epochs: the median until {100 * goal:g} % "
        f"validation accuracy held for three evaluations. {study['remark']}",
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
        f"| {row.hypothesis.replace('_', ' ')} | {row.claim} | {in_words(row)} "
        f"| {effect(row)} | {in_print(row)} |"
        for row in claims.itertuples()
    ]
    return "\n".join(lines) + "\n"


def failures(study: pd.Series) -> list[str]:
    """A paragraph that names the optimizers that failed, if any did."""
    return ["", f"Failed with an error, counted as chance: {study['failures']}."] * bool(
        study["failed"]
    )


def replaced(text: str, new: str, place: str) -> str:
    """`text` with what stands between the marks replaced."""
    head, found, rest = text.partition(BEGIN)
    _, ended, tail = rest.partition(END)
    if not (found and ended):
        raise InputError(place, "no marks", f"{BEGIN} and, below it, {END}")
    return f"{head}{BEGIN}\n{new}{END}{tail}"
