"""Stopping at any epoch and going on ends in the same record as never stopping."""

import os
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml

from nagbench import records
from nagbench.data.images import ImageSet
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.runner.checkpoint import Checkpoint
from nagbench.runner.stop import Interrupted, Stop
from nagbench.runner.store import Store
from nagbench.runner.unit import Progress, train_unit
from nagbench.sources import Snapshot
from nagbench.study.unit import Unit
from small_runs import one_process, unit_of


def unit_for(tmp_path: Path, small: dict[str, Any], optimizer: str, model: str) -> Unit:
    small["optimizers"] = {optimizer: None, "sgd": None, "nag": None}
    small["workloads"]["tiny"] |= {"model": model, "epochs": 3}
    small["testing"]["seeds"] = [11]
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small, sort_keys=False))
    return unit_of(path, f"test/tiny/{optimizer}")


class StopEach(Stop):
    """Wants to stop at every opportunity but the very first."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def wanted(self, seconds_needed: float = 0.0) -> bool:  # noqa: ARG002
        self.asked += 1
        return self.asked > 1


# At its defaults it diverges on these images, and a run that is over is not interrupted.
TAME = {"sgdn_hd": {"hyper_lr": 1e-5}}


def trained(
    unit: Unit, images: ImageSet, folder: Path, stop: Stop | None = None, **options: Any
) -> tuple[pd.DataFrame, ...]:
    settings = {**CATALOGUE[unit.optimizer].defaults, **TAME.get(unit.optimizer, {})}
    chosen = {"tested": [{"trial": 0, "settings": settings, "roles": ["accuracy"]}]}
    output, store = folder / "unit.parquet", Store(folder / "runs")
    trainer = one_process(images, store, stop)
    train_unit(unit, images, output, "cpu", trainer, store, Snapshot(), chosen, **options)
    return records.read_units([output])


BROKEN = {"gradient_scaling", "gradient_scaling_up"}
SLOW = {"kron"}


@pytest.mark.parametrize(
    ("optimizer", "model"),
    [
        *((name, "tiny_cnn") for name in CATALOGUE if name not in BROKEN | SLOW),
        *(pytest.param(name, "tiny_cnn", marks=pytest.mark.slow) for name in SLOW),
        ("nag", "seed_cnn"),
        ("schedule_free_sgd", "resnet20"),
    ],
)
def test_stopped_after_each_epoch_it_ends_the_same(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, optimizer: str, model: str
) -> None:
    unit = unit_for(tmp_path, small, optimizer, model)
    whole = trained(unit, images, tmp_path / "whole")
    for expected_epochs in ([0, 1], [1, 2]):
        epochs: list[int] = []
        with pytest.raises(Interrupted):
            trained(
                unit, images, tmp_path / "parts", stop=StopEach(),
                report=lambda p, seen=epochs: seen.append(p.done),
            )  # fmt: skip
        assert epochs == [0, *expected_epochs]
    parts = trained(unit, images, tmp_path / "parts")
    for one, other in zip(whole, parts, strict=True):
        result = [name for name in one if name not in records.TIMES]
        pd.testing.assert_frame_equal(one[result], other[result], check_exact=True)
    assert not list((tmp_path / "parts").rglob("*.checkpoint"))


@pytest.mark.parametrize("optimizer", sorted(BROKEN))
def test_what_must_fail_is_recorded_as_diverged(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, optimizer: str
) -> None:
    runs, _ = trained(unit_for(tmp_path, small, optimizer, "tiny_cnn"), images, tmp_path)
    assert set(runs["status"]) == {"diverged"}


def test_a_damaged_checkpoint_begins_the_run_anew(
    small: dict[str, Any], images: ImageSet, tmp_path: Path
) -> None:
    unit = unit_for(tmp_path, small, "nag", "tiny_cnn")
    with pytest.raises(Interrupted):
        trained(unit, images, tmp_path / "parts", stop=StopEach())
    (kept,) = (tmp_path / "parts").rglob("*.checkpoint")
    kept.write_bytes(kept.read_bytes()[:500])
    epochs: list[int] = []

    def report(progress: Progress) -> None:
        epochs.append(progress.done)

    trained(unit, images, tmp_path / "parts", report=report)
    assert epochs == [0, 0, 1, 2, 3, 3]


@pytest.mark.parametrize(
    ("now", "needed", "wanted"), [(59, 0, False), (61, 0, True), (30, 29, False), (30, 31, True)]
)
def test_it_stops_when_another_epoch_would_not_fit(now: float, needed: float, wanted: bool) -> None:
    time = [0.0]
    stop = Stop(minutes=1, clock=lambda: time[0])
    time[0] = now
    assert stop.wanted(needed) == wanted


def test_without_a_limit_it_never_stops_by_itself() -> None:
    assert not Stop(clock=lambda: 1e9).wanted(1e9)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_wish_to_stop_and_only_while_listening(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    stop = Stop()
    with stop.listening():
        assert not stop.wanted()
        os.kill(os.getpid(), number)
        assert stop.wanted()
    assert signal.getsignal(number) == before


def test_a_checkpoint_is_due_only_after_its_time(tmp_path: Path) -> None:
    time = [0.0]
    checkpoint = Checkpoint(tmp_path / "x", seconds=60, clock=lambda: time[0])
    time[0] = 59
    assert not checkpoint.due()
    time[0] = 60
    assert checkpoint.due()
    checkpoint.save({"epoch": 3})
    assert not checkpoint.due()
    assert checkpoint.load(torch.device("cpu")) == {"epoch": 3}
    checkpoint.remove()
    assert checkpoint.load(torch.device("cpu")) is None
