"""All that the page shows, as plain data: nothing is computed in the page that a table has."""

import colorsys
import json
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.colors import to_hex

from nagbench import step_costs
from nagbench.exploring import claims, curves, tables, under_way
from nagbench.records import read_begun
from nagbench.rendering.lookup import Tables, seeds
from nagbench.rendering.procedure import amendments, registered
from nagbench.rendering.style import Look, looks
from nagbench.statistics.roles import Selection, select
from nagbench.step_costs import StepCosts
from nagbench.study.model import Study

_FACTS = ("name", "title", "demo", "pilot", "remark", "edition", "device", "baseline", "failures")
_MUTED = 0.8  # of a colour's saturation is left on a dark ground
_LIGHT = 0.85  # less its own, the least lightness of a colour on a dark ground: black is near white
_COUNTS = ("runs", "units", "diverged", "failed")


def content(
    study: Study,
    named_study: str,
    results: Tables,
    records: Path,
    runs: pd.DataFrame,
    evaluations: pd.DataFrame,
) -> dict[str, Any]:
    """What the page shows of a study.

    Args:
        study: The study, which commands call `named_study`.
        results: Its result tables, made of the records.
        records: Where those lie.
        runs, evaluations: Their `runs` and `curves`.
    """
    costs = step_costs.beside(records)
    selection = select(study, runs, evaluations, costs)
    begun, _ = read_begun(records)
    facts = results["study"].iloc[0]
    return {
        "study": {
            **{name: _plain(facts[name]) for name in (*_FACTS, *_COUNTS, "version")},
            "seeds": seeds(results),
            "registration": registered(results["registration"]),
            "amendments": amendments(results["registration"]),
        },
        "commands": {
            "study": named_study,
            "records": str(records),
            "data": f"results/data/{study.data}.npz",
        },
        "missing": under_way.missing(study, runs, begun),
        "headline": claims.headline(results),
        "leaders": claims.leaders(results),
        "verdicts": claims.verdicts(),
        "counts": claims.counts(results["hypotheses"]),
        "claims": claims.claims(study, selection, results),
        "optimizers": _optimizers(results),
        "workloads": _workloads(study, results),
        "metrics": curves.metrics(),
        "curves": curves.curves(runs, evaluations, selection),
        "seconds": _seconds(costs, selection),
        "tables": tables.tables(results),
    }


def _optimizers(results: Tables) -> list[dict[str, Any]]:
    """In the study's order, each with its look in the project's figures."""
    found = results["optimizers"]
    style = looks(list(found["optimizer"]))
    return [
        {
            "name": row.optimizer,
            "label": row.label,
            "note": row.note,
            **_look(style[str(row.optimizer)]),
        }
        for row in found.itertuples()
    ]


def _look(look: Look) -> dict[str, Any]:
    """The colour, the same hue for a dark ground, and lengths of dashes in widths of the line."""
    hue, light, full = colorsys.rgb_to_hls(*look.colour)
    dashes = [] if isinstance(look.dashes, str) else list(look.dashes[1])
    dark = colorsys.hls_to_rgb(hue, max(light, _LIGHT - light), _MUTED * full)
    return {"colour": to_hex(look.colour), "dark": to_hex(dark), "dashes": dashes}


def _workloads(study: Study, results: Tables) -> list[dict[str, Any]]:
    return [
        {
            "name": row.workload,
            "label": row.label,
            "targets": sorted(json.loads(row.targets)),
            "optimizers": study.optimizers_of(str(row.workload)),
        }
        for row in results["workloads"].itertuples()
    ]


def _seconds(costs: StepCosts | None, selection: Selection) -> list[dict[str, Any]]:
    """Seconds of a gradient evaluation, where steps were measured side by side."""
    tested = set(zip(selection.accuracy["workload"], selection.accuracy["optimizer"], strict=True))
    return [
        {
            "workload": cost.workload,
            "optimizer": cost.optimizer,
            "seconds": cost.median / cost.gradients,
        }
        for cost in (costs.costs if costs is not None else ())
        if (cost.workload, cost.optimizer) in tested
    ]


def _plain(value: Any) -> Any:
    """A value of a frame as JSON takes it."""
    return value.item() if hasattr(value, "item") else value
