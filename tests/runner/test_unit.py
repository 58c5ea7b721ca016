"""A unit: the same records however it was interrupted, split or repeated."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from nagbench import records
from nagbench.data.images import ImageSet
from nagbench.engine import loop
from nagbench.engine.loop import train
from nagbench.engine.outcome import count_spikes
from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError
from nagbench.runner.many_processes import ManyProcesses
from nagbench.runner.one_process import OneProcess
from nagbench.runner.stop import Stop
from nagbench.runner.store import Store
from nagbench.runner.unit import Progress, train_unit
from nagbench.sources import Snapshot
from nagbench.study.model import Study
from nagbench.study.unit import Unit
from small_runs import one_process, unit_of

CHOSEN = {"tested": [{"trial": 1, "settings": {"lr": 0.1}, "roles": ["accuracy"]}]}


def trained(
    unit: Unit, images: ImageSet, folder: Path, lanes: int = 1, **options: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    output, store = folder / "unit.parquet", Store(folder / "runs")
    chosen = CHOSEN if unit.stage == "test" else None
    trainer = one_process(images, store, lanes=lanes)
    train_unit(unit, images, output, "cpu", trainer, store, Snapshot(), chosen, **options)
    return records.read_units([output])


def runs_epochs(frames: tuple[pd.DataFrame, pd.DataFrame]) -> int:
    """The whole epochs that all runs trained."""
    return int(frames[1].groupby("run")["epoch"].max().astype(int).sum())


def results(frames: tuple[pd.DataFrame, pd.DataFrame]) -> list[pd.DataFrame]:
    return [frame.drop(columns=list(records.TIMES), errors="ignore") for frame in frames]


def assert_same(first: Any, second: Any) -> None:
    for left, right in zip(results(first), results(second), strict=True):
        pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_a_units_records_say_what_happened(
    small_study: Study, images: ImageSet, tmp_path: Path
) -> None:
    runs, curves = trained(unit_of(small_study, "test/tiny/sgd"), images, tmp_path)
    assert list(runs["seed"]) == [11, 12]
    assert set(runs["status"]) == {"finished"}
    assert set(runs["gradient_evaluations"]) == {2 * (160 // 16)}
    assert list(curves["epoch"]) == [0, 0.5, 1, 1.5, 2] * 2
    assert curves["train_loss"].isna().tolist() == [True, *[False] * 4] * 2
    provenance = json.loads(runs["provenance"][0])
    assert provenance["threads"] == provenance["lanes"] == provenance["processes"] == 1
    assert provenance["execution"] == "eager"
    assert provenance["data"] == images.digest
    assert {"device", "torch", "code", "precision", "backend"} <= provenance.keys()


def test_the_test_set_is_not_seen_while_tuning(
    small_study: Study, images: ImageSet, tmp_path: Path
) -> None:
    _, curves = trained(unit_of(small_study, "tune/tiny/sgd"), images, tmp_path)
    assert curves[["test_loss", "test_accuracy"]].isna().all(axis=None)


def test_the_same_unit_twice_is_the_same(
    small_study: Study, images: ImageSet, tmp_path: Path
) -> None:
    unit = unit_of(small_study, "test/tiny/nag_sutskever")
    assert_same(*(trained(unit, images, tmp_path / name) for name in "ab"))


def test_a_run_does_not_depend_on_its_neighbours(
    small: dict[str, Any], images: ImageSet, tmp_path: Path
) -> None:
    frames = []
    for seeds in ([11, 12, 13], [13, 11]):
        path = tmp_path / "small.yaml"
        path.write_text(yaml.safe_dump({**small, "testing": {"seeds": seeds}}))
        unit = unit_of(path, "test/tiny/sgd")
        frames.append(trained(unit, images, tmp_path / str(len(seeds))))
    for many, few in zip(*(results(frame) for frame in frames), strict=True):
        kept = many[many["run"].isin(few["run"])]
        order = [column for column in ("run", "epoch") if column in many]
        pd.testing.assert_frame_equal(
            *(frame.sort_values(order, ignore_index=True) for frame in (kept, few)),
            check_exact=True,
        )


@pytest.mark.parametrize("optimizer", ["nag_sutskever", "wild"])
def test_processes_and_lanes_change_no_bit(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, optimizer: str
) -> None:
    """One after another, side by side in one process, a process each; one of them breaks."""
    small["optimizers"]["wild"] = {"based_on": "sgd", "space": {"lr": {"low": 0.05, "high": 1e30}}}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    unit = unit_of(path, f"tune/tiny/{optimizer}")
    alone = trained(unit, images, tmp_path / "alone")
    assert ("diverged" in set(alone[0]["status"])) == (optimizer == "wild")
    assert_same(alone, trained(unit, images, tmp_path / "lanes", lanes=3))
    output, store = tmp_path / "unit.parquet", Store(tmp_path / "runs")
    done: list[int] = []
    with ManyProcesses(images, store, Stop(), Snapshot(), 2) as trainer:
        train_unit(
            unit,
            images,
            output,
            "cpu",
            trainer,
            store,
            Snapshot(),
            report=lambda p: done.append(p.done),
        )
    assert_same(alone, records.read_units([output]))
    assert done == sorted(done)
    assert done[-1] == runs_epochs(alone)


@pytest.mark.parametrize("moment", range(4))
def test_interrupted_and_started_again_it_ends_the_same(
    small_study: Study, images: ImageSet, tmp_path: Path, moment: int
) -> None:
    unit = unit_of(small_study, "test/tiny/sgd")
    seen: list[Progress] = []

    def interrupt(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == moment + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(unit, images, tmp_path / "a", report=interrupt)
    assert not (tmp_path / "a" / "unit.parquet").exists()
    again = trained(unit, images, tmp_path / "a")
    assert_same(again, trained(unit, images, tmp_path / "b"))


def test_finished_runs_are_not_trained_again(
    small_study: Study, images: ImageSet, tmp_path: Path
) -> None:
    unit = unit_of(small_study, "test/tiny/sgd")
    first = trained(unit, images, tmp_path)
    seen: list[Progress] = []
    second = trained(unit, images, tmp_path, report=seen.append)
    assert seen == [Progress(4, 4)]
    pd.testing.assert_frame_equal(first[0], second[0], check_exact=True)


def test_a_damaged_kept_run_is_trained_again(
    small_study: Study, images: ImageSet, tmp_path: Path
) -> None:
    unit = unit_of(small_study, "test/tiny/sgd")
    first = trained(unit, images, tmp_path)
    for kept in (tmp_path / "runs").rglob("*.json"):
        kept.write_text(kept.read_text()[:100])
    assert_same(first, trained(unit, images, tmp_path))


def test_other_data_are_not_taken_for_the_same(
    small_study: Study, images: ImageSet, tmp_path: Path
) -> None:
    unit = unit_of(small_study, "test/tiny/sgd")
    _, first = trained(unit, images, tmp_path)
    darker = replace(
        images, train_images=images.train_images // 2, test_images=images.test_images // 2
    )
    _, second = trained(unit, darker, tmp_path)
    assert not first["test_loss"].equals(second["test_loss"])


def test_a_diverged_run_is_a_result_and_leaves_its_neighbours_alone(
    small: dict[str, Any], images: ImageSet, tmp_path: Path
) -> None:
    small["optimizers"]["sgd"] = {"space": {"lr": {"low": 0.05, "high": 1e30}}}
    path = tmp_path / "wild.yaml"
    path.write_text(yaml.safe_dump(small))
    unit = unit_of(path, "tune/tiny/sgd")
    runs, curves = trained(unit, images, tmp_path)
    assert list(runs["status"]) == ["finished", "diverged", "diverged"]
    assert list(runs["diverged_step"] >= 0) == [False, True, True]
    last = curves[curves["run"] == runs["run"][2]]
    assert list(last["epoch"]) == [0]
    assert np.isfinite(curves["validation_loss"]).all()


@pytest.mark.parametrize(
    ("path", "value"),
    [("validation_size", 200), ("train_size", 161), ("batch_size", 161)],
)
def test_sizes_that_the_data_cannot_give_are_refused(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, path: str, value: int
) -> None:
    (small if path in small else small["workloads"]["tiny"])[path] = value
    file = tmp_path / "small.yaml"
    file.write_text(yaml.safe_dump(small))
    unit = unit_of(file, "tune/tiny/sgd")
    with pytest.raises(InputError, match=path):
        trained(unit, images, tmp_path)
    assert not (tmp_path / "unit.parquet").exists()


def test_spikes_are_counted_against_the_mean_before_them() -> None:
    losses = np.array([1.0, 1.0, 2.0, 2.3, 1.0])
    # Means before each step from the second on: 1, 1, 1.1, 1.22.
    assert count_spikes(losses, 0) == 1
    assert count_spikes(losses, 4) == 0
    assert count_spikes(np.array([1.0, 2.0]), 0) == 0
    assert count_spikes(np.array([1.0, 2.001]), 0) == 1


def test_runs_that_do_not_fit_side_by_side_train_fewer_at_a_time(
    small: dict[str, Any], images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory for two runs: three are halved to one, and the records are those of runs alone."""
    small["optimizers"]["sgd"] = {"space": {"lr": {"low": 0.01, "high": 0.1}}}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    sizes = []

    def crowded(recipes: Sequence[Recipe], *rest: Any, **options: Any) -> Iterator[Any]:
        sizes.append(len(recipes))
        for n, epoch in enumerate(train(recipes, *rest, **options)):
            if n and len(recipes) > 1:
                raise torch.OutOfMemoryError("full")
            yield epoch

    unit = unit_of(path, "tune/tiny/sgd")
    expected = trained(unit, images, tmp_path / "alone")
    monkeypatch.setattr("nagbench.runner.one_process.train", crowded)
    assert_same(expected, trained(unit, images, tmp_path / "crowded", lanes=3))
    assert sizes == [3, 1, 1, 1]


