"""The study's question, answered in three sentences, with the verdicts that they rest on.

It reads as English whichever way each verdict falls, so that nobody has to write it anew when runs
are added. It is about the claims of `cifar10-cnn`, whose names its registration fixes.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nagbench.errors import InputError
from nagbench.rendering.excerpt import Excerpt
from nagbench.rendering.figure_files import write_figure
from nagbench.rendering.lookup import Tables, labels, seeds
from nagbench.rendering.prose import in_markdown, joined
from nagbench.rendering.tables.claims import counts, remarks
from nagbench.statistics.verdict_table import (
    CONTRADICTED,
    NO_DIFFERENCE,
    NOT_TESTABLE,
    OPEN,
    SUPPORTED,
    VERDICTS,
)

NOT_YET = "not tested yet"  # of claims whose runs are still to come
FIGURE = "figures/readme/answer.svg"
ALL_VERDICTS = "docs/verdicts.md"
_RIVALS = {"sgd": "gradient descent", "heavy_ball": "heavy ball", "adam": "Adam"}
_DRAWN, _DRAWING = ("nag", *_RIVALS), "learning_curves"


@dataclass(frozen=True)
class Topic:
    """What some claims are about, in words that follow "NAG" and come before a rival's name.

    Attributes:
        claims: The rival that each claim names, as prose has it.
        better, worse, same: What a verdict makes of it.
        asked: The claim itself, after "whether NAG".
        noun: What is compared.
    """

    claims: Mapping[str, str]
    better: str
    worse: str
    same: str
    asked: str
    noun: str

    def clause(self, verdict: str, it: str, others: list[str]) -> str:
        """The rivals against whom the verdict is the same; those tested come with their effects."""
        if verdict in (OPEN, NOT_TESTABLE):
            end = "is **open**" if verdict == OPEN else "**cannot be told**"
            return f"whether {it} {self.asked} {joined(others, 'or')} {end}"
        all_of_them = joined(others)
        if verdict == NOT_YET:
            its = f"its {self.noun}" if it == "it" else f"the {self.noun} of {it}"
            return f"{its} has **not been tested yet** against {all_of_them}"
        said = {SUPPORTED: self.better, CONTRADICTED: self.worse, NO_DIFFERENCE: self.same}
        return f"{it} {said[verdict]} {all_of_them}"


_RIVAL_NAMES = tuple(_RIVALS.values())
SPEED = Topic(
    dict(zip(("N1", "N2", "N3"), _RIVAL_NAMES, strict=True)),
    "is **faster** than",
    "is **slower** than",
    "is **as fast** as",
    "is faster than",
    "speed",
)
ACCURACY = Topic(
    dict(zip(("A1", "A2", "A3"), _RIVAL_NAMES, strict=True)),
    "ends **more accurate** than",
    "ends **less accurate** than",
    "ends **as accurate** as",
    "ends more accurate than",
    "accuracy",
)
SPREAD = Topic(
    {"C0c_spread": _RIVALS["sgd"]},
    "**varies less** in accuracy between seeds than",
    "**varies more** in accuracy between seeds than",
    "**varies as much** in accuracy between seeds as",
    "varies less in accuracy between seeds than",
    "spread between seeds",
)
DIVERGENCE = Topic(
    {"C0c_diverged": _RIVALS["sgd"]},
    "**diverges less often** than",
    "**diverges more often** than",
    "**diverges as often** as",
    "diverges less often than",
    "rate of divergence",
)
SENTENCES = ((SPEED,), (ACCURACY,), (SPREAD, DIVERGENCE))
HEADLINES = tuple(name for topics in SENTENCES for topic in topics for name in topic.claims)


def answer_block(tables: Tables) -> str:
    """Three sentences, on speed, accuracy and steadiness; then what they are about."""
    claims = _headlines(tables)
    names = iter(["Nesterov's accelerated gradient (NAG)"])
    said = []
    for topics in SENTENCES:
        clauses = [clause for topic in topics for clause in _clauses(tables, topic, claims, names)]
        said.append(_capitalised("; ".join(clauses)) + ".")
    return " ".join(said) + f"\n\n{_scope(tables)}\n"


def verdicts_block(tables: Tables) -> str:
    """The figure of the optimizers that were tested, and the verdicts behind the answer."""
    found = tables["hypotheses"]
    named, drawn = labels(tables), with_runs(tables)
    workload = tables["workloads"]["workload"].iloc[0]
    command = (
        f"nagbench figure {_DRAWING} --study {tables['study']['name'].iloc[0]} "
        f"--optimizers {','.join(drawn)} --workloads {workload} --output {FIGURE}"
    )
    lines = [
        f"![Learning curves of {joined([named[one] for one in drawn])}]({FIGURE})",
        "",
        f"Means over seeds with their 95 % intervals. Drawn by `{command}`.",
        "",
        "| | claim | verdict | effect, interval |",
        "| --- | --- | --- | --- |",
    ]
    for row in _headlines(tables).values():
        verdict = "; ".join([_word(row), *([] if _waits(row) else _remarks(row))])
        effect = (row.statistic or "–") if math.isnan(row.effect) else _effect(row, "+")
        name, claim = row.hypothesis.replace("_", " "), in_markdown(row.claim)
        lines.append(f"| {name} | {claim} | {verdict} | {effect} |")
    words = found.assign(verdict=[_word(row) for row in found.itertuples()])
    lines += [
        "",
        f"Of {len(found)} claims, stated before the runs: {counts(words)}. "
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


def _headlines(tables: Tables) -> dict[str, Any]:
    """The rows of the claims that the answer rests on, by name."""
    rows = {row.hypothesis: row for row in tables["hypotheses"].itertuples()}
    if missing := [name for name in HEADLINES if name not in rows]:
        name = tables["study"]["name"].iloc[0]
        raise InputError(f"study {name}", f"no claim {missing[0]}", "the claims of cifar10-cnn")
    return {name: rows[name] for name in HEADLINES}


def _clauses(
    tables: Tables, topic: Topic, claims: Mapping[str, Any], names: Iterator[str]
) -> Iterator[str]:
    """One for each verdict that some of the topic's claims have, decided ones first."""
    rivals: dict[str, list[str]] = {verdict: [] for verdict in (*VERDICTS, NOT_YET)}
    for name, rival in topic.claims.items():
        row = claims[name]
        if _waits(row):
            rivals[NOT_YET].append(rival)
        else:
            rivals[row.verdict].append(f"{rival} ({_found(tables, row)})")
    for verdict, others in rivals.items():
        if others:
            yield topic.clause(verdict, next(names, "it"), others)


