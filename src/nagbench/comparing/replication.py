"""A study that trained in two places: how far each optimizer's runs lie apart, and each verdict."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from nagbench.comparing.differences import difference, margins
from nagbench.metrics import METRICS
from nagbench.records import read_tables
from nagbench.registration import judged
from nagbench.rendering.table import Cell, Table, number
from nagbench.rendering.tables.claims import reader_name, word
from nagbench.statistics.roles import Selection, select
from nagbench.statistics.shift import shift
from nagbench.statistics.verdict_table import NOT_TESTABLE
from nagbench.study.model import Study

# Of a verdict and its effect in another place.
SAID = (
    *("verdict", "remark", "waits", "depends_on_tuning", "edge", "untuned", "conditions"),
    *("devices", "effect", "low", "high", "inner_low", "inner_high"),
)


def replication(study: Study, here: Path, there: Path) -> str:
    """Two tables in Markdown, of two folders of records: differences of the first place less the
    second, and what became of each claim that one of them could test."""
    arms = Table(
        ["Optimizer", "On", "Same settings", "Accuracy (points)", "Corr.",
         "Time (gradients)", "Corr.", "Within the margins"],
        "llcrrrrc",
        list(_arms(study, *(select(study, *read_tables(folder)) for folder in (here, there)))),
    )  # fmt: skip
    return f"{arms.markdown()}\n{_claims(study, here, there).markdown()}"


def _arms(study: Study, here: Selection, there: Selection) -> Iterator[list[Cell]]:
    """A row for each workload and optimizer that was tested in both places."""
    for workload, optimizer in study.pairs():
        alone = replace(study, workloads={workload.name: workload})
        found = shift(alone, here, there, optimizer.name, margins(study, workload.name))
        if not found["pairs"].all():
            continue
        arm = workload.name, optimizer.name
        same = here.chosen[arm]["tested"] == there.chosen[arm]["tested"]
        measured = [cell for row in found.itertuples() for cell in _measured(row)]
        words = [optimizer.label, workload.label or workload.name, "yes" if same else "no"]
        comparable = "yes" if found["comparable"].all() else "no"
        yield [Cell(text) for text in (*words, *measured, comparable)]


def _measured(row: Any) -> tuple[str, str]:
    scale, digits = METRICS[row.metric].scale, 2 if row.metric == "accuracy" else 0
    return difference(row, scale, digits), number(row.correlation, 2)


def elsewhere(study: Study, folder: Path, *near: Path) -> pd.DataFrame:
    """Every verdict on the study's claims from the records of another place, a row a claim.

    Columns: `place`, its device; `runs`, how many it trained; and of the claim `hypothesis`,
    what the result table `hypotheses` has of its verdict and effect.
    """
    found = judged(study, folder, *near, names=["study", "hypotheses"])
    facts = found["study"].iloc[0]
    rows = found["hypotheses"][["hypothesis", *SAID]]
    return rows.assign(place=facts["device"], runs=facts["runs"])


def _claims(study: Study, here: Path, there: Path) -> Table:
    """Each claim's verdicts in the two places, which are named by their devices."""
    places = [judged(study, folder, names=["study", "hypotheses"]) for folder in (here, there)]
    devices = [str(found["study"]["device"].iloc[0]) for found in places]
    found = [{row.hypothesis: row for row in place["hypotheses"].itertuples()} for place in places]
    rows = [
        [Cell(reader_name(name)), *(Cell(word(claims[name])) for claims in found)]
        for name in found[0]
        if any(claims[name].verdict != NOT_TESTABLE for claims in found)
    ]
    return Table(["Claim", *devices], "lll", rows)
