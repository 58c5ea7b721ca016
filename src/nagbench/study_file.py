"""Study files: their keys, and their reading into a validated `Study`.

Every refusal names the place in the file, what was found there, and what is allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

import yaml

from nagbench.data import SETS
from nagbench.errors import InputError
from nagbench.models import check_batch_norm
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.entry import Optimizer, check_setting
from nagbench.schema import Allowed, parse
from nagbench.search import Domain
from nagbench.study import (
    CLOCKS,
    Divergence,
    Hypothesis,
    Study,
    Testing,
    Tuning,
    Workload,
)

STUDIES = Path("workflow/studies")
NEEDS = ("closure", "matrices", "own_schedule")


@dataclass(frozen=True)
class OptimizerSection:
    """How a study takes an optimizer: a row of the catalogue, perhaps changed, or your class."""

    based_on: Annotated[str, Allowed("row of the catalogue; absent: the key names it")] | None = (
        None
    )
    reference: Annotated[str, Allowed("`module:Class` or `file.py:Class`")] | None = None
    label: str | None = None
    citation: str | None = None
    settings: Mapping[str, Any] | None = None
    space: Mapping[str, Domain] | None = None
    closure: Annotated[bool, Allowed("its step evaluates the loss anew")] | None = None
    matrices: Annotated[bool, Allowed("hidden matrices in a group of their own")] | None = None
    own_schedule: Annotated[bool, Allowed("the workload's schedule is not for it")] | None = None


@dataclass(frozen=True)
class StudyFile:
    """The keys of a study file."""

    title: str
    data: Annotated[str, Allowed("the data set", choices=tuple(SETS))]
    validation_size: Annotated[int, Allowed("training images held out", minimum=1)]
    workloads: Annotated[Mapping[str, Workload], Allowed(nonempty=True)]
    optimizers: Annotated[
        Mapping[str, OptimizerSection | None], Allowed("by name; nothing after it: as catalogued")
    ]
    baseline: Annotated[str, Allowed("the optimizer that the others are compared with")]
    tuning: Tuning
    testing: Testing
    demo: Annotated[bool, Allowed("marks every page of the paper")] = False
    remark: Annotated[str, Allowed("what a reader of its results must know")] = ""
    gpu: Annotated[bool, Allowed("the study is meant for a GPU and will not start without")] = False
    level: Annotated[float, Allowed("of the tests", above=0, below=1)] = 0.05
    tolerance: Annotated[
        float, Allowed("of accuracy: a rate that loses no more is good", above=0, below=1)
    ] = 0.02
    divergence: Divergence = field(default_factory=Divergence)
    hypotheses: Annotated[
        Mapping[str, Hypothesis], Allowed("claims to be judged, by identifier")
    ] = field(default_factory=dict)


def shipped_studies(folder: Path = STUDIES) -> list[str]:
    """The studies that train; the theory study, beside them, has a command of its own."""
    return sorted(path.stem for path in folder.glob("*.yaml") if path.stem != "theory")


def study_path(name: str, folder: Path = STUDIES) -> Path:
    """The file of a study that is named or given by its path."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else folder / f"{name}.yaml"
    if not path.is_file():
        shipped = shipped_studies(folder)
        raise InputError(f"study {name}", f"no file {path}", f"{', '.join(shipped)}, or a path")
    return path


def load_study(name: str, folder: Path = STUDIES) -> Study:
    """Read a study by name or path; an `InputError` names the first place that is wrong."""
    path = study_path(name, folder)
    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.load(text, _UniqueKeys)  # noqa: S506 - child of a safe loader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(path, f"not readable as YAML ({error})", "a YAML mapping") from None
    return _assemble(path.stem, parse(StudyFile, data, str(path)), str(path))


