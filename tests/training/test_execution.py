"""Recorded steps: what may be recorded, and that replays train as steps do.

A CPU records no graph. What a recording relies on can be tried all the same: that a step asks the
host for nothing, writes where it wrote before, and that an optimizer keeps nothing on the host.
With a GPU the recording itself is held against the steps.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch.utils._python_dispatch import TorchDispatchMode

from nagbench import models
from nagbench.data.images import ImageSet
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.entry import Optimizer
from nagbench.study import Run, Unit, Workload
from nagbench.study_file import load_study
from nagbench.training import execution as executions
from nagbench.training.capture import Unfit, host_state, unfitness
from nagbench.training.checkpoint import Checkpoint
from nagbench.training.execution import Eager, Execution, Replayed, execution_for
from nagbench.training.interruption import Stop
from nagbench.training.lane import Lane
from nagbench.training.lane_count import measured_lanes
from nagbench.training.run import RunInTraining
from nagbench.training.splits import place_splits
from nagbench.training.together import train_together

CPU = torch.device("cpu")
CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def unit_of(tmp_path: Path, small: dict[str, Any], **changes: Any) -> Unit:
    """A tune unit with four trials: the second breaks at once, the others do not."""
    small["workloads"]["tiny"] |= {"epochs": 3, **changes}
    small["optimizers"]["sgd"] = {"space": {"lr": {"low": 0.01, "high": 0.02}}}
    small["tuning"] |= {"trials": 2, "seeds": [1, 2]}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    return load_study(str(path)).unit("tune/tiny/sgd")


def runs_of(unit: Unit, breaking: int | None = None) -> list[Run]:
    """The unit's runs, one of them with a rate that breaks it."""
    return [
        Run(run.trial, run.seed, {"lr": 1e30} if n == breaking else run.settings, {"n": n})
        for n, run in enumerate(unit.runs())
    ]


class Recorder:
    """Stands in for a graph: its replay takes the steps of the lanes that it was made with."""

    def __init__(self) -> None:
        self.recordings: list[int] = []

    def __call__(self, lanes: Sequence[Lane]) -> Callable[[], None]:
        self.recordings.append(len(lanes))

        def replay() -> None:
            for lane in lanes:
                lane.step()
                lane.evaluations.pop()  # a replay counts nothing; who replays does

        return replay


def trained(
    unit: Unit,
    runs: Sequence[Run],
    images: ImageSet,
    folder: Path,
    execution: Execution | None = None,
    device: torch.device = CPU,
) -> dict[int, tuple[Any, str]]:
    """Each run's outcome without its times, and how it was executed."""
    found = {}

    def finish(run: RunInTraining, how: str) -> None:
        row = run.outcome.as_row()
        found[run.run.identity["n"]] = (
            {name: value for name, value in row.items() if "seconds" not in name},
            how,
        )

    beginning = [(run, Checkpoint(folder / str(n))) for n, run in enumerate(runs)]
    splits = place_splits(images, unit, device)
    train_together(beginning, unit, splits, device, finish, Stop(), execution=execution)
    return found


def assert_same_outcomes(first: dict[int, Any], second: dict[int, Any]) -> None:
    assert first.keys() == second.keys()
    for n in first:
        assert first[n][0].keys() == second[n][0].keys()
        for name, value in first[n][0].items():
            np.testing.assert_array_equal(value, second[n][0][name], err_msg=f"run {n}: {name}")


@pytest.mark.parametrize("breaking", [None, 0, 3])
@pytest.mark.parametrize("model", ["tiny_cnn", "seed_cnn"])
def test_replays_train_as_steps_do(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, model: str, breaking: int | None
) -> None:
    """Warm-up steps, replays, and a lane whose run is over, which must not disturb the others."""
    unit = unit_of(tmp_path, small, model=model)
    runs = runs_of(unit, breaking)
    recorder = Recorder()
    eager = trained(unit, runs, images, tmp_path / "eager", Eager())
    replayed = trained(unit, runs, images, tmp_path / "replayed", Replayed(recorder))
    for outcome in (eager, replayed):  # an eager run stops counting when it breaks
        for n in outcome:
            if n == breaking:
                assert outcome[n][0]["status"] == "diverged"
    assert_same_outcomes(eager, replayed)
    assert recorder.recordings == [4]
    assert {how for _, how in replayed.values()} == {"graph"}


def test_when_half_of_the_runs_are_over_the_others_are_recorded_anew(
    small: dict[str, Any], images: ImageSet, tmp_path: Path
) -> None:
    unit = unit_of(tmp_path, small)
    wild = [Run(0, n, {"lr": 1e30 if n in (0, 2) else 0.01}, {"n": n}) for n in range(4)]
    recorder = Recorder()
    replayed = trained(unit, wild, images, tmp_path / "replayed", Replayed(recorder))
    assert recorder.recordings == [4, 2]
    assert_same_outcomes(trained(unit, wild, images, tmp_path / "eager"), replayed)


