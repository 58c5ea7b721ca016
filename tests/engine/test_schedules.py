"""Schedules against torch's own, and in the steps of a run."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler as theirs

from nagbench.data.images import ImageSet
from nagbench.engine import build
from nagbench.engine.loop import step, train
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import place_splits
from nagbench.schedules.plateau import plateaus
from nagbench.schedules.registry import SCHEDULES
from small_runs import CPU, placed, recipe_of, trained

EPOCHS, STEPS = 8, 25
TOTAL = EPOCHS * STEPS


def ours(schedule: str, losses: list[float] | None = None, decay: float = 0.5) -> np.ndarray:
    work = recipe_of(schedule=schedule, epochs=EPOCHS, decay=decay)
    factors = build.schedule(work)
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
    for number in range(TOTAL):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not per_epoch or number % STEPS == STEPS - 1:
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
    assert build.schedule(recipe_of())(recipe_of(), 1, STEPS, []) is None


def test_a_squares_decay_is_faster_than_a_proportional_one() -> None:
    """The first article says the opposite."""
    assert (ours("square")[2 * STEPS :] < ours("proportional")[2 * STEPS :]).all()


def test_the_printed_stop_rule_leaves_an_epoch_after_its_first_batch() -> None:
    assert np.flatnonzero(ours("first_batch")).tolist() == list(range(0, TOTAL, STEPS))


CHANGING = [name for name in SCHEDULES if name != "constant"]


@pytest.mark.parametrize("schedule", CHANGING)
def test_a_run_takes_its_steps_at_the_schedules_rates(images: ImageSet, schedule: str) -> None:
    """Gradient descent: a step's length is the rate times the gradient's."""
    work = recipe_of(schedule=schedule, decay=0.5)
    one = LiveRun(work, placed(images), CPU)
    for epoch in (1, 2):
        # An evaluation at half an epoch is none of the schedule's.
        one.outcome.curve["epoch"] = [0.0, 0.5, 1.0][: 2 * epoch - 1]
        one.outcome.curve["validation_loss"] = [2.0, 9.0, 1.0][: 2 * epoch - 1]
        one.epoch = epoch - 1
        steps = trained(one, epoch)
        expected = build.schedule(work)(work, epoch, one.steps, [2.0, 1.0][:epoch])
        assert expected is not None
        np.testing.assert_allclose(steps[:, 4] / steps[:, 2], 0.1 * expected, rtol=1e-4)
        assert one.learning_rate() == pytest.approx(0.1 * expected[-1])


@pytest.mark.parametrize("schedule", CHANGING)
def test_stopped_and_resumed_after_any_epoch_the_rates_are_the_same(
    images: ImageSet, schedule: str
) -> None:
    """A restored optimizer holds a rate that is scaled already; scaling it again shrinks it."""
    work = recipe_of("tiny_cnn", "nag", schedule=schedule, decay=0.5, epochs=4)
    splits = place_splits(images, work, CPU)
    states, curves = [None], []
    for resumed in range(4):
        state = states[resumed]
        for (run,), _ in train([work], splits, CPU, [state]):
            if resumed == 0:
                states.append(run.state())
        curves.append(run.outcome.curve)
    results = [name for name in curves[0] if "seconds" not in name]
    for curve in curves[1:]:
        for name in results:
            np.testing.assert_array_equal(curve[name], curves[0][name], err_msg=name)
    losses = run.outcome.at_whole_epochs("validation_loss")
    last = build.schedule(work)(work, 4, run.steps, losses[:4])
    assert last is not None
    assert curves[0]["learning_rate"][-1] == pytest.approx(0.01 * last[-1], rel=1e-12)


def test_rates_that_lie_on_the_device_train_the_same(
    images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a captured step reads: a tensor written in the step itself."""
    work = recipe_of("tiny_cnn", "nag_sutskever", schedule="warmup_cosine")
    number, tensor = (LiveRun(work, placed(images), CPU) for _ in range(2))
    rates = []
    for epoch in (1, 2):
        for one in (number, tensor):
            one.epoch = epoch - 1
            one.begin_epoch(one.plan(epoch))
            monkeypatch.setattr(LiveRun, "on_gpu", one is tensor)
            one.put_rates_on_device()
            for _ in range(one.steps):
                step(one)
        np.testing.assert_allclose(number.measured(), tensor.measured(), rtol=1e-4)
        assert number.learning_rate() == pytest.approx(tensor.learning_rate())
        rates.append(tensor.optimizer.param_groups[0]["lr"])
    assert isinstance(rates[0], torch.Tensor)
    assert rates[0] is rates[1]
