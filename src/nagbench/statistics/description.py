"""Tables that say what was compared, with which settings, and on which machine."""

import json
import math

import pandas as pd

from nagbench.data.registry import data_set
from nagbench.errors import InputError
from nagbench.models.size import flops, parameter_count
from nagbench.records import hours_of, trained
from nagbench.statistics.devices import devices
from nagbench.statistics.roles import Selection
from nagbench.statistics.speed import described
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.version import __version__


def study(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """One row: the study, its size, its data's edition, and what it cost."""
    provenance, each = [json.loads(text) for text in runs["provenance"]], trained(runs)

    def said(key: str) -> str:
        return ", ".join(sorted({str(entry.get(key, "unknown")) for entry in provenance}))

    editions = sorted(set(runs["edition"]))
    if len(editions) != 1:
        found = f"editions {', '.join(editions)}"
        raise InputError(f"records of study {study.name}", found, "data of a single edition")
    return pd.DataFrame(
        [
            {
                "name": study.name,
                "title": study.title,
                "demo": study.demo,
                "pilot": study.pilot,
                "remark": study.remark,
                "edition": editions[0],
                "baseline": study.baseline,
                "level": study.level,
                "runs": len(each),
                "diverged": int((each["status"] == "diverged").sum()),
                "failed": int((each["status"] == "failed").sum()),
                "failures": failures(study, runs),
                "units": len(units(study)),
                "workloads": len(study.workloads),
                "optimizers": len(study.optimizers),
                "points": study.tuning.points,
                "trials": study.tuning.points + study.tuning.default,
                "search": study.tuning.search,
                "rungs": json.dumps([[rung.epochs, rung.keep] for rung in study.tuning.rungs]),
                "finalists": study.tuning.finalists,
                "tuning_seeds": len(study.tuning.seeds),
                "testing_seeds": len(study.testing.seeds),
                "validation_size": study.validation_size,
                "hours": hours_of(runs),
                "device": said("device"),
                "backend": said("backend"),
                "torch": said("torch"),
                "threads": said("threads"),
                "python": said("python"),
                "system": said("system"),
                "codes": str(len({entry.get("code") for entry in provenance})),
                "data_digest": said("data")[:16],
                "version": __version__,
            }
        ]
    )


def failures(study: Study, runs: pd.DataFrame) -> str:
    """Which optimizers raised an error, in how many of their runs, and which; empty if none did."""
    parts = []
    for name, own in runs.groupby("optimizer", sort=False):
        failed = own[own["status"] == "failed"]
        if len(failed):
            message = failed["message"].value_counts().index[0]
            label = study.optimizers[str(name)].label
            parts.append(f"{label} in {len(failed)} of {len(own)} runs ({message})")
    return "; ".join(parts)


def workloads(study: Study) -> pd.DataFrame:
    """What is trained: a row a workload, `flops` for the forward pass of one image."""
    shape = data_set(study.data)
    return pd.DataFrame(
        {
            "workload": workload.name,
            "label": workload.label or workload.name,
            "model": workload.model,
            "parameters": parameter_count(
                workload.model, shape.inputs, shape.classes, workload.batch_norm
            ),
            "flops": flops(workload.model, shape.inputs, shape.classes, workload.batch_norm),
            "train_size": workload.train_size or shape.train - study.validation_size,
            "batch_size": workload.batch_size,
            "epochs": workload.epochs,
            "precision": workload.precision,
            "padding": workload.padding,
            "flip": workload.flip,
            "schedule": workload.schedule,
            "targets": json.dumps(described(workload.targets)),
            "targets_source": workload.targets.source,
        }
        for workload in study.workloads.values()
    )


def optimizers(study: Study) -> pd.DataFrame:
    """What is compared, in the study's order."""
    return pd.DataFrame(
        {
            "optimizer": row.name,
            "label": row.label,
            "family": row.family,
            "citation": row.citation,
            "reference": row.reference,
            "note": row.note,
            "formula": row.formula(),
        }
        for row in study.optimizers.values()
    )


def costs(study: Study, runs: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """What the runs of each arm took, and for which claims they were trained. A run that arms share
    is counted in the one that was complete first; arms without other runs are left out."""
    arms = ["workload", "optimizer"]
    last = runs["run"].map(curves.groupby("run")["epoch"].max())
    spent = runs["train_seconds"] + runs["evaluation_seconds"]
    complete = runs.groupby(arms)["ended"].transform("max")
    ordered = runs.assign(last=last, spent=spent, complete=complete)
    groups = dict(iter(trained(ordered.sort_values(["complete", *arms])).groupby(arms)))
    rows = []
    for workload, optimizer in study.pairs():
        arm = workload.name, optimizer.name
        if arm not in groups:
            continue
        own = groups[arm]
        claims = [name for name, claim in study.hypotheses.items() if arm in claim.pairs()]
        rows.append(
            {
                "workload": arm[0],
                "optimizer": arm[1],
                "runs": len(own),
                "epochs": float(own["last"].sum()),
                "hours": float(own["spent"].sum() / 3600),
                "begun": str(own["started"].min()),
                "ended": str(own["ended"].max()),
                "devices": " and ".join(devices(own)),
                "claims": ", ".join(claims),
            }
        )
    return pd.DataFrame(rows)


def settings(study: Study, selection: Selection) -> pd.DataFrame:
    """The tested settings by role, what was searched, and whether a choice lies at its edge."""
    rows = []
    for workload, optimizer in study.pairs():
        choice = selection.chosen.get((workload.name, optimizer.name), {})
        for entry in choice.get("tested", ()):
            chosen = entry["settings"]
            rows.append(
                {
                    "workload": workload.name,
                    "optimizer": optimizer.name,
                    "roles": ", ".join(entry["roles"]),
                    "trial": entry["trial"],
                    "learning_rate": float(chosen.get("lr", math.nan)),
                    "others": ", ".join(
                        f"{name} {_plain(value)}"
                        for name, value in sorted(chosen.items())
                        if name != "lr"
                    ),
                    "searched": "; ".join(
                        f"{coordinate} {domain.low:g} to {domain.high:g}"
                        for coordinate, domain in sorted(optimizer.space.items())
                    ),
                    # Of what was chosen by accuracy alone is it known.
                    "edge": ", ".join(choice["edge"]) if "accuracy" in entry["roles"] else "",
                }
            )
    return pd.DataFrame(rows)


def _plain(value: object) -> str:
    """A setting as a reader writes it; JSON knows lists, not pairs."""
    return f"({', '.join(map(str, value))})" if isinstance(value, list) else str(value)
