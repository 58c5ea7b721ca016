"""Schedules against torch's own, and in the steps of a run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from test_lane import lane, placed, workload
from torch.optim import lr_scheduler as theirs

from nagbench import records
from nagbench.data.images import ImageSet
from nagbench.study import SCHEDULES
from nagbench.study_file import load_study
from nagbench.training.interruption import Stop
from nagbench.training.schedules import factors, plateaus
from nagbench.training.store import Store
from nagbench.training.trainer import OneDevice
from nagbench.training.unit import train_unit

EPOCHS, STEPS = 8, 25
TOTAL = EPOCHS * STEPS


def ours(schedule: str, losses: list[float] | None = None, decay: float = 0.5) -> np.ndarray:
    work = workload(schedule=schedule, epochs=EPOCHS, decay=decay)
    found = []
    for epoch in range(1, EPOCHS + 1):
        part = factors(work, epoch, STEPS, (losses or [])[:epoch])
        assert part is not None
        found.append(part)
    return np.concatenate(found)


def torchs(make: Any, per_epoch: bool) -> np.ndarray:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = make(optimizer)
    found = []
    for step in range(TOTAL):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not per_epoch or step % STEPS == STEPS - 1:
            scheduler.step()
    return np.array(found)


WARM = round(0.05 * TOTAL)


def warm_up(after: Any) -> Any:
    def make(optimizer: torch.optim.Optimizer) -> theirs.SequentialLR:
        first = theirs.LinearLR(optimizer, 1 / WARM, 1.0, WARM - 1)
        return theirs.SequentialLR(optimizer, [first, after(optimizer)], [WARM])

    return make


@pytest.mark.parametrize(
    ("schedule", "make", "per_epoch"),
    [
        ("proportional", lambda o: theirs.ExponentialLR(o, 0.5), True),
        ("square", lambda o: theirs.MultiplicativeLR(o, lambda t: 0.5**t), True),
        ("step", lambda o: theirs.MultiStepLR(o, [4, 6], 0.1), True),
        ("cosine", lambda o: theirs.CosineAnnealingLR(o, TOTAL), False),
        (
            "warmup_cosine",
            warm_up(lambda o: theirs.CosineAnnealingLR(o, TOTAL - WARM)),
            False,
        ),
        (
            "warmup_linear",
            warm_up(lambda o: theirs.LinearLR(o, 1.0, 0.0, TOTAL - WARM)),
            False,
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_it_is_torchs(schedule: str, make: Any, per_epoch: bool) -> None:
    np.testing.assert_allclose(ours(schedule), torchs(make, per_epoch), rtol=1e-9, atol=1e-12)


@given(st.lists(st.floats(0.1, 3.0), min_size=1, max_size=30))
def test_plateaus_are_torchs(losses: list[float]) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = theirs.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, eps=0.0)
    for loss in losses:
        scheduler.step(loss)
    assert optimizer.param_groups[0]["lr"] == 0.5 ** plateaus(losses)


def test_a_plateau_lowers_the_rate_of_the_epochs_after_it() -> None:
    losses = [2.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.4, 0.3]
    found = ours("plateau", losses)[::STEPS]
    np.testing.assert_array_equal(found, [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5])


def test_a_constant_rate_has_no_factors() -> None:
    assert factors(workload(), 1, STEPS, []) is None


def test_a_squares_decay_is_faster_than_a_proportional_one() -> None:
    """The first article says the opposite."""
    assert (ours("square")[2 * STEPS :] < ours("proportional")[2 * STEPS :]).all()


@pytest.mark.parametrize("schedule", [name for name in SCHEDULES if name != "constant"])
def test_a_run_takes_its_steps_at_the_schedules_rates(images: ImageSet, schedule: str) -> None:
    """Gradient descent: a step's length is the rate times the gradient's."""
    work = workload(schedule=schedule, decay=0.5, epochs=2)
    one = lane("sgd", work, placed(images))
    rates = []
    for epoch in (1, 2):
        expected = factors(work, epoch, one.steps, [2.0, 1.0][:epoch])
        one.begin_epoch(one.plan_tables(epoch), expected)
        for _ in range(one.steps):
            one.step()
        steps = one.measured()
        np.testing.assert_allclose(steps[:, 4] / steps[:, 2], 0.1 * expected, rtol=1e-4)  # type: ignore[operator]
        rates.append(one.learning_rate())
    assert rates[-1] == pytest.approx(0.1 * expected[-1])  # type: ignore[index]


def test_rates_that_lie_on_the_device_train_the_same(images: ImageSet, tmp_path: Path) -> None:
    """What a recording reads: a tensor written in the step itself."""
    work = workload(schedule="warmup_cosine", epochs=2)
    number, tensor = (lane("nag_sutskever", work, placed(images)) for _ in range(2))
    tensor._rates = [tensor.optimizer.param_groups[0]["lr"]]
    rate = torch.tensor(tensor._rates[0], dtype=torch.float64)
    tensor.optimizer.param_groups[0]["lr"] = rate
    for epoch in (1, 2):
        for one in (number, tensor):
            one.begin_epoch(one.plan_tables(epoch), factors(work, epoch, one.steps, []))
            for _ in range(one.steps):
                one.step()
        np.testing.assert_allclose(number.measured(), tensor.measured(), rtol=1e-4)
        assert number.learning_rate() == pytest.approx(tensor.learning_rate())
    assert tensor.optimizer.param_groups[0]["lr"] is rate


@pytest.mark.parametrize("own", [False, True])
def test_a_method_that_brings_its_own_schedule_is_left_alone(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, own: bool
) -> None:
    small["workloads"]["tiny"] |= {"schedule": "proportional", "decay": 0.5}
    small["optimizers"]["sgd"] = {"own_schedule": own}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    unit = load_study(str(path)).unit("tune/tiny/sgd")
    store = Store(tmp_path / "runs")
    trainer = OneDevice(images, store, Stop(), "cpu")
    train_unit(unit, images, tmp_path / "unit.parquet", "cpu", trainer, store)
    runs, curves = records.read_units([tmp_path / "unit.parquet"])
    first = curves[curves["run"] == runs["run"][0]]["learning_rate"].to_numpy()
    assert list(first / first[0]) == ([1, 1, 1] if own else [1, 1, 0.5])
