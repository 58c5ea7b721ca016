"""The engine beside what is known without it: chance, memory, and labels that say nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from nagbench import records
from nagbench.data.images import ImageSet
from small_runs import outcomes, recipe_of

EVIDENCE = Path("paper/records/pilot")


@pytest.fixture(scope="module")
def shuffled(images: ImageSet) -> ImageSet:
    """The same images under labels that have nothing to do with them."""
    noise = np.random.default_rng(5)
    return replace(
        images,
        train_labels=noise.permutation(images.train_labels),
        test_labels=noise.permutation(images.test_labels),
    )


def test_labels_that_say_nothing_are_remembered_and_not_understood(shuffled: ImageSet) -> None:
    """A network can fit any labels; what it then knows of others is chance."""
    recipe = recipe_of(
        "tiny_cnn", "adam", epochs=60, padding=0, flip=False, batch_size=20, settings={"lr": 0.003}
    )
    ((row, _),) = outcomes([recipe], shuffled).values()
    assert row["curve_train_accuracy"][-1] > 0.9
    right = round(40 * row["curve_validation_accuracy"][-1])
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
