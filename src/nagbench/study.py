"""A study file as a typed, validated object, and its expansion into units and runs.

    study ─▶ units (workload × optimizer × stage) ─▶ runs (setting × seed)

A run is identified by a digest of exactly what determines its result. Nothing here imports torch.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import yaml

from nagbench.data import SETS
from nagbench.errors import InputError
from nagbench.models import INITIALIZERS, MODELS, check_batch_norm
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.entry import Optimizer, check_setting
from nagbench.schema import Allowed, parse
from nagbench.search import SEARCHES, Domain, trials

STUDIES = Path("workflow/studies")
STAGES = ("tune", "test")
# What each is, and in which unit, `statistics.metrics` says; the first row's are times to target,
# the last row's are of the tune stage.
CLOCKS = ("epochs", "gradients", "seconds")
METRICS = (
    *CLOCKS,
    *("accuracy", "best_accuracy", "deviation", "diverged", "lost_by_stopping", "step_cost"),
    *("spikes", "unrest", "largest_fall", "gradient_ratio", "gradient_imbalance"),
    *("band", "trials_needed", "trials_diverged"),
)
DIRECTIONS = ("greater", "less", "at_most", "equivalent")
NEEDS = ("closure", "matrices", "own_schedule")
SCHEDULES = (
    "constant",
    "proportional",
    "square",
    "step",
    "plateau",
    "cosine",
    "warmup_cosine",
    "warmup_linear",
)
# The last two are the first and the fourth article's.
LOSSES = ("cross_entropy", "missed_probability", "one_hot_squares")
# Raised whenever the same words in a study come to mean another training.
ENGINE_VERSION = 1

Positive = Annotated[int, Allowed(minimum=1)]
Share = Annotated[float, Allowed(above=0, below=1)]
Seed = Annotated[int, Allowed(minimum=0, maximum=2**32 - 1)]


@dataclass(frozen=True)
class Workload:
    """What is trained: a model on some of the data for a number of epochs."""

    model: Annotated[str, Allowed("the network", choices=tuple(MODELS))]
    batch_size: Annotated[int, Allowed("examples in a step", minimum=1)]
    epochs: Annotated[int, Allowed("passes over the training data", minimum=1)]
    targets: Annotated[
        tuple[Share, ...],
        Allowed("validation accuracies whose first reaching is timed", unique=True, nonempty=True),
    ]
    label: str = ""
    train_size: Annotated[int, Allowed("training examples; all if absent", minimum=1)] | None = None
    precision: Annotated[
        str, Allowed("number type of the network", choices=("float32", "bfloat16", "float64"))
    ] = "float32"
    padding: Annotated[int, Allowed("largest shift of a random crop", minimum=0, maximum=16)] = 4
    flip: bool = True
    cutout: Annotated[
        int, Allowed("side of the square blanked in each training image", minimum=0, maximum=32)
    ] = 0
    schedule: Annotated[
        str, Allowed("how the learning rate changes within a run", choices=SCHEDULES)
    ] = "constant"
    decay: Annotated[
        float, Allowed("factor of the schedules that decay by one", above=0, below=1)
    ] = 0.95
    loss: Annotated[str, Allowed("what is minimised", choices=LOSSES)] = "cross_entropy"
    label_smoothing: Annotated[float, Allowed(minimum=0, below=1)] = 0.0
    batch_norm: Annotated[bool, Allowed("on or off; as the network has it if absent")] | None = None
    initializer: Annotated[str, Allowed("of the weights", choices=INITIALIZERS)] = "network"
    l1: Annotated[float, Allowed("factor of the weights' absolute sum in the loss", minimum=0)] = (
        0.0
    )
    l2: Annotated[float, Allowed("half the factor of their squares' sum", minimum=0)] = 0.0
    optimizers: (
        Annotated[
            tuple[str, ...],
            Allowed("those of the study that train here; all if absent", unique=True),
        ]
        | None
    ) = None
    name: str = field(default="", init=False)

    def definition(self) -> dict[str, Any]:
        """What a training depends on: targets and label are looked at afterwards.

        Options at their defaults are left out, so that a new option renames no run without it; who
        changes a default must raise `ENGINE_VERSION`.
        """
        words = {"name", "label", "targets", "optimizers"}
        return {
            entry.name: getattr(self, entry.name)
            for entry in fields(self)
            if entry.name not in words and getattr(self, entry.name) != entry.default
        }


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
class Tuning:
    """The stage that chooses a setting, judged on validation data."""

    trials: Annotated[int, Allowed("settings tried for each optimizer", minimum=2)]
    seeds: Annotated[tuple[Seed, ...], Allowed(unique=True, nonempty=True)]
    search: Annotated[str, Allowed(choices=SEARCHES)] = "grid"


@dataclass(frozen=True)
class Testing:
    """The stage that judges the chosen setting on the test set, with seeds of its own."""

    seeds: Annotated[tuple[Seed, ...], Allowed(unique=True, nonempty=True)]


@dataclass(frozen=True)
class Divergence:
    """A run has diverged when its loss is not finite, or stays this far above where it began."""

    factor: Annotated[float, Allowed("multiple of the first loss", above=1)] = 5.0
    steps: Annotated[int, Allowed("steps in a row", minimum=1)] = 50


@dataclass(frozen=True)
class Hypothesis:
    """A claim, fixed before the runs: a metric of one optimizer against another's, or a number."""

    claim: Annotated[str, Allowed("in words")]
    workload: str
    optimizer: str
    direction: Annotated[
        str, Allowed("`at_most`: greater by no more than the margin", choices=DIRECTIONS)
    ]
    metric: Annotated[str, Allowed(choices=METRICS)]
    reference: Annotated[str, Allowed("the other optimizer")] | None = None
    reference_workload: Annotated[str, Allowed("where it trains, if elsewhere")] | None = None
    value: Annotated[float, Allowed("a number in place of a reference")] | None = None
    contrast: (
        Annotated[str, Allowed("a workload whose own difference is taken off: the gain grows")]
        | None
    ) = None
    source: Annotated[str, Allowed("who claims it")] = ""
    target: Annotated[float, Allowed("of a time: a validation accuracy", minimum=0, below=1)] = 0.0
    margin: Annotated[
        float, Allowed("differences within it count as none, in the metric's unit", minimum=0)
    ] = 0.0
    family: Annotated[str, Allowed("of Holm's correction")] = "main"


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
    divergence: Divergence = Divergence()
    hypotheses: Annotated[
        Mapping[str, Hypothesis], Allowed("claims to be judged, by identifier")
    ] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One training from one seed with one setting."""

    trial: int
    seed: int
    settings: Mapping[str, Any]
    identity: Mapping[str, Any]

    @cached_property
    def id(self) -> str:
        return digest(self.identity)


@dataclass(frozen=True)
class Unit:
    """The runs of one workload, optimizer and stage: one job, one file."""

    study: "Study"
    stage: str
    workload: Workload
    optimizer: Optimizer

    @property
    def name(self) -> str:
        return f"{self.stage}/{self.workload.name}/{self.optimizer.name}"

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.study.tuning.seeds if self.stage == "tune" else self.study.testing.seeds

    def trials(self) -> list[dict[str, Any]]:
        """What the tune stage tries: the defaults alone where the space is empty."""
        tuning = self.study.tuning
        if not self.optimizer.space:
            return [dict(self.optimizer.defaults)]
        return trials(
            self.optimizer.space,
            self.optimizer.defaults,
            tuning.trials,
            tuning.search,
            tuning.seeds[0],
        )

    def runs(self, chosen: Mapping[str, Any] | None = None) -> list[Run]:
        """All runs; the test stage needs what the choose step wrote: `trial` and `settings`."""
        if self.stage == "tune":
            tried = list(enumerate(self.trials()))
        elif chosen is None:
            raise InputError(self.name, "no chosen setting", "the result of `nagbench choose`")
        else:
            tried = [(chosen["trial"], chosen["settings"])]
        return [
            Run(trial, seed, settings, self.identity(settings, seed))
            for trial, settings in tried
            for seed in self.seeds
        ]

    def _training(self) -> dict[str, Any]:
        """What decides a run besides its optimizer and seed."""
        return {
            "engine": ENGINE_VERSION,
            "data": self.study.data,
            "validation_size": self.study.validation_size,
            "workload": self.workload.definition(),
            "divergence": asdict(self.study.divergence),
        }

    def identity(self, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """All that decides a run."""
        return {
            **self._training(),
            "optimizer": self.optimizer.identity(settings),
            "judged_on_test": self.stage == "test",
            "seed": seed,
        }

    def definition(self) -> dict[str, Any]:
        """All that the study and the catalogue say about this unit's result."""
        tuning = {"tuning": asdict(self.study.tuning)} if self.stage == "tune" else {}
        return {
            **self._training(),
            "optimizer": self.optimizer.definition(),
            "stage": self.stage,
            "seeds": list(self.seeds),
            **tuning,
        }


