"""The engine beside what is known without it: chance, memory, and labels that say nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy import stats

from nagbench import records
from nagbench.data.images import ImageSet
from nagbench.study_file import load_study
from nagbench.training.interruption import Stop
from nagbench.training.store import Store
from nagbench.training.trainer import OneDevice
from nagbench.training.unit import train_unit

EVIDENCE = Path("paper/records/paper-cpu")


@pytest.fixture(scope="module")
def shuffled(images: ImageSet) -> ImageSet:
    """The same images under labels that have nothing to do with them."""
    noise = np.random.default_rng(5)
    return replace(
        images,
        train_labels=noise.permutation(images.train_labels),
        test_labels=noise.permutation(images.test_labels),
    )


def test_labels_that_say_nothing_are_remembered_and_not_understood(
    small: dict[str, Any], tmp_path: Path, shuffled: ImageSet
) -> None:
    """A network can fit any labels; what it then knows of others is chance."""
    small["workloads"]["tiny"] |= {"epochs": 60, "padding": 0, "flip": False, "batch_size": 20}
    small["optimizers"] = {"adam": {"settings": {"lr": 0.003}, "space": {}}, "sgd": None}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    unit = load_study(str(path)).unit("tune/tiny/adam")
    output, store = tmp_path / "unit.parquet", Store(tmp_path / "runs")
    trainer = OneDevice(shuffled, store, Stop(), "cpu")
    train_unit(unit, shuffled, output, "cpu", trainer, store)
    _, curves = records.read_units([output])
    last = curves.iloc[-1]
    assert last["train_accuracy"] > 0.9
    right = round(40 * last["validation_accuracy"])
    assert stats.binomtest(right, 40, 0.1).pvalue > 0.001


def test_before_training_the_committed_runs_were_at_chance() -> None:
    runs, curves = records.read_tables(EVIDENCE)
    tested = runs[(runs["stage"] == "test") & (runs["optimizer"] == "sgd")]
    begun = curves[curves["run"].isin(tested["run"]) & (curves["epoch"] == 0)]
    accuracy = begun["test_accuracy"].to_numpy()
    low, high = stats.t.interval(0.999, len(accuracy) - 1, accuracy.mean(), stats.sem(accuracy))
    assert low < 0.1 < high
    # And the loss is that of ten classes held equally likely, within what initial weights add.
    assert begun["test_loss"].to_numpy() == pytest.approx(np.log(10), abs=0.05)
