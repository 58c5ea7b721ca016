"""The keys of a study file, section by section: what each admits, and what it is about.

What is absent is as the dataclasses of `study.model` have it: defaults are stated there alone.
"""

from typing import Annotated, Any

from nagbench.data.registry import SETS
from nagbench.initializers.registry import INITIALIZERS
from nagbench.losses.registry import LOSSES
from nagbench.metrics import METRICS
from nagbench.models.registry import MODELS
from nagbench.optimizers.search_space import COORDINATE, SCALES, SEARCHES, Domain
from nagbench.schedules.registry import SCHEDULES
from nagbench.study.fields import (
    About,
    Entries,
    File,
    Made,
    Names,
    OneOf,
    Real,
    Section,
    Setting,
    Text,
    Whole,
)
from nagbench.study.halving import Rung
from nagbench.study.model import (
    CHOICES,
    CONDITIONS,
    DIRECTIONS,
    STATEMENTS,
    Band,
    Divergence,
    Hypothesis,
    Study,
    TargetGrid,
    Testing,
    Tuning,
    Workload,
)
from nagbench.study.wording import ARGUMENT, IDENTIFIER, NAME, REFERENCE, TEXT

PRECISIONS = ("float32", "bfloat16", "float64")
_MOST = 1_000  # workloads, optimizers, hypotheses

Name = Annotated[str, Text(pattern=NAME, most=None)]
Identifier = Annotated[str, Text(pattern=IDENTIFIER, most=None)]
Argument = Annotated[str, Text(pattern=ARGUMENT, most=None)]
Coordinate = Annotated[str, Text(pattern=COORDINATE, most=None)]
Share = Annotated[float, Real(above=0, below=1)]
Seed = Annotated[int, Whole(least=0, most=2**32 - 1)]
Seeds = Annotated[tuple[Seed, ...], Entries("what chance starts from", most=10_000)]


class RungSection(Section):
    """A place at which trials are compared, and the worse ones left behind."""

    epochs: Annotated[int, Whole("that they have trained there", least=1, most=100_000)]
    keep: Annotated[int, Whole("how many go on", least=1, most=10_000)]


class TuningSection(Section):
    """The stage that chooses settings, judged on validation data, by successive halving."""

    points: Annotated[int, Whole("settings tried of each space", least=1, most=10_000)]
    seeds: Annotated[
        tuple[Seed, ...], Entries("the first trains every trial, all the finalists", most=10_000)
    ]
    rungs: Annotated[
        tuple[Annotated[Rung, Made(RungSection)], ...],
        Entries("by rising epochs; absent: all train to the end", least=0, most=20),
    ] = Tuning.rungs
    finalists: Annotated[
        int, Whole("how many of the best train with every seed", least=1, most=10_000)
    ] = Tuning.finalists
    late: Annotated[int, Whole("points of optimizers that enter no rung", least=1, most=10_000)] = (
        Tuning.late
    )
    search: Annotated[str, OneOf("how points are spread", choices=SEARCHES)] = Tuning.search
    default: Annotated[bool, About("the published setting is tried too")] = Tuning.default
    grows: Annotated[bool, About("a space grows where the best lies near its border")] = (
        Tuning.grows
    )
    choices: Annotated[
        tuple[Annotated[str, OneOf(choices=CHOICES)], ...],
        Entries("what a setting is chosen by, each of which is tested", most=len(CHOICES)),
    ] = Tuning.choices
    runner_up_seeds: Annotated[
        int, Whole("test seeds of the second best setting", least=0, most=10_000)
    ] = Tuning.runner_up_seeds


class TargetSection(Section):
    """A grid of validation accuracies, the time below which is what speed is."""

    low: Annotated[Share, About("the lowest; a run that never reaches it fails")]
    high: Annotated[Share, About("the highest")]
    source: Annotated[str, Text("the published or earlier figures that they come from", least=1)]


