"""The engine against a plain loop: the same training at one setting, over seeds.

They share no random numbers and no code, so single runs differ; their means must not.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nagbench.data.images import ImageSet
from nagbench.engine.recipe import Recipe
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.runner.devices import claimed, resolve
from nagbench.runner.many_processes import ManyProcesses
from nagbench.runner.provenance import environment, utc
from nagbench.runner.stop import Stop
from nagbench.runner.store import Store
from nagbench.sources import ENGINE, Snapshot, code_digest
from nagbench.validation.agreement import PLAIN, Setting
from nagbench.validation.plain_loop import plain_loop

PRECISIONS = ("float32", "bfloat16")
HELD_OUT = 0.1  # share of the training images


def cross_check(
    images: ImageSet,
    setting: Setting,
    seeds: Sequence[int],
    processes: int,
    precisions: Sequence[str] = PRECISIONS,
) -> Iterator[dict[str, Any]]:
    """A row for each training, the plain loop's first, as it ends.

    Columns: `way`, `plain` or the precision that the engine trained with; `seed`; `accuracy` on the
    test set, from 0 to 1; the setting; and where, when and by which code it was trained.
    """
    held_out = round(HELD_OUT * len(images.train_labels))
    found = environment("cpu")
    made = {name: str(found[name]) for name in ("device", "instructions", "torch", "commit")}

    def row(way: str, seed: int, accuracy: float) -> dict[str, Any]:
        told = {"way": way, "seed": seed, "accuracy": accuracy, **vars(setting)}
        engine = "" if way == PLAIN else code_digest([ENGINE])
        return {**told, "data": images.edition, "engine": engine, **made, "time": utc()}

    for seed in seeds:
        kept = np.random.default_rng(seed).permutation(len(images.train_labels))[held_out:]
        accuracy = plain_loop(
            (images.train_images[kept], images.train_labels[kept]),
            (images.test_images, images.test_labels),
            images.mean,
            images.deviation,
            seed=seed,
            **vars(setting),
        )
        yield row(PLAIN, seed, accuracy)
    with (
        tempfile.TemporaryDirectory() as folder,
        claimed(resolve("cpu")),
        ManyProcesses(
            images, store := Store(Path(folder)), Stop(), Snapshot(), processes
        ) as trainer,
    ):
        for precision in precisions:
            recipes = {seed: _recipe(images, setting, held_out, precision, seed) for seed in seeds}
            by_id = {recipe.id: recipe for recipe in recipes.values()}
            trainer.train(by_id, lambda *_: None, setting.epochs)
            for seed, recipe in recipes.items():
                trained = store.get(recipe.id)
                assert trained is not None, f"run {recipe.id} is not in the store"
                yield row(precision, seed, trained["curve_test_accuracy"][-1])


def _recipe(images: ImageSet, setting: Setting, held_out: int, precision: str, seed: int) -> Recipe:
    optimizer = CATALOGUE["nag"]
    return Recipe(
        data=images.name,
        validation_size=held_out,
        network="nagbench.models.seed_cnn:SeedCNN",
        optimizer=optimizer.reference,
        settings={**optimizer.fixed, "lr": setting.rate, "momentum": setting.momentum},
        batch_size=setting.batch_size,
        epochs=setting.epochs,
        precision=precision,
        seed=seed,
        judged_on_test=True,
    )
