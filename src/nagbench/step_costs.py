"""What a step costs: measured side by side in turns, and kept with a study's records.

Seconds of training runs depend on what else a machine did meanwhile. Here every optimizer had its
turn in every round, so of one round two are compared that met the same machine.
"""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from nagbench.engine.recipe import digest
from nagbench.errors import InputError
from nagbench.files import atomic_path
from nagbench.plain_data import made

FILE = "step_costs.json"  # in a folder of records, which its checksums cover
VERSION = 1
BASELINE = "sgd"  # measured on every workload
FEWEST = 6  # rounds, of which an interval needs as many
_LEVEL = 0.05
_ALLOWED = "a file written by `nagbench bench optimizers --study`"


@dataclass(frozen=True)
class StepCost:
    """What whole steps of an optimizer took: batch, gradients, update and measuring.

    Attributes:
        workload, optimizer: Names of the study's.
        execution: `eager` or `graph`.
        lanes: Runs side by side.
        gradients: Evaluated in a step, the last before the rounds; a forward pass alone counts a
            third.
        seconds: Of a step of one run, a number for each round, in the order of the rounds.
    """

    workload: str
    optimizer: str
    execution: str
    lanes: int
    gradients: float
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Seconds of a step."""
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class StepCosts:
    """The costs that one measurement found, on one device.

    Attributes:
        machine: Where, in the words of `runner.provenance.environment`, and the `load` before.
        costs: One for each workload and optimizer.
        images: By workload, seconds of judging one image.
    """

    machine: Mapping[str, Any]
    costs: Sequence[StepCost]
    images: Mapping[str, float]

    def of(self, workload: str, optimizer: str) -> StepCost:
        """The cost of that optimizer on that workload; an `InputError` if it was not measured."""
        for cost in self.costs:
            if (cost.workload, cost.optimizer) == (workload, optimizer):
                return cost
        place, found = "step costs", f"none of {optimizer} on {workload}"
        raise InputError(place, found, "what `nagbench bench optimizers --study` measured")

    def unmeasured(self, arms: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of the workloads and optimizers whose steps were not timed."""
        known = {(cost.workload, cost.optimizer) for cost in self.costs}
        return [arm for arm in arms if arm not in known]

    def obstacle(self, arms: Sequence[tuple[str, str]]) -> str:
        """Why the steps of workloads and optimizers cannot be compared; empty if they can.

        Steps that were executed otherwise, or beside more or fewer, would tell of the engine and
        not of the optimizers.
        """
        for workload, optimizer in self.unmeasured(arms):
            return f"no step of {optimizer} on {workload} was measured"
        found = {(cost.workload, cost.optimizer): cost for cost in self.costs}
        ways = [f"{found[arm].execution}, {found[arm].lanes} lanes" for arm in arms]
        return "" if len(set(ways)) == 1 else "steps executed otherwise: " + " against ".join(ways)

    @property
    def digest(self) -> str:
        """Names the measurement by what it found."""
        return digest(_content(self))

    def ratio(self, workload: str, optimizer: str, other: str) -> tuple[float, float, float]:
        """How much more than the other's an optimizer's step costs: median and its interval.

        Each round gives one ratio.
        """
        left, right = self.of(workload, optimizer), self.of(workload, other)
        if obstacle := self.obstacle([(workload, optimizer), (workload, other)]):
            place = f"step costs of {optimizer} and {other} on {workload}"
            raise InputError(place, obstacle, "steps executed alike")
        ratios = [a / b for a, b in zip(left.seconds, right.seconds, strict=True)]
        return statistics.median(ratios), *interval(ratios)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Two of the values between which the median lies with 95 % at least, whatever they follow."""
    ordered, count = sorted(values), len(values)
    outside, inner = 0.0, -1  # of the chance that the median lies out there, on one side
    while (outside := outside + math.comb(count, inner + 1) / 2**count) <= _LEVEL / 2:
        inner += 1
    if inner < 0:
        raise InputError("step costs", f"{count} rounds", f"{FEWEST} at least")
    return ordered[inner], ordered[count - 1 - inner]


def write(path: Path, measured: StepCosts, command: str) -> None:
    """Write as JSON: the rounds, and for readers what follows from them."""
    kept = {"version": VERSION, "command": command, "digest": measured.digest, **_content(measured)}
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(kept, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _content(measured: StepCosts) -> dict[str, Any]:
    costs = [
        {
            "workload": cost.workload,
            "optimizer": cost.optimizer,
            "execution": cost.execution,
            "lanes": cost.lanes,
            "gradients": cost.gradients,
            "seconds": list(cost.seconds),
            "median": cost.median,
            "interval": list(interval(cost.seconds)),
            f"over_{BASELINE}": _over_baseline(measured, cost),
        }
        for cost in measured.costs
    ]
    return {"machine": dict(measured.machine), "images": dict(measured.images), "costs": costs}


def _over_baseline(measured: StepCosts, cost: StepCost) -> list[float] | None:
    """Median and interval; none where the baseline's step was executed otherwise."""
    base = measured.of(cost.workload, BASELINE)
    if (base.execution, base.lanes) != (cost.execution, cost.lanes):
        return None
    return list(measured.ratio(cost.workload, cost.optimizer, BASELINE))


