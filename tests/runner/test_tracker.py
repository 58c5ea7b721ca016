"""How far a unit is: counts that never go back, of everything that will be trained."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from test_stop import StopEach

from nagbench.data.images import ImageSet
from nagbench.runner.progress import Progress
from nagbench.runner.stop import Interrupted
from nagbench.runner.store import Store
from nagbench.runner.unit import progress, train_unit
from nagbench.sources import Snapshot
from nagbench.study.unit import Unit
from small_runs import one_process, unit_of


@pytest.fixture
def tuned(small: dict[str, Any], tmp_path: Path) -> Unit:
    """Two of four trials go on from epoch 1 to epoch 3, and so does the published setting; the
    best of them trains with another seed."""
    small["workloads"]["tiny"]["epochs"] = 3
    rungs = [{"epochs": 1, "keep": 2}]
    small["tuning"] |= {"points": 4, "rungs": rungs, "seeds": [1, 2]}
    small["optimizers"]["sgd"] = {"space": {"lr": {"low": 0.01, "high": 0.4}}}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small))
    return unit_of(tmp_path / "small.yaml", "tune/tiny/sgd")


def train(unit: Unit, images: ImageSet, folder: Path, lanes: int = 1, **how: Any) -> list[Progress]:
    """Train the unit; what was reported, whether or not it was stopped."""
    seen: list[Progress] = []
    store = Store(folder / "runs")
    trainer = one_process(images, store, lanes=lanes, **how)
    output = folder / "unit.parquet"
    try:
        train_unit(
            unit, images, output, "cpu", trainer, store, Snapshot(), report=seen.append
        )  # fmt: skip
    except Interrupted:
        assert not output.exists()
    done = [one.done for one in seen]
    assert done == sorted(done)
    return seen


def test_tuning_counts_what_it_will_still_train(
    tuned: Unit, images: ImageSet, tmp_path: Path
) -> None:
    expected = sum(tuned.planned())
    seen = train(tuned, images, tmp_path, lanes=2)
    assert {one.epochs for one in seen} == {expected}
    assert seen[0] == Progress(0, expected)
    assert seen[-1] == Progress(expected, expected)
    assert max(one.running for one in seen) == 2
    assert progress(tuned, images, "cpu", Store(tmp_path / "runs"), None) == seen[-1]


def test_what_a_stopped_run_kept_counts_from_the_start(
    tuned: Unit, images: ImageSet, tmp_path: Path
) -> None:
    before, sessions = 0, 0
    while True:
        seen = train(tuned, images, tmp_path, stop=StopEach())
        sessions += 1
        assert max(one.done for one in seen[:2]) == before, "its checkpoint is where it begins"
        before = seen[-1].done
        if before == seen[-1].epochs:
            break
    assert sessions == sum(tuned.planned())


def test_a_run_that_breaks_off_trains_no_further(
    small: dict[str, Any], images: ImageSet, tmp_path: Path
) -> None:
    small["optimizers"]["wild"] = {"based_on": "sgd", "space": {"lr": {"low": 0.05, "high": 1e30}}}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small))
    unit = unit_of(tmp_path / "small.yaml", "tune/tiny/wild")
    seen = train(unit, images, tmp_path)
    assert seen[0].epochs == sum(unit.planned())
    assert seen[-1].done == seen[-1].epochs < seen[0].epochs
    assert train(unit, images, tmp_path)[0].epochs <= seen[-1].epochs