class WorkloadSection(Section):
    """What is trained: a network on some of the data for a number of epochs."""

    model: Annotated[str, OneOf("the network", choices=tuple(MODELS))]
    batch_size: Annotated[int, Whole("images in a step", least=1, most=10**7)]
    epochs: Annotated[int, Whole("passes over the training data", least=1, most=100_000)]
    targets: Annotated[TargetGrid, Made(TargetSection)]
    label: Annotated[str, Text("in figures and tables; absent: the name")] = Workload.label
    optimizers: (
        Annotated[
            tuple[str, ...],
            Entries("those of the study that train here; absent: all", least=0, most=_MOST),
        ]
        | None
    ) = Workload.optimizers
    tuned_on: Annotated[str, About("where settings are chosen; absent: here")] | None = (
        Workload.tuned_on
    )
    tuning: Annotated[Tuning, Made(TuningSection)] | None = Workload.tuning
    seeds: Annotated[tuple[Seed, ...], Entries("of the test stage here", most=10_000)] | None = (
        Workload.seeds
    )
    batch_norm: (
        Annotated[bool, About("batches are normalised; absent: as the network has it")] | None
    ) = Workload.batch_norm
    train_size: (
        Annotated[int, Whole("training images; absent: all not held out", least=1, most=10**7)]
        | None
    ) = Workload.train_size
    precision: Annotated[str, OneOf("number type of activations", choices=PRECISIONS)] = (
        Workload.precision
    )
    padding: Annotated[int, Whole("largest shift of a random crop", least=0, most=1_000)] = (
        Workload.padding
    )
    flip: Annotated[bool, About("half of the training images are mirrored")] = Workload.flip
    cutout: Annotated[
        int, Whole("side of the square blanked in each training image", least=0, most=1_000)
    ] = Workload.cutout
    schedule: Annotated[
        str, OneOf("how the learning rate changes within a run", choices=SCHEDULES)
    ] = Workload.schedule
    decay: Annotated[float, Real("factor of schedules that decay by one", above=0, below=1)] = (
        Workload.decay
    )
    loss: Annotated[str, OneOf("what is minimised", choices=LOSSES)] = Workload.loss
    label_smoothing: Annotated[
        float, Real("share of the label spread over all classes", least=0, below=1)
    ] = Workload.label_smoothing
    initializer: Annotated[str, OneOf("makes the initial weights", choices=INITIALIZERS)] = (
        Workload.initializer
    )
    l1: Annotated[float, Real("factor of the weights' absolute sum", least=0)] = Workload.l1
    l2: Annotated[float, Real("half the factor of their squares' sum", least=0)] = Workload.l2


class DomainSection(Section):
    """An interval of one setting."""

    low: Annotated[float, Real()]
    high: Annotated[float, Real()]
    scale: Annotated[str, OneOf("how the interval is divided", choices=SCALES)] = Domain.scale


class OptimizerSection(Section):
    """How a study takes an optimizer: a row of the catalogue, perhaps changed, or your class."""

    based_on: Annotated[str, Text("row of the catalogue; absent: the key names it")] | None = None
    reference: Annotated[str, Text("your class", pattern=REFERENCE)] | None = None
    label: Annotated[str, Text("in figures and tables")] | None = None
    citation: Annotated[str, Text("a key of paper/references.bib")] | None = None
    settings: (
        Annotated[
            dict[Argument, Annotated[Any, Setting()]],
            Names("defaults that differ; of your class, all", least=0, most=100),
        ]
        | None
    ) = None
    space: (
        Annotated[
            dict[Coordinate, Annotated[Domain, Made(DomainSection)]],
            Names("what tuning searches; {}: it is not tuned", least=0, most=100),
        ]
        | None
    ) = None
    closure: Annotated[bool, About("its step evaluates the loss anew")] | None = None
    create_graph: Annotated[bool, About("its step differentiates the gradient")] | None = None
    matrices: Annotated[bool, About("hidden matrices in a group of their own")] | None = None
    late: Annotated[bool, About("short runs rank its settings badly")] | None = None
    own_schedule: Annotated[bool, About("the workload's schedule is not for it")] | None = None


class TestingSection(Section):
    """The stage that judges the chosen setting on the test set."""

    seeds: Seeds
    further: Annotated[
        dict[Name, Seeds], Names("seeds that an optimizer has beside", least=0, most=_MOST)
    ] = {}  # noqa: RUF012 - pydantic copies it


class BandSection(Section):
    """The stage that measures how wide the band of usable rates is."""

    epochs: Annotated[int, Whole("passes over the training data", least=1, most=100_000)]
    seeds: Seeds
    threshold: Annotated[Share, About("validation accuracy that a usable rate reaches")]
    workloads: (
        Annotated[tuple[str, ...], Entries("where; absent: everywhere", most=_MOST)] | None
    ) = Band.workloads
    optimizers: Annotated[tuple[str, ...], Entries("whose; absent: all", most=_MOST)] | None = (
        Band.optimizers
    )
    decades: Annotated[float, Real("of the rates to either side", above=0, below=10)] = Band.decades
    step: Annotated[float, Real("decades between rates", above=0, below=10)] = Band.step