def beside(folder: Path) -> StepCosts | None:
    """The costs that lie with records, if any do."""
    return read(folder / FILE) if (folder / FILE).is_file() else None


def read(path: Path) -> StepCosts:
    """What `write` wrote; a file that was changed since is refused."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(path, "no such file", _ALLOWED) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(path, f"not readable ({error})", _ALLOWED) from None
    if not isinstance(kept, dict) or kept.get("version") != VERSION:
        raise InputError(path, "no step costs of this version", _ALLOWED)
    try:
        content = {name: kept[name] for name in ("machine", "images", "costs")}
        if kept["digest"] != digest(content):
            raise InputError(path, "changed after it was written", _ALLOWED)
        names = [one.name for one in fields(StepCost)]
        costs = [
            made(StepCost, {name: entry[name] for name in names}) for entry in content["costs"]
        ]
    except (KeyError, TypeError) as error:
        raise InputError(path, f"incomplete ({type(error).__name__}: {error})", _ALLOWED) from None
    if problem := _problem(content["machine"], costs, content["images"]):
        raise InputError(path, problem, _ALLOWED)
    return StepCosts(content["machine"], costs, content["images"])


def _problem(machine: Any, costs: Sequence[StepCost], images: Any) -> str:
    """What costs cannot be; empty if they can."""
    if not isinstance(machine, Mapping) or not isinstance(machine.get("backend"), str):
        return "no backend of the machine"
    if not isinstance(images, Mapping) or not all(map(_is_time, images.values())):
        return "times of judging an image that are none"
    rounds: dict[str, int] = {}
    for cost in costs:
        name = f"{cost.optimizer} on {cost.workload}"
        if not all(map(_is_time, cost.seconds)):
            return f"seconds of {name} that are no time"
        if len(cost.seconds) < FEWEST:
            return f"{len(cost.seconds)} rounds of {name}"
        if len(cost.seconds) != rounds.setdefault(cost.workload, len(cost.seconds)):
            return f"{name} with other rounds than its neighbours"
    return ""


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and 0 < value < math.inf


def table(measured: StepCosts) -> str:
    """The costs as text: milliseconds of a step, and the ratio to the baseline's."""
    lines = [
        f"{'workload':14}{'optimizer':22}{'ms a step':>10}{'gradients':>10}"
        f"{f'over {BASELINE}':>10}  {'interval':16}execution"
    ]
    for cost in measured.costs:
        over = _over_baseline(measured, cost)
        ratio, between = "", ""
        if over:
            ratio, between = f"{over[0]:.3f}", f"{over[1]:.3f} – {over[2]:.3f}"
        lines.append(
            f"{cost.workload:14}{cost.optimizer:22}{1e3 * cost.median:10.2f}{cost.gradients:10.3g}"
            f"{ratio:>10}  {between:16}{cost.execution}, {cost.lanes} lanes"
        )
    return "\n".join(lines)