def test_what_cannot_be_recorded_is_trained_step_by_step_and_says_so(
    small: dict[str, Any], images: ImageSet, tmp_path: Path
) -> None:
    unit = unit_of(tmp_path, small)

    def refuse(_: Sequence[Lane]) -> Callable[[], None]:
        raise Unfit("not recordable: a reason")

    replayed = trained(unit, runs_of(unit), images, tmp_path / "a", Replayed(refuse))
    assert {how for _, how in replayed.values()} == {"eager (not recordable: a reason)"}
    assert_same_outcomes(trained(unit, runs_of(unit), images, tmp_path / "b"), replayed)


def lane_of(row: Optimizer, images: ImageSet, model: str = "tiny_cnn", **changes: Any) -> Lane:
    work = Workload(model, 16, 2, (0.5,), **changes)
    unit_like = type("U", (), {"workload": work, "study": type("S", (), {"validation_size": 40})})
    data = place_splits(images, unit_like, CPU).train  # type: ignore[arg-type]
    lane = Lane(Run(0, 5, row.defaults, {}), work, row, CPU, data)
    lane.begin_epoch(lane.plan_tables(1))
    return lane


class _NoWaiting(TorchDispatchMode):
    """Refuses what needs a number from the device, or a shape that depends on one."""

    REFUSED = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal")

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        name = func.overloadpacket.__name__
        assert name not in self.REFUSED, f"{name} makes the host wait"
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("model", models.MODELS)
def test_a_step_asks_the_host_for_nothing(images: ImageSet, model: str) -> None:
    lane = lane_of(CATALOGUE["nag"], images, model, cutout=8, l1=1e-4, l2=1e-4)
    lane.step()
    with _NoWaiting():
        lane.step()


@pytest.mark.parametrize("name", [name for name, row in CATALOGUE.items() if not row.closure])
def test_a_step_writes_where_it_wrote_before(images: ImageSet, name: str) -> None:
    """A recording repeats its addresses: weights, state and plan may not move between steps."""
    lane = lane_of(CATALOGUE[name], images)
    lane.step()
    before_step = host_state(lane.optimizer)
    lane.step()
    if unfitness(lane, before_step):
        return  # is never recorded

    def places() -> list[int]:
        held: list[torch.Tensor] = [*lane.parameters, *lane.model.buffers(), lane._measured]
        for state in lane.optimizer.state.values():
            held += [value for value in state.values() if isinstance(value, torch.Tensor)]
        return [tensor.data_ptr() for tensor in [*held, *lane._tables]]

    lane.step()
    before = places()
    lane.step()
    lane.begin_epoch(lane.plan_tables(2))
    lane.step()
    assert places() == before


def test_numbers_on_the_host_are_found() -> None:
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.grad = torch.ones(3)
    for name, changes in (("SGD", False), ("Adam", True)):
        optimizer = getattr(torch.optim, name)([parameter], lr=0.1)
        optimizer.step()
        before = host_state(optimizer)
        optimizer.step()
        # Adam counts its steps on the host, unless it is told that it will be recorded.
        assert (host_state(optimizer) != before) == changes

    class Counting(torch.optim.SGD):
        count = 0

        def step(self, closure=None):  # type: ignore[no-untyped-def]
            self.count += 1
            return super().step(closure)

    counting = Counting([parameter], lr=0.1)
    counting.step()
    before = host_state(counting)
    counting.step()
    assert host_state(counting) != before


def test_an_optimizer_that_counts_on_the_host_is_unfit(images: ImageSet) -> None:
    found = {}
    for name in ("nag", "nag_sutskever", "adam"):
        lane = lane_of(CATALOGUE[name], images)
        lane.step()
        before = host_state(lane.optimizer)
        lane.step()
        found[name] = unfitness(lane, before)
    assert found["nag"] == found["nag_sutskever"] == ""
    assert "on the host" in found["adam"]  # on a GPU it is built `capturable`


def test_on_a_gpu_optimizers_are_asked_to_be_recordable() -> None:
    parameter = torch.nn.Parameter(torch.ones(3))
    assert CATALOGUE["adam"].build([parameter], {"lr": 0.1}, "cuda").defaults["capturable"]
    assert not CATALOGUE["adam"].build([parameter], {"lr": 0.1}).defaults["capturable"]
    sgd = CATALOGUE["sgd"].build([parameter], {"lr": 0.1}, "cuda").defaults
    assert sgd["fused"]
    assert "capturable" not in sgd


def test_which_execution_is_taken(small: dict[str, Any], images: ImageSet, tmp_path: Path) -> None:
    unit = unit_of(tmp_path, small)
    splits = place_splits(images, unit, CPU)
    run = RunInTraining(unit.runs()[0], unit, splits, CPU, Checkpoint(tmp_path / "x"))
    assert isinstance(execution_for([run], CPU), Eager)
    assert isinstance(execution_for([run], torch.device("cuda")), Replayed)
    run.lane.closure_wanted = True
    assert execution_for([run], torch.device("cuda")).description.startswith("eager (")