def _found(tables: Tables, row: Any) -> str:
    """What was measured, and what has to be said with the verdict."""
    said = [] if row.verdict == NOT_TESTABLE else [_amount(tables, row)]
    if row.verdict == NO_DIFFERENCE:
        said.append("within the margin")
    return "; ".join([*said, *_remarks(row)])


def _amount(tables: Tables, row: Any) -> str:
    """The effect with its interval; without a sign where the verdict says the direction."""
    if math.isnan(row.effect):
        return str(row.statistic)
    decided = row.verdict in (SUPPORTED, CONTRADICTED)
    said = f"by {_effect(row, '')}" if decided else _effect(row, "+")
    if row.metric != "gradients":
        return said
    epochs = row.effect / _epoch(tables)
    form = f"{abs(epochs):.1f}" if decided else f"{epochs:+.1f}".replace("-", "−")
    return f"{said}, {form} epochs"


def _effect(row: Any, sign: str) -> str:
    """The effect with its interval, in the unit of print; without `sign` turned positive."""
    turn = -1 if not sign and row.effect < 0 else 1
    low, high = sorted(turn * row.scale * end for end in (row.low, row.high))
    form = f"{sign},.{0 if row.metric == 'gradients' else 2}f"
    mean = turn * row.scale * row.effect
    return f"{mean:{form}} {row.unit} [{low:{form}}, {high:{form}}]".replace("-", "−")


def _epoch(tables: Tables) -> float:
    """Gradients in an epoch of the first workload: one for each step."""
    workload, times = tables["workloads"].iloc[0], tables["times_below"]
    own = times[(times["workload"] == workload["workload"]) & (times["clock"] == "gradients")]
    return float(own["horizon"].iloc[0] / workload["epochs"])


def _scope(tables: Tables) -> str:
    """What was trained, how speed is measured, and what brackets hold."""
    study, workload = tables["study"].iloc[0], tables["workloads"].iloc[0]
    goals = json.loads(workload["targets"])
    outcomes = tables["outcomes"]
    own = outcomes[outcomes["workload"] == workload["workload"]]
    each = f"{seeds({**tables, 'outcomes': own})} each, " if len(own) else ""
    return (
        f"Scope: {study['edition']}, a CNN of {workload['parameters']:,} weights, "
        f"{workload['epochs']} epochs in batches of {workload['batch_size']}, {each}every "
        "optimizer tuned alike; other data and networks may differ. Speed is the mean time below "
        f"{100 * goals[0]:g} to {100 * goals[-1]:g} % validation accuracy, counted in gradients; "
        "accuracy is that of the test set at the end; brackets are confidence intervals over seeds."
    )


def _waits(row: Any) -> bool:
    """Whether a claim is only not testable because runs are still to come."""
    return row.verdict == NOT_TESTABLE and str(row.remark).endswith(" missing")


def _word(row: Any) -> str:
    return NOT_YET if _waits(row) else str(row.verdict)


def _remarks(row: Any) -> list[str]:
    """What has to be said with a verdict, but for the conditions, which the answer's scope says."""
    return [one for one in remarks(row).split("; ") if one and one != "under our conditions"]


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]