class _UniqueKeys(yaml.SafeLoader):
    """YAML that refuses a key given twice, where the plain loader silently keeps the last."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def _assemble(name: str, file: StudyFile, place: str) -> Study:
    for workload_name, workload in file.workloads.items():
        _check_name(f"{place}.workloads", workload_name)
        norm_place = f"{place}.workloads.{workload_name}.batch_norm"
        check_batch_norm(norm_place, workload.model, workload.batch_norm)
        object.__setattr__(workload, "name", workload_name)
    shared = sorted(set(file.tuning.seeds) & set(file.testing.seeds))
    if shared:
        found = f"seeds also used for tuning: {', '.join(map(str, shared))}"
        raise InputError(f"{place}.testing.seeds", found, "seeds that tuning never saw")
    optimizers = {}
    for key, section in file.optimizers.items():
        _check_name(f"{place}.optimizers", key)
        optimizers[key] = _take(key, section or OptimizerSection(), f"{place}.optimizers.{key}")
    if file.tuning.search == "grid":
        for key, optimizer in optimizers.items():
            if optimizer.space and "lr" not in optimizer.space:
                found = "a space without `lr`, which the grid search varies"
                raise InputError(f"{place}.optimizers.{key}.space", found, "an interval for `lr`")
    if len(optimizers) < 2:
        found = f"found {', '.join(optimizers) or 'nothing'}"
        raise InputError(f"{place}.optimizers", found, "at least two, to be compared")
    if file.baseline not in optimizers:
        found = f"found {file.baseline!r}"
        raise InputError(f"{place}.baseline", found, "one of " + ", ".join(optimizers))
    for workload in file.workloads.values():
        _check_competitors(f"{place}.workloads.{workload.name}.optimizers", workload, file)
    for key, hypothesis in file.hypotheses.items():
        _check_hypothesis(f"{place}.hypotheses.{key}", hypothesis, file.workloads, optimizers)
    sections = {entry.name: getattr(file, entry.name) for entry in fields(file)}
    return Study(name=name, **{**sections, "optimizers": optimizers})


def _check_hypothesis(
    place: str,
    hypothesis: Hypothesis,
    workloads: Mapping[str, Workload],
    optimizers: Mapping[str, Optimizer],
) -> None:
    if (hypothesis.reference is None) == (hypothesis.value is None):
        found = "neither a reference nor a value" if hypothesis.value is None else "both"
        raise InputError(f"{place}.reference", found, "either `reference` or `value`")
    elsewhere = hypothesis.reference_workload or hypothesis.workload
    compared = [("optimizer", "workload", hypothesis.workload)]
    if hypothesis.reference is not None:
        compared.append(("reference", "reference_workload", elsewhere))
    if hypothesis.contrast is not None:
        compared += [(name, "contrast", hypothesis.contrast) for name, _, _ in tuple(compared)]
    for name, where, workload in compared:
        if workload not in workloads:
            found = f"found {workload!r}"
            raise InputError(f"{place}.{where}", found, "one of " + ", ".join(workloads))
        known = workloads[workload].optimizers or tuple(optimizers)
        if getattr(hypothesis, name) not in known:
            found = f"found {getattr(hypothesis, name)!r}"
            allowed = f"one that trains on {workload}: {', '.join(known)}"
            raise InputError(f"{place}.{name}", found, allowed)
    if hypothesis.reference == hypothesis.optimizer and elsewhere == hypothesis.workload:
        raise InputError(f"{place}.reference", "the optimizer itself", "another one")
    if hypothesis.metric in CLOCKS:
        targets = {name: workloads[name].targets for _, _, name in compared}
        for name, reachable in targets.items():
            if hypothesis.target not in reachable:
                found = f"found {hypothesis.target:g}"
                allowed = f"one of {name}'s: {', '.join(map(str, reachable))}"
                raise InputError(f"{place}.target", found, allowed)
    if hypothesis.direction in ("equivalent", "at_most") and not hypothesis.margin:
        raise InputError(f"{place}.margin", "found none", "a number above 0, to be within")


def _check_competitors(place: str, workload: Workload, file: StudyFile) -> None:
    wanted = workload.optimizers
    if wanted is None:
        return
    for name in wanted:
        if name not in file.optimizers:
            raise InputError(place, f"found {name!r}", "some of " + ", ".join(file.optimizers))
    if len(wanted) < 2 or file.baseline not in wanted:
        found = f"found {', '.join(wanted) or 'nothing'}"
        raise InputError(place, found, f"the baseline {file.baseline} and at least one more")


def _check_name(place: str, name: str) -> None:
    if not name.replace("_", "").isalnum() or not name.isascii() or name != name.lower():
        raise InputError(f"{place}.{name}", "unusable name", "lower-case letters, digits and _")


def _take(key: str, section: OptimizerSection, place: str) -> Optimizer:
    """An optimizer as the study wants it: the catalogue's row with the study's changes."""
    base = CATALOGUE.get(section.based_on or key)
    if section.reference is not None:
        if section.reference.count(":") != 1:
            found = f"found {section.reference!r}"
            raise InputError(f"{place}.reference", found, "`module:Class` or `file.py:Class`")
        if section.settings is None or section.space is None:
            found = "a class of your own without its settings and space"
            raise InputError(place, found, "`settings` (its defaults) and `space`")
        base = Optimizer(
            name=key,
            label=key,
            reference=section.reference,
            family="yours",
            citation="",
            defaults={},
            space={},
        )
    elif base is None:
        known = ", ".join(CATALOGUE)
        found = f"no optimizer {section.based_on or key!r} in the catalogue"
        raise InputError(place, found, f"{known}; or a class of yours under `reference`")
    defaults = dict(base.defaults)
    for name, value in (section.settings or {}).items():
        if section.reference is None and name not in defaults:
            raise InputError(f"{place}.settings.{name}", "unknown setting", ", ".join(defaults))
        check_setting(f"{place}.settings.{name}", name, value)
        defaults[name] = value
    space = dict(base.space) if section.space is None else dict(section.space)
    for axis, domain in space.items():
        where = f"{place}.space.{axis}"
        if axis not in defaults:
            raise InputError(where, "unknown setting", ", ".join(defaults) or "none")
        if problem := domain.problem():
            raise InputError(where, problem, "low below high, within the scale's range")
        check_setting(where, axis, [domain.low, domain.high])
    return replace(
        base,
        name=key,
        label=section.label or base.label,
        citation=base.citation if section.citation is None else section.citation,
        defaults=defaults,
        space=space,
        **{need: getattr(section, need) for need in NEEDS if getattr(section, need) is not None},
    )
