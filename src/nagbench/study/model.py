"""A study as typed objects: what is compared, and what is claimed of it.

Nothing here reads files (`study.file` does), resolves names into code (`study.plan` does), or
imports torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nagbench.data.registry import data_set
from nagbench.engine.recipe import Training
from nagbench.metrics import METRICS, ROLES, Metric
from nagbench.optimizers.spec import OptimizerSpec
from nagbench.study.halving import Rung
from nagbench.time_below import Targets

STAGES = ("tune", "test", "band")
CHOICES = ROLES
# What kinds of claims there are; `statistics.verdict_table` says how each is judged.
STATEMENTS = ("difference", "threshold", "equivalence", "at_most", "ranking", "events")
DIRECTED = ("difference", "threshold", "ranking", "events")  # they say greater or less
DIRECTIONS = ("greater", "less")
CONDITIONS = ("stated", "transferred")
ALL_WORKLOADS = "all"  # what the rows over every workload have in place of one's name
SLACK = 0.01  # by which numbers of steps differ that count as equal: epochs are whole


@dataclass(frozen=True)
class TargetGrid(Targets):
    """A workload's grid of targets.

    Attributes:
        source: Where its ends come from: published or earlier figures.
    """

    source: str


@dataclass(frozen=True, kw_only=True)
class Workload(Training):
    """What is trained: a model on some of the data for a number of epochs.

    Attributes:
        name: The study's name for it.
        model: Name of a network in `models.registry`.
        batch_norm: Whether batches are normalised; as the network has it if None.
        targets: Validation accuracies, a grid of them: time below it is what speed is.
        label: Its name in figures and tables; the name if empty.
        optimizers: Names of those of the study that train here; all if None.
        tuned_on: The workload whose chosen settings are tested here; they are chosen here if None.
        tuning: How they are chosen here; as the study says if None.
        seeds: Test seeds here; as the study says if None.
    """

    model: str
    targets: TargetGrid
    label: str = ""
    batch_norm: bool | None = None
    optimizers: tuple[str, ...] | None = None
    tuned_on: str | None = None
    tuning: "Tuning | None" = None
    seeds: tuple[int, ...] | None = None
    name: str = ""


@dataclass(frozen=True)
class Tuning:
    """The stage that chooses settings, judged on validation data, by successive halving.

    Attributes:
        points: Settings tried of each optimizer's space.
        seeds: The first trains every trial; the others the finalists.
        rungs: Where the trials are thinned out; none if all train to the end.
        finalists: How many of the best train with every seed.
        late: Points of an optimizer whose settings short runs rank badly; they enter no rung.
        search: How points are spread over the space: a name in `optimizers.search_space`.
        default: Whether the published setting is tried too; it enters no rung.
        grows: Whether the space grows, once, where the best lies near its border.
        choices: What a setting is chosen by, each of which is tested: names of `CHOICES`.
        runner_up_seeds: Test seeds, the first, that the second best setting is tested with.
    """

    points: int
    seeds: tuple[int, ...]
    rungs: tuple[Rung, ...] = ()
    finalists: int = 2
    late: int = 5
    search: str = "quasirandom"
    default: bool = True
    grows: bool = True
    choices: tuple[str, ...] = CHOICES
    runner_up_seeds: int = 4


@dataclass(frozen=True)
class Testing:
    """The stage that judges the chosen setting on the test set, with seeds of its own.

    Attributes:
        seeds: Of every optimizer.
        further: By optimizer, seeds that it has beside these, on workloads without their own.
    """

    seeds: tuple[int, ...]
    further: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Band:
    """The stage that measures how wide the band of usable rates is, on validation data.

    The chosen setting trains with its rate multiplied by factors evenly spread on a logarithmic
    scale, the same for every optimizer.

    Attributes:
        epochs: Of each run.
        seeds: Of each rate.
        threshold: Validation accuracy, from 0 to 1, that a usable rate reaches.
        workloads, optimizers: Names of those whose bands are measured; all if None.
        decades: How far the factors reach, to either side.
        step: Decades between neighbours.
    """

    epochs: int
    seeds: tuple[int, ...]
    threshold: float
    workloads: tuple[str, ...] | None = None
    optimizers: tuple[str, ...] | None = None
    decades: float = 1.0
    step: float = 0.25


@dataclass(frozen=True)
class Divergence:
    """A run has diverged when its loss is not finite, or stays this far above where it began.

    Attributes:
        factor: A loss above this multiple of the first one is high.
        steps: So many high losses in a row are divergence.
    """

    factor: float = 5.0
    steps: int = 50


Arm = tuple[str, str]  # a workload, and an optimizer that trains there


@dataclass(frozen=True)
class Hypothesis:
    """A claim, fixed before the runs: a metric of one optimizer against another's, or a number.

    Attributes:
        claim: In words.
        metric: A name in `METRICS`.
        statement: One of `STATEMENTS`.
        workload: Where `optimizer` trains; of a ranking of `workloads` absent.
        optimizer: The one that the claim is about; of a ranking of `optimizers` absent.
        direction: One of `DIRECTIONS`, where the statement has one; of a ranking: of each against
            the next.
        reference: The other optimizer.
        reference_workload: Where the reference trains, if elsewhere.
        value: Of a threshold, or in place of a reference: a number.
        contrast: A workload whose own difference is taken off: the gain grows.
        optimizers, workloads: Of a ranking, one of them: what is ranked, in order.
        source: Who claims it.
        margin: Differences within it count as none, in the metric's unit.
        family: Claims of one family share the chance of an error.
        conditions: `stated`: data, network, batch, epochs, augmentation, loss and settings are
            those of the claim's source; else `transferred`.
        conditions_note: What differs.
    """

    claim: str
    metric: str
    statement: str
    workload: str = ""
    optimizer: str = ""
    direction: str | None = None
    reference: str | None = None
    reference_workload: str | None = None
    value: float | None = None
    contrast: str | None = None
    optimizers: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    source: str = ""
    margin: float = 0.0
    family: str = "main"
    conditions: str = "transferred"
    conditions_note: str = ""

    @property
    def measured(self) -> Metric:
        """The metric's record."""
        return METRICS[self.metric]

    @property
    def sign(self) -> int:
        """What turns a difference in the metric into one in the direction that is claimed."""
        return -1 if self.direction == "less" else 1

    def ranked(self) -> list[Arm]:
        """Of a ranking, what is ranked, in order."""
        if self.optimizers:
            return [(self.workload, optimizer) for optimizer in self.optimizers]
        return [(workload, self.optimizer) for workload in self.workloads]

    def pairs(self) -> list[Arm]:
        """Each workload and optimizer whose runs decide it: the claimed one, its reference, then
        these on the contrast; or what is ranked."""
        if self.statement == "ranking":
            return self.ranked()
        sides = [(self.workload, self.optimizer)]
        if self.reference is not None:
            sides.append((self.reference_workload or self.workload, self.reference))
        if self.contrast is not None:
            sides += [(self.contrast, optimizer) for _, optimizer in sides]
        return sides


