"""The claims: what became of each, in a reader's words, and the pairs of runs that it rests on."""

import math
from collections import Counter
from typing import Any

import pandas as pd
from matplotlib.colors import to_hex

from nagbench.rendering.answer import said_with
from nagbench.rendering.figures.claims import COLOURS
from nagbench.rendering.lookup import Tables, labels_of, leading
from nagbench.rendering.table import p_value
from nagbench.rendering.tables.claims import (
    NOT_YET,
    UNDECIDED,
    digits,
    effect,
    ends,
    in_print,
    remarks,
    word,
)
from nagbench.statistics.evidence import differences, sides_of
from nagbench.statistics.measures import Measured
from nagbench.statistics.roles import Selection
from nagbench.statistics.verdict_table import (
    CONTRADICTED,
    NO_DIFFERENCE,
    NOT_TESTABLE,
    OPEN,
    SUPPORTED,
)
from nagbench.study.model import Hypothesis, Study

ANSWERS = {
    SUPPORTED: "Yes",
    CONTRADICTED: "No",
    NO_DIFFERENCE: "No difference that matters",
    OPEN: "Undecided",
    NOT_YET: "Not tested yet",
    NOT_TESTABLE: "Not testable here",
}
_FIRST = 3  # claims that the page begins with


def verdicts() -> list[dict[str, str]]:
    """The words of a verdict: what they answer, and the colours of the project's figure."""
    return [
        {"verdict": said, "answer": answer, "fill": to_hex(fill), "ink": to_hex(ink)}
        for said, answer in ANSWERS.items()
        for fill, ink in [COLOURS[NOT_TESTABLE if said == NOT_YET else said]]
    ]


def headline(tables: Tables) -> list[str]:
    """The names of the first claims that the runs decide, in the study's order."""
    found = tables["hypotheses"]
    decided = found[~found["verdict"].isin(UNDECIDED)]
    return list(decided["hypothesis"].head(_FIRST))


def leaders(tables: Tables) -> list[dict[str, Any]]:
    """For each workload with runs the most accurate optimizer, and how many no test tells from
    it."""
    summary, labels, found = tables["summary"], labels_of(tables), []
    for workload in tables["workloads"]["workload"]:
        group = summary[summary["workload"] == workload]
        if len(group) > 1:
            best = group.loc[group["accuracy"].idxmax()]
            others = [labels[name] for name in group["optimizer"] if name != best["optimizer"]]
            level = leading(tables, workload) - {best["optimizer"]}
            found.append(
                {
                    "workload": labels[workload],
                    "label": labels[best["optimizer"]],
                    "accuracy": float(best["accuracy"]),
                    "of": len(others) + 1,
                    "level": [labels[name] for name in group["optimizer"] if name in level],
                }
            )
    return found


def claims(study: Study, selection: Selection, tables: Tables) -> list[dict[str, Any]]:
    """Each claim as tables print it, with `arms` and `seeds` where something was measured.

    Each of `arms` has its `workload`, its `optimizer`, and by seed its `values`, in the unit in
    which the metric is printed, and whether it `fails`. `differences` are by seed too, and missing
    of a ranking. `measured` names the runs: those of the test whose setting was chosen by that, or
    those of another stage; it is empty where no runs were measured.
    """
    found = []
    for row in tables["hypotheses"].itertuples():
        claim = study.hypotheses[str(row.hypothesis)]
        entry = {
            "name": row.hypothesis,
            "shown": str(row.hypothesis).replace("_", " "),
            "scaled": {
                name: _number(row.scale * value)
                for name, value in zip(
                    ("effect", "low", "high"), (row.effect, *ends(row)), strict=True
                )
            },
            "digits": digits(row),
            "margin": _number(row.scale * row.margin),
            "better": claim.measured.better,
            "effect": effect(row),
            "interval": in_print(row),
            "p": p_value(row.p),
            "power": _number(row.power),
            "confidence": _number(row.confidence),
            "said": remarks(row),
            "caveats": "; ".join(said_with(row)),
            "verdict": word(row),
        }
        for name in ("claim", "source", "family", "metric", "unit", "statement", "direction"):
            entry[name] = getattr(row, name)
        for name in ("conditions", "conditions_note", "statistic", "pairs"):
            entry[name] = getattr(row, name)
        found.append(entry | _by_seed(study, claim, selection, row.scale))
    return found


def _by_seed(study: Study, claim: Hypothesis, selection: Selection, scale: float) -> dict[str, Any]:
    """What was measured of a claim's arms, by the seeds that any of them has."""
    if study.uneven(claim):
        return {}
    sides = sides_of(study, claim, selection)
    seeds = sorted({int(seed) for side in sides for seed in side.measures.index})
    if not seeds:
        return {}
    arms = [
        {
            "workload": workload,
            "optimizer": optimizer,
            "values": [_number(scale * side.measures.get(seed, math.nan)) for seed in seeds],
            "fails": [bool(side.fails.get(seed, False)) for seed in seeds],
            "planned": side.planned,
        }
        for (workload, optimizer), side in zip(claim.pairs(), sides, strict=True)
    ]
    metric = claim.measured
    of = "" if metric.elsewhere else metric.role if metric.stage == "test" else metric.stage
    found = {"seeds": seeds, "arms": arms, "measured": of}
    if claim.statement != "ranking" and all(len(side.measures) for side in sides):
        found["differences"] = _differences(claim, sides, seeds, scale)
    return found


def _differences(
    claim: Hypothesis, sides: list[Measured], seeds: list[int], scale: float
) -> list[float | None]:
    """By seed; None where a side has no run of it."""
    own = set.intersection(*({int(seed) for seed in side.measures.index} for side in sides))
    values = scale * differences(claim, sides).differences
    by_seed = dict(zip(sorted(own), map(float, values), strict=True))
    return [_number(by_seed.get(seed, math.nan)) for seed in seeds]


def counts(found: pd.DataFrame) -> list[dict[str, Any]]:
    """How many claims came out how, in the order of the answers."""
    number = Counter(map(word, found.itertuples()))
    return [{"verdict": said, "count": number[said]} for said in ANSWERS if number[said]]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
