"""A comparison whose runs are there: its records, result tables, and what the card shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nagbench import registration
from nagbench.comparing.committed import Committed
from nagbench.comparing.places import place
from nagbench.integrity import check_complete
from nagbench.metrics import final_accuracy
from nagbench.parquet import write_frame
from nagbench.records import read_units, write_tables
from nagbench.runner.all_units import record_path
from nagbench.statistics.measures import measured
from nagbench.statistics.result_tables import result_tables
from nagbench.statistics.roles import Selection, select
from nagbench.statistics.shift import beside, shift
from nagbench.study.model import Study
from nagbench.study.unit import Unit


@dataclass(frozen=True)
class Comparison:
    """What became of a comparison.

    Attributes:
        study: The comparison's own.
        newcomer, baseline: Names of its optimizers.
        runs: Of the test stage, those of the settings chosen by accuracy, with their final
            `accuracy`.
        times: By seed and optimizer the time below the targets, in gradient evaluations, of the
            settings chosen by speed; NaN of a run that fails.
        tables: Its result tables, and `shift` and `beside` where there is something to compare.
        here: Where it trained.
        there: Where the committed baseline did; None without such records.
        labels: Of the committed optimizers.
        tuned_here: Whether the baseline was tuned here too, not taken from the records.
    """

    study: Study
    newcomer: str
    baseline: str
    runs: pd.DataFrame
    times: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    here: Mapping[str, str]
    there: Mapping[str, str] | None
    labels: Mapping[str, str]
    tuned_here: bool


def compared(
    study: Study,
    units: Sequence[Unit],
    results: Path,
    committed: Committed | None,
    tuned_here: bool,
) -> Comparison:
    """Read the comparison's runs, write its records and result tables, and hold its baseline
    against the committed one.

    Args:
        study, units: Of the comparison.
        results: The folder below which their records lie, and all else goes.
        committed: Records to stand beside; None if there are none, or of another precision.
        tuned_here: Whether the baseline's tuning trained here.
    """
    runs, curves = read_units([record_path(results, unit) for unit in units])
    check_complete(units, runs, curves)
    folder = results / study.name
    write_tables(folder / "records", runs, curves)
    tables = {**result_tables(study, runs, curves), "registration": registration.history(None)}
    here = select(study, runs, curves)
    (newcomer,) = set(study.optimizers) - {study.baseline}
    there = None
    if committed is not None:
        found = shift(study, here, committed.selection, study.baseline, margins(study))
        others = [name for name in committed.tested if name != study.baseline]
        tables["shift"] = found
        tables["beside"] = beside(study, here, committed.selection, newcomer, others, found)
        own = committed.selection.accuracy
        own = own[own["optimizer"] == study.baseline]
        there = place(own) if len(own) else None
    for name, table in tables.items():
        write_frame(folder / "statistics" / f"{name}.parquet", table)
    tested = here.accuracy[here.accuracy["optimizer"] == study.baseline]
    return Comparison(
        study=study,
        newcomer=newcomer,
        baseline=study.baseline,
        runs=here.accuracy.assign(accuracy=final_accuracy(here.accuracy, curves)),
        times=_times(study, here),
        tables=tables,
        here=place(tested),
        there=there,
        labels={} if committed is None else committed.labels,
        tuned_here=tuned_here,
    )


def margins(study: Study) -> dict[str, float]:
    """By metric, differences that do not matter: those of the comparison's claims."""
    return {claim.metric: claim.margin for claim in study.hypotheses.values()}


def _times(study: Study, here: Selection) -> pd.DataFrame:
    (workload,) = study.workloads
    arms = [(workload, name) for name in study.optimizers]
    found = measured(study, here, "gradients", arms)
    return pd.DataFrame(
        {name: one.measures.mask(one.fails) for (_, name), one in zip(arms, found, strict=True)}
    )
