"""Runs stopped at a rung: what is kept of them, and that they go on as if never stopped."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from test_stop import StopEach

from nagbench import records
from nagbench.data.images import ImageSet
from nagbench.engine.outcome import evaluation_points
from nagbench.engine.recipe import Recipe
from nagbench.integrity import check, check_unit
from nagbench.runner.many_processes import ManyProcesses
from nagbench.runner.one_process import Trainer
from nagbench.runner.stop import Interrupted, Stop
from nagbench.runner.store import Store, part
from nagbench.runner.unit import train_unit
from nagbench.sources import Snapshot
from small_runs import CPU, one_process, recipe_of, unit_of

MakeTrainer = Callable[[ImageSet, Store], contextlib.AbstractContextManager[Trainer]]


@contextlib.contextmanager
def one(images: ImageSet, store: Store) -> Iterator[Trainer]:
    yield one_process(images, store)


@contextlib.contextmanager
def lanes(images: ImageSet, store: Store) -> Iterator[Trainer]:
    yield one_process(images, store, lanes=2)


def many(images: ImageSet, store: Store) -> ManyProcesses:
    return ManyProcesses(images, store, Stop(), Snapshot(), 2)


TRAINERS = {"one process": one, "lanes": lanes, "many processes": many}
EPOCHS, RUNGS = 6, (1, 3, 6)


def recipes() -> dict[str, Recipe]:
    """Three runs of six epochs by keys of the store; the last one breaks in its first steps."""
    rates = (0.05, 0.1, 1e30)
    return {
        f"{n}{n}": recipe_of(epochs=EPOCHS, seed=n, settings={"lr": rate}, judged_on_test=True)
        for n, rate in enumerate(rates)
    }


def train(trainer: Trainer, epochs: int, wanted: dict[str, Recipe] | None = None) -> set[str]:
    """Have the trainer train so far; the runs that it said were over."""
    over: set[str] = set()
    reached: dict[str, int] = {}

    def report(key: str, epoch: int, ended: bool) -> None:
        assert key not in over
        assert reached.get(key, 0) <= epoch <= epochs
        reached[key] = epoch
        if ended:
            over.add(key)

    trainer.train(wanted or recipes(), report, epochs)
    return over


def assert_same(first: dict[str, Any] | None, second: dict[str, Any] | None) -> None:
    assert first is not None
    assert second is not None
    for name in first:
        if name not in records.TIMES and "seconds" not in name:
            np.testing.assert_array_equal(first[name], second[name], err_msg=name)


@pytest.fixture(scope="module")
def whole(images: ImageSet, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """What runs leave that train in one go."""
    store = Store(tmp_path_factory.mktemp("whole"))
    train(one_process(images, store), EPOCHS)
    return store


def is_part(kept: dict[str, Any] | None, whole: dict[str, Any] | None, epochs: int) -> None:
    """Assert that what is kept is how the whole run began, without a look at the test set."""
    assert kept is not None
    assert whole is not None
    count = len(evaluation_points(epochs))
    assert (kept["status"], kept["diverged_step"]) == ("stopped", -1)
    assert kept["gradient_evaluations"] == whole["curve_gradient_evaluations"][count - 1]
    for name in (name for name in kept if name.startswith("curve") and "seconds" not in name):
        expected = whole[name][:count]
        if name.startswith("curve_test"):
            expected = [np.nan] * count
        np.testing.assert_array_equal(kept[name], expected, err_msg=name)


@pytest.mark.parametrize("made", TRAINERS)
def test_from_rung_to_rung_it_is_the_run_in_one_go(
    images: ImageSet, whole: Store, tmp_path: Path, made: str
) -> None:
    store, keys = Store(tmp_path), list(recipes())
    with TRAINERS[made](images, store) as trainer:
        for epochs in RUNGS:
            assert train(trainer, epochs, {k: recipes()[k] for k in keys}) == set(keys)
            keys = [key for key in keys if store.get(key) is None]  # one diverges at once
            for key in keys:
                is_part(store.get(part(key, epochs)), whole.get(key), epochs)
                assert store.checkpoint(key).load(CPU) is not None
            assert len(keys) == (0 if epochs == EPOCHS else 2)
    for key in recipes():
        assert_same(whole.get(key), store.get(key))
    assert not list(tmp_path.rglob("*.checkpoint"))


def test_interrupted_between_rungs_it_ends_the_same(
    images: ImageSet, whole: Store, tmp_path: Path
) -> None:
    """A new process each epoch, each of which finds what the one before has left."""
    store, times = Store(tmp_path), 0
    for epochs in RUNGS:
        while wanted := {
            key: recipe
            for key, recipe in recipes().items()
            if store.get(key) is None and store.get(part(key, epochs)) is None
        }:
            times += 1
            with contextlib.suppress(Interrupted):
                train(one_process(images, store, StopEach(), lanes=2), epochs, wanted)
    assert times >= EPOCHS
    for key in recipes():
        assert_same(whole.get(key), store.get(key))


@pytest.mark.parametrize("made", TRAINERS)
@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_part_that_lies_behind_the_checkpoint_is_cut_from_it(
    images: ImageSet, whole: Store, tmp_path: Path, made: str, epochs: int
) -> None:
    """Its file was lost; the run is at epoch 3, and stays there."""
    store = Store(tmp_path)
    wanted = {key: recipe for key, recipe in recipes().items() if recipe.settings["lr"] < 1}
    train(one_process(images, store), 3, wanted)
    (tmp_path / "00" / "00-3.json").unlink()
    kept = [path.read_bytes() for path in sorted(tmp_path.rglob("*.checkpoint"))]
    with TRAINERS[made](images, store) as trainer:
        assert train(trainer, epochs, wanted) == set(wanted)
    assert [path.read_bytes() for path in sorted(tmp_path.rglob("*.checkpoint"))] == kept
    for key in wanted:
        is_part(store.get(part(key, epochs)), whole.get(key), epochs)
    train(one_process(images, store), EPOCHS, wanted)
    for key in wanted:
        assert_same(whole.get(key), store.get(key))


def test_a_checkpoint_is_there_before_the_part_that_needs_it(
    images: ImageSet, whole: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two, the run goes on: never is a part kept that cannot go on."""
    store, honest = Store(tmp_path), Store.put

    class KilledError(BaseException):
        pass

    def killed(self: Store, key: str, outcome: Any) -> None:
        raise KilledError

    monkeypatch.setattr(Store, "put", killed)
    with pytest.raises(KilledError):
        train(one_process(images, store), 3, {"00": recipes()["00"]})
    monkeypatch.setattr(Store, "put", honest)
    state = store.checkpoint("00").load(CPU)
    assert state is not None
    assert state["epoch"] == 3
    train(one_process(images, store), 3, {"00": recipes()["00"]})
    is_part(store.get(part("00", 3)), whole.get("00"), 3)