class DivergenceSection(Section):
    """When a run counts as diverged."""

    factor: Annotated[float, Real("multiple of the first loss", above=1)] = Divergence.factor
    steps: Annotated[int, Whole("steps in a row", least=1, most=10**9)] = Divergence.steps


class HypothesisSection(Section):
    """A claim, fixed before the runs."""

    claim: Annotated[str, Text("in words", pattern=TEXT, least=1)]
    metric: Annotated[str, OneOf("what is compared", choices=tuple(METRICS))]
    statement: Annotated[
        str, OneOf("`at_most`: greater by no more than the margin", choices=STATEMENTS)
    ]
    workload: Annotated[str, About("where the optimizer trains")] = Hypothesis.workload
    optimizer: Annotated[str, About("the one that the claim is about")] = Hypothesis.optimizer
    direction: Annotated[str, OneOf("of the difference", choices=DIRECTIONS)] | None = (
        Hypothesis.direction
    )
    reference: Annotated[str, About("the other optimizer")] | None = Hypothesis.reference
    reference_workload: Annotated[str, About("where it trains, if elsewhere")] | None = (
        Hypothesis.reference_workload
    )
    value: Annotated[float, Real("in place of a reference")] | None = Hypothesis.value
    contrast: (
        Annotated[str, About("a workload whose own difference is taken off: the gain grows")] | None
    ) = Hypothesis.contrast
    optimizers: Annotated[
        tuple[str, ...], Entries("of a ranking, in order", least=0, most=_MOST)
    ] = Hypothesis.optimizers
    workloads: Annotated[
        tuple[str, ...], Entries("of a ranking, in order", least=0, most=_MOST)
    ] = Hypothesis.workloads
    source: Annotated[str, Text("who claims it")] = Hypothesis.source
    margin: Annotated[
        float, Real("differences within it count as none, in the metric's unit", least=0)
    ] = Hypothesis.margin
    family: Annotated[str, Text("claims that share the chance of an error", least=1)] = (
        Hypothesis.family
    )
    conditions: Annotated[
        str, OneOf("`stated`: all conditions are those of the source", choices=CONDITIONS)
    ] = Hypothesis.conditions
    conditions_note: Annotated[str, Text("what differs", pattern=TEXT)] = Hypothesis.conditions_note


class StudyFile(File):
    """A study of NAG-Bench (made by `nagbench schema`)."""

    title: Annotated[str, Text("for the paper's first page", least=1)]
    data: Annotated[str, OneOf("the data set", choices=tuple(SETS))]
    validation_size: Annotated[int, Whole("training images held out", least=1, most=10**7)]
    workloads: Annotated[
        dict[Name, Annotated[Workload, Made(WorkloadSection)]], Names("what is trained", most=_MOST)
    ]
    optimizers: Annotated[
        dict[Name, OptimizerSection | None],
        Names("by name; nothing after it: as catalogued", least=2, most=_MOST),
    ]
    baseline: Annotated[str, About("the optimizer that the others are compared with")]
    tuning: Annotated[Tuning, Made(TuningSection)]
    testing: Annotated[Testing, Made(TestingSection)]
    band: Annotated[Band, Made(BandSection)] | None = Study.band
    demo: Annotated[bool, About("marks every page of the paper")] = Study.demo
    pilot: Annotated[bool, About("of an older protocol: it decides no claim")] = Study.pilot
    remark: Annotated[
        str, Text("what a reader of its results must know", pattern=TEXT, most=5_000)
    ] = Study.remark
    gpu: Annotated[bool, About("meant for a GPU; it will not start without")] = Study.gpu
    level: Annotated[float, Real("of the tests", above=0, below=1)] = Study.level
    tolerance: Annotated[
        float, Real("of accuracy: a rate that loses no more is good", above=0, below=1)
    ] = Study.tolerance
    divergence: Annotated[Divergence, Made(DivergenceSection)] = Divergence()
    hypotheses: Annotated[
        dict[Identifier, Annotated[Hypothesis, Made(HypothesisSection)]],
        Names("claims to be judged, by identifier", least=0, most=_MOST),
    ] = {}  # noqa: RUF012 - pydantic copies it
