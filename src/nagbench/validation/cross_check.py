"""The engine against a plain loop: the same training at one setting, over seeds.

They share no random numbers and no code, so single runs differ; their means must not.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind

from nagbench.data.images import ImageSet
from nagbench.engine.recipe import Recipe
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.runner.devices import claimed, resolve
from nagbench.runner.many_processes import ManyProcesses
from nagbench.runner.provenance import environment, utc
from nagbench.runner.stop import Stop
from nagbench.runner.store import Store
from nagbench.sources import ENGINE, Snapshot, code_digest
from nagbench.validation.plain_loop import plain_loop

PLAIN, PRECISIONS = "plain", ("float32", "bfloat16")
HELD_OUT = 0.1  # share of the training images
LEVEL = 0.95  # of intervals


@dataclass(frozen=True)
class Setting:
    """What both train with."""

    rate: float = 0.03
    momentum: float = 0.9
    batch_size: int = 128
    epochs: int = 3


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
            trainer.train(by_id, lambda _done, _epoch: None, setting.epochs)
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


def compared(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each way.

    Columns: `way`; `runs`; `mean` and `deviation` of their accuracies; `difference` of that mean
    from the plain loop's, with the ends `low` and `high` of Welch's interval at 95 % (NaN for
    itself); the setting; `data`, the edition of the images.
    """
    plain = table["accuracy"][table["way"] == PLAIN]
    rows = []
    for way, accuracy in table.groupby("way", sort=False)["accuracy"]:
        low = high = difference = np.nan
        if way != PLAIN:
            ends = ttest_ind(accuracy, plain, equal_var=False).confidence_interval(LEVEL)
            difference, low, high = accuracy.mean() - plain.mean(), ends.low, ends.high
        spread = {"mean": accuracy.mean(), "deviation": accuracy.std(ddof=1)}
        apart = {"difference": difference, "low": low, "high": high}
        rows.append({"way": way, "runs": len(accuracy), **spread, **apart})
    alike = [*(entry.name for entry in fields(Setting)), "data"]
    return pd.DataFrame(rows).assign(**table[alike].iloc[0])
