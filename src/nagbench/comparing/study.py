"""The study of a comparison: a newcomer and a baseline, by the protocol of another study."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from nagbench.comparing.differences import margins
from nagbench.comparing.names import study_name
from nagbench.comparing.newcomer import Newcomer
from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.statistics.power import seeds_needed
from nagbench.study.file import load_study, study_content, study_of, study_path
from nagbench.study.model import Study, Workload
from nagbench.study.plan import units
from nagbench.study.unit import unit

# What a comparison has in common with the study by whose protocol it trains.
_KEPT = ("data", "validation_size", "tolerance", "tuning", "divergence", "level", "demo", "pilot")
ACCURACY, SPEED = "accuracy", "speed"  # its two claims


def comparison(
    named: str,
    newcomer: Newcomer,
    baseline: str | None,
    workload: str | None,
    precision: str | None,
    quick: bool,
) -> tuple[Study, Mapping[str, Any]]:
    """The study of a comparison, and the content of its file.

    Args:
        named: The study whose protocol, seeds and baseline are taken.
        newcomer: What is compared.
        baseline: With what; the study's own baseline if None.
        workload: On which of its workloads; the first if None.
        precision: In place of the workload's.
        quick: With as few seeds as can show anything.
    """
    base = load_study(named)
    place = workload or next(iter(base.workloads))
    one, other = _workload(base, place), baseline or base.baseline
    if other not in (allowed := base.optimizers_of(place)):
        raise InputError("--baseline", f"found {other!r}", ", ".join(allowed))
    if newcomer.name in base.optimizers:
        found = f"found {newcomer.name!r}, an optimizer of {named}"
        raise InputError("--name", found, "another name for the newcomer")
    seeds = list(unit(units(base), f"test/{place}/{other}").seeds)
    if quick:
        seeds = seeds[: seeds_needed(1, base.level)]
    content = study_content(study_path(named))
    written = content["workloads"][place]
    margin = margins(base, place)
    label = base.optimizers[other].label
    made = {
        "title": f"{newcomer.label} against {label}, by the protocol of {base.name}",
        **{key: content[key] for key in _KEPT if key in content},
        "remark": "A comparison that was not registered before its runs.",
        "baseline": other,
        "workloads": {
            place: {
                **{key: value for key, value in written.items() if key != "optimizers"},
                "precision": precision or one.precision,
                "seeds": seeds,
            }
        },
        "optimizers": {other: content["optimizers"][other], newcomer.name: newcomer.entry},
        "testing": {"seeds": list(seeds)},
        "hypotheses": {
            ACCURACY: {
                **_claim(place, newcomer.name, other, "accuracy", "greater"),
                "claim": f"{newcomer.label} ends more accurate than {label}",
                "margin": margin["accuracy"],
            },
            SPEED: {
                **_claim(place, newcomer.name, other, "gradients", "less"),
                "claim": f"{newcomer.label} takes less time below the targets than {label}",
                "margin": margin["gradients"],
            },
        },
    }
    file = f"{study_name(base.name, newcomer.name)}.yaml"
    return study_of(study_path(file).stem, made, f"optimizer {newcomer.name}"), made


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a study's file."""
    text = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)
    with atomic_path(path) as temporary:
        temporary.write_text(f"# Made by `nagbench compare`.\n{text}", encoding="utf-8")


def _workload(base: Study, name: str) -> Workload:
    if name not in base.workloads:
        raise InputError("--workload", f"found {name!r}", ", ".join(base.workloads))
    if base.workloads[name].tuned_on is not None:
        found = f"{name}, which is tuned on another"
        own = [one.name for one in base.workloads.values() if one.tuned_on is None]
        raise InputError("--workload", found, ", ".join(own))
    return base.workloads[name]


def _claim(
    workload: str, optimizer: str, reference: str, metric: str, direction: str
) -> Mapping[str, Any]:
    return {
        "workload": workload,
        "optimizer": optimizer,
        "reference": reference,
        "metric": metric,
        "statement": "difference",
        "direction": direction,
        "family": metric,
        "conditions": "stated",
    }