@dataclass(frozen=True)
class Study:
    """A validated study."""

    name: str
    title: str
    data: str
    validation_size: int
    workloads: Mapping[str, Workload]
    optimizers: Mapping[str, Optimizer]
    baseline: str
    tuning: Tuning
    testing: Testing
    demo: bool
    remark: str
    gpu: bool
    level: float
    tolerance: float
    divergence: Divergence
    hypotheses: Mapping[str, Hypothesis]

    def units(self, stage: str | None = None) -> list[Unit]:
        """The units of one stage, or of both in the order of their work."""
        return [
            Unit(self, name, workload, self.optimizers[optimizer])
            for name in ([stage] if stage else STAGES)
            for workload in self.workloads.values()
            for optimizer in self.optimizers_of(workload.name)
        ]

    def optimizers_of(self, workload: str) -> list[str]:
        """The names of those that train there, in the study's order."""
        wanted = self.workloads[workload].optimizers
        return [name for name in self.optimizers if wanted is None or name in wanted]

    def unit(self, name: str) -> Unit:
        """The unit of that name, such as `tune/seed_cnn/nag`."""
        units = {unit.name: unit for unit in self.units()}
        if name not in units:
            raise InputError(f"study {self.name}", f"no unit {name!r}", ", ".join(units))
        return units[name]


def digest(value: Any) -> str:
    """A short name for plain data, the same whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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