def test_one_run_that_does_not_fit_is_refused(
    small_study: Study, images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Iterator[Any]:
        raise torch.OutOfMemoryError("full")
        yield

    monkeypatch.setattr("nagbench.runner.one_process.train", full)
    with pytest.raises(InputError, match="does not fit into the device's memory"):
        trained(unit_of(small_study, "tune/tiny/sgd"), images, tmp_path, lanes=2)


def test_a_source_edited_while_a_trainer_runs_stops_it(
    small_study: Study, images: ImageSet, tmp_path: Path
) -> None:
    """What it has in memory is no longer what a digest taken now would name: nothing is kept."""
    unit, store, code = unit_of(small_study, "tune/tiny/sgd"), Store(tmp_path / "runs"), Snapshot()
    trainer = OneProcess(images, store, Stop(), "cpu", code)

    def edit(progress: Progress) -> None:
        if progress.done:  # as if the file had said something else when the process loaded it
            code._content[Path(loop.__file__)] = b"EPOCHS = 3"

    with pytest.raises(InputError, match=r"loop\.py: changed since this training began"):
        train_unit(
            unit, images, tmp_path / "x.parquet", "cpu", trainer, store, code, report=edit
        )  # fmt: skip
    assert not list((tmp_path / "runs").rglob("*.json"))
    with pytest.raises(InputError, match=r"loop\.py: changed since"):  # nor is the next begun
        train_unit(unit, images, tmp_path / "x.parquet", "cpu", trainer, store, code)
