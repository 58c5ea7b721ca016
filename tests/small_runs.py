"""Recipes, and runs of them, that train in a moment."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nagbench.data.images import ImageSet
from nagbench.engine.capture import Capture
from nagbench.engine.loop import step, train
from nagbench.engine.outcome import Outcome
from nagbench.engine.recipe import Recipe
from nagbench.engine.resident import ResidentSet
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import place_splits
from nagbench.models.registry import resolve
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.runner.one_process import OneProcess
from nagbench.runner.stop import Stop
from nagbench.runner.store import Store
from nagbench.sources import Snapshot
from nagbench.study.file import load_study
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.study.unit import Unit, unit

CPU = torch.device("cpu")
Row = dict[str, Any]


def recipe_of(model: str = "tiny_cnn", optimizer: str = "sgd", **changes: Any) -> Recipe:
    """A recipe for the `images` of the tests: two epochs of ten steps.

    Args:
        model: A name of the registry.
        optimizer: A row of the catalogue, with its defaults.
        changes: Words of the recipe, and `batch_norm`.
    """
    network, options = resolve(model, changes.pop("batch_norm", None))
    row = CATALOGUE[optimizer]
    words = {
        "batch_size": 16,
        "epochs": 2,
        "data": "synthetic",
        "validation_size": 40,
        "network": network,
        "network_options": options,
        "optimizer": row.reference,
        "settings": {**row.fixed, **row.defaults},
        "closure": row.closure,
        "create_graph": row.create_graph,
        "matrices": row.matrices,
        "seed": 5,
    }
    return Recipe(**{**words, **changes})


def placed(images: ImageSet, dtype: torch.dtype = torch.float32, padding: int = 4) -> ResidentSet:
    """All training images, on the CPU."""
    return ResidentSet.place(
        images.train_images,
        images.train_labels,
        padding,
        CPU,
        dtype,
        images.mean,
        images.deviation,
        images.classes,
    )


def trained(run: LiveRun, epoch: int = 1, steps: int | None = None) -> np.ndarray:
    """Take an epoch's steps, or the first of them; what they measured."""
    run.begin_epoch(run.plan(epoch))
    for _ in range(steps or run.steps):
        step(run)
    return run.measured()


def outcomes(
    recipes: Sequence[Recipe],
    images: ImageSet,
    capture: Capture | None = None,
    device: torch.device = CPU,
) -> dict[str, tuple[Row, str]]:
    """Each run's outcome without its times, and how it was executed, by the run's name."""
    splits = place_splits(images, recipes[0], device)
    return ended(train(recipes, splits, device, [None] * len(recipes), capture))


def ended(training: Iterable[tuple[list[LiveRun], str]]) -> dict[str, tuple[Row, str]]:
    """What `train` yields, as `outcomes` gives it."""
    found: dict[str, tuple[Row, str]] = {}
    for runs, execution in training:
        for run in runs:
            if run.over:
                found[run.recipe.id] = untimed(run.outcome), execution
    return found


def untimed(outcome: Outcome) -> Row:
    """An outcome without its times."""
    return {name: value for name, value in outcome.as_row().items() if "seconds" not in name}


def assert_same_outcomes(
    first: dict[str, tuple[Row, str]], second: dict[str, tuple[Row, str]]
) -> None:
    """The same runs with the same results, to the bit."""
    assert first.keys() == second.keys()
    for name in first:
        assert first[name][0].keys() == second[name][0].keys()
        for column, value in first[name][0].items():
            np.testing.assert_array_equal(value, second[name][0][column], err_msg=column)


def unit_of(study: Study | Path, name: str) -> Unit:
    """A unit of a study, or of the study that a file holds."""
    study = study if isinstance(study, Study) else load_study(str(study))
    return unit(units(study), name)


def one_process(
    images: ImageSet, store: Store, stop: Stop | None = None, lanes: int = 1
) -> OneProcess:
    """A trainer on the CPU."""
    return OneProcess(images, store, stop or Stop(), "cpu", Snapshot(), lanes)