def test_a_units_records_are_the_same_by_whatever_trainer(
    images: ImageSet, small: dict[str, Any], tmp_path: Path
) -> None:
    """Six trials: three go on from epoch 1, one from epoch 2, beside the published setting."""
    small["workloads"]["tiny"]["epochs"] = 4
    rungs = [{"epochs": 1, "keep": 3}, {"epochs": 2, "keep": 1}]
    small["tuning"] = {**small["tuning"], "points": 6, "rungs": rungs, "seeds": [1, 2]}
    small["optimizers"]["sgd"] = {"space": {"lr": {"low": 0.01, "high": 0.4}}}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small))
    unit = unit_of(tmp_path / "small.yaml", "tune/tiny/sgd")
    found = []
    for made in TRAINERS:
        output, store = tmp_path / f"{made}.parquet", Store(tmp_path / made)
        with TRAINERS[made](images, store) as trainer:
            train_unit(unit, images, output, "cpu", trainer, store, Snapshot())
        runs, curves = records.read_units([output])
        check(runs, curves, output)
        check_unit(unit, runs, curves)
        found.append(records.digest(runs, curves))
        assert not list((tmp_path / made).rglob("*.checkpoint"))
    assert len(set(found)) == 1
    far = curves.groupby("run")["epoch"].max()
    assert sorted(far) == [1, 1, 1, 2, 2, 4, 4, 4, 4]
    stopped = runs.set_index("run")["status"] == "stopped"
    assert (far[stopped.index[stopped]] < 4).all()
    assert (far[stopped.index[~stopped]] == 4).all()