@dataclass(frozen=True)
class Study:
    """A validated study.

    Attributes:
        name: The stem of its file.
        title: For the paper's first page.
        data: Name of the data set.
        validation_size: Training images held out.
        workloads, optimizers, hypotheses: By name, in the file's order.
        baseline: The optimizer that the others are compared with.
        band: What is measured of bands of rates; nothing if None.
        demo: Marks every page of the paper.
        pilot: It came before the protocol of today: what it finds prepares claims and decides none.
        remark: What a reader of its results must know.
        gpu: The study is meant for a GPU and will not start without.
        level: Of the tests.
        tolerance: Of accuracy, from 0 to 1: a rate that loses no more is good.
    """

    name: str
    title: str
    data: str
    validation_size: int
    workloads: Mapping[str, Workload]
    optimizers: Mapping[str, OptimizerSpec]
    baseline: str
    tuning: Tuning
    testing: Testing
    band: Band | None = None
    demo: bool = False
    pilot: bool = False
    remark: str = ""
    gpu: bool = False
    level: float = 0.05
    tolerance: float = 0.02
    divergence: Divergence = field(default_factory=Divergence)
    hypotheses: Mapping[str, Hypothesis] = field(default_factory=dict)

    def optimizers_of(self, workload: str) -> list[str]:
        """The names of those that train there, in the study's order."""
        wanted = self.workloads[workload].optimizers
        return [name for name in self.optimizers if wanted is None or name in wanted]

    def pairs(self) -> list[tuple[Workload, OptimizerSpec]]:
        """Each workload with each optimizer that trains there, in the study's order."""
        return [
            (workload, self.optimizers[name])
            for workload in self.workloads.values()
            for name in self.optimizers_of(workload.name)
        ]

    def tuning_of(self, workload: Workload) -> Tuning:
        """How settings are chosen on a workload."""
        return workload.tuning or self.tuning

    def steps(self, workload: str) -> int:
        """The steps of a whole run there."""
        work = self.workloads[workload]
        images = work.train_size or data_set(self.data).train - self.validation_size
        return images // work.batch_size * work.epochs

    def uneven(self, claim: Hypothesis) -> str:
        """How the steps of the workloads that a claim compares differ; empty if they hardly do.

        Where they do, a gain by batch or by data would be one by training longer.
        """
        steps = {workload: self.steps(workload) for workload, _ in claim.pairs()}
        if max(steps.values()) <= (1 + SLACK) * min(steps.values()):
            return ""
        each = ", ".join(f"{count:,} on {name}" for name, count in steps.items())
        return f"unequal numbers of steps: {each}"

    def test_seeds(self, workload: Workload, optimizer: str) -> tuple[int, ...]:
        """The seeds that an optimizer's chosen setting is tested with."""
        if workload.seeds is not None:
            return workload.seeds
        return (*self.testing.seeds, *self.testing.further.get(optimizer, ()))

    def planned(self, stage: str, workload: str, optimizer: str, runner_up: bool = False) -> int:
        """The seeds of an optimizer's unit of that stage; of a test, those of one setting."""
        work = self.workloads[workload]
        if stage == "band":
            return len(self.band.seeds) if self.band is not None else 0
        if stage == "tune":
            return len(self.tuning_of(work).seeds)
        seeds = len(self.test_seeds(work, optimizer))
        return min(self.tuning_of(work).runner_up_seeds, seeds) if runner_up else seeds

    def trains(self, stage: str, workload: Workload, optimizer: str) -> bool:
        """Whether an optimizer of the workload has a unit in that stage."""
        if stage == "tune":
            return workload.tuned_on is None
        if stage == "test":
            return True
        return self.band is not None and all(
            names is None or name in names
            for name, names in (
                (workload.name, self.band.workloads),
                (optimizer, self.band.optimizers),
            )
        )
