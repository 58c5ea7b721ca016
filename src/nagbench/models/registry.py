"""The networks by name. Nothing that decides a run's result imports this."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nagbench.errors import InputError


@dataclass(frozen=True)
class Network:
    """A row of the table: the class, and whether it normalises batches as published.

    `batch_norm` is None where there is no place for it.
    """

    class_name: str
    batch_norm: bool | None


MODELS: Mapping[str, Network] = {
    "logistic": Network("Logistic", batch_norm=None),
    "tiny_cnn": Network("TinyCNN", batch_norm=False),
    "seed_cnn": Network("SeedCNN", batch_norm=False),
    "resnet20": Network("ResNet20", batch_norm=True),
    "resnet18": Network("ResNet18", batch_norm=True),
    "small_inception": Network("SmallInception", batch_norm=True),
    "fastnet": Network("FastNet", batch_norm=True),
}


def resolve(name: str, batch_norm: bool | None = None) -> tuple[str, dict[str, Any]]:
    """A network's reference, `module:Class`, and its options, batch normalisation's among them."""
    row = MODELS[name]
    options: dict[str, Any] = {}
    if row.batch_norm is not None:
        options["batch_norm"] = row.batch_norm if batch_norm is None else batch_norm
    return f"nagbench.models.{name}:{row.class_name}", options


def check_batch_norm(place: str, name: str, batch_norm: bool | None) -> None:
    """Refuse batch normalisation, on or off, for a network that has no place for it."""
    if batch_norm is not None and MODELS[name].batch_norm is None:
        takers = [model for model, row in MODELS.items() if row.batch_norm is not None]
        raise InputError(place, f"{name} has no place for it", "absent, or " + ", ".join(takers))