@pytest.mark.parametrize(
    ("seconds_of", "expected"),
    [
        (lambda _: 1.0, 4),  # lanes cost nothing: as many as there are runs
        (lambda lanes: lanes, 1),  # no gain
        (lambda lanes: 1.0 if lanes <= 2 else 1.9, 2),  # 2 → 4 wins 5 %, less than 10
        (lambda lanes: 1.0 if lanes <= 2 else 1.7, 4),  # 18 %
    ],
)
def test_lanes_are_doubled_while_it_pays(
    small: dict[str, Any],
    images: ImageSet,
    tmp_path: Path,
    seconds_of: Callable[[int], float],
    expected: int,
) -> None:
    unit = unit_of(tmp_path, small)
    runs = unit.runs()
    time = [0.0]

    def recorder(lanes: Sequence[Lane]) -> Callable[[], None]:
        def replay() -> None:
            time[0] += seconds_of(len(lanes)) * 1e-3

        return replay

    splits = place_splits(images, unit, CPU)
    assert len(runs) == 4
    assert measured_lanes(unit, runs, splits, CPU, recorder, lambda _: time[0]) == expected


@pytest.mark.parametrize("problem", [torch.OutOfMemoryError("full"), Unfit("no")])
def test_lanes_that_do_not_fit_are_not_taken(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, problem: Exception
) -> None:
    unit = unit_of(tmp_path, small)
    time = itertools.count()

    def recorder(lanes: Sequence[Lane]) -> Callable[[], None]:
        if len(lanes) > 1:
            raise problem
        return lambda: None

    splits = place_splits(images, unit, CPU)
    found = measured_lanes(unit, unit.runs(), splits, CPU, recorder, lambda _: next(time))
    assert found == 1


@CUDA
@pytest.mark.parametrize("model", models.MODELS)
def test_a_gpu_agrees_with_the_cpu(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, model: str
) -> None:
    """Twenty steps in float64, recorded on the GPU."""
    unit = unit_of(tmp_path, small, model=model, precision="float64", batch_size=8, epochs=1)
    runs = runs_of(unit)[:2]
    cpu = trained(unit, runs, images, tmp_path / "cpu")
    gpu = trained(unit, runs, images, tmp_path / "gpu", device=torch.device("cuda"))
    for n in cpu:
        assert gpu[n][1] == "graph"
        for name, value in cpu[n][0].items():
            if name.startswith("curve"):
                np.testing.assert_allclose(gpu[n][0][name], value, rtol=1e-7, atol=1e-9)


@CUDA
@pytest.mark.parametrize("lanes", [2, 8, 16])
def test_lanes_on_a_gpu_are_those_of_a_lane_alone(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, lanes: int
) -> None:
    unit = unit_of(tmp_path, small, model="seed_cnn")
    runs = [Run(0, n, {"lr": 0.02}, {"n": n}) for n in range(lanes)]
    device = torch.device("cuda")
    together = trained(unit, runs, images, tmp_path / "together", device=device)
    alone: dict[int, Any] = {}
    for run in runs:
        alone |= trained(unit, [run], images, tmp_path / f"alone{run.seed}", device=device)
    assert_same_outcomes(alone, together)


def test_the_warm_up_is_no_more_than_an_epoch_has(
    small: dict[str, Any], images: ImageSet, tmp_path: Path
) -> None:
    unit = unit_of(tmp_path, small, batch_size=80)
    assert executions.WARM_UP > 160 // 80
    runs = runs_of(unit)
    replayed = trained(unit, runs, images, tmp_path / "a", Replayed(Recorder()))
    assert_same_outcomes(trained(unit, runs, images, tmp_path / "b"), replayed)


class Rootless(torch.optim.SGD):
    """Fails as a method does whose matrix has no root, at its 15th step."""

    def step(self, closure=None):  # type: ignore[no-untyped-def]
        for state in self.state.values():
            state["steps"] = state.get("steps", 0) + 1
        if any(state["steps"] == 15 for state in self.state.values()):
            raise torch.linalg.LinAlgError("no root")
        result = super().step(closure)
        for group in self.param_groups:
            for parameter in group["params"]:
                self.state[parameter].setdefault("steps", 1)
        return result


def test_a_step_that_linear_algebra_refuses_is_a_divergence(
    small: dict[str, Any], images: ImageSet, tmp_path: Path
) -> None:
    unit = unit_of(tmp_path, small)  # ten steps an epoch
    row = Optimizer("rootless", "", f"{__name__}:Rootless", "yours", "", {}, {})
    broken = replace(unit, optimizer=row)
    (outcome, _), *_ = trained(broken, runs_of(unit)[:1], images, tmp_path / "a").values()
    assert (outcome["status"], outcome["diverged_step"]) == ("diverged", 14)
    assert outcome["gradient_evaluations"] == 14
    assert len(outcome["curve_train_loss"]) == 2
