"""A study as typed objects, and its expansion into units and runs.

    study ─▶ units (workload × optimizer × stage) ─▶ runs (setting × seed)

A run is identified by a digest of exactly what determines its result. Nothing here imports torch.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Annotated, Any

from nagbench.errors import InputError
from nagbench.models import INITIALIZERS, MODELS
from nagbench.optimizers.entry import Optimizer
from nagbench.schema import Allowed
from nagbench.search import SEARCHES, trials

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
