"""The networks, one file each, and the table that names them (torch is imported on building)."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nagbench.errors import InputError

if TYPE_CHECKING:
    import torch

CLASSES = 10
INITIALIZERS = ("network", "kaiming", "xavier", "zero")


@dataclass(frozen=True)
class Network:
    """A row of the table: the class, and whether it normalises batches as published.

    `batch_norm` is None where there is no place for it; `parts` are the modules it shares.
    """

    class_name: str
    batch_norm: bool | None
    parts: tuple[str, ...] = ("layers",)


MODELS: Mapping[str, Network] = {
    "logistic": Network("Logistic", None, ()),
    "tiny_cnn": Network("TinyCNN", batch_norm=False),
    "seed_cnn": Network("SeedCNN", batch_norm=False),
    "resnet20": Network("ResNet20", batch_norm=True, parts=("layers", "residual")),
    "resnet18": Network("ResNet18", batch_norm=True, parts=("layers", "residual")),
    "small_inception": Network("SmallInception", batch_norm=True),
    "fastnet": Network("FastNet", batch_norm=True),
}


def build(
    name: str, seed: int, batch_norm: bool | None = None, initializer: str = "network"
) -> "torch.nn.Module":
    """The network with initial weights that depend on `seed` alone, in float32 on the CPU."""
    from nagbench.models.initializers import initialized

    row = MODELS[name]
    constructor = getattr(importlib.import_module(f"nagbench.models.{name}"), row.class_name)
    options: dict[str, Any] = {}
    if row.batch_norm is not None:
        options["batch_norm"] = row.batch_norm if batch_norm is None else batch_norm
    return initialized(lambda: constructor(CLASSES, **options), seed, initializer)


def sources(name: str) -> list[str]:
    """The modules that the network is made with, of which this table is none."""
    return ["initializers", *MODELS[name].parts, name]


def check_batch_norm(place: str, name: str, batch_norm: bool | None) -> None:
    """Refuse batch normalisation, on or off, for a network that has no place for it."""
    if batch_norm is not None and MODELS[name].batch_norm is None:
        takers = [model for model, row in MODELS.items() if row.batch_norm is not None]
        raise InputError(place, f"{name} has no place for it", "absent, or " + ", ".join(takers))


def parameter_count(name: str, batch_norm: bool | None = None) -> int:
    """How many numbers the network learns."""
    parameters = build(name, 0, batch_norm).parameters()
    return sum(parameter.numel() for parameter in parameters if parameter.requires_grad)


def flops(name: str, batch_norm: bool | None = None, *, training: bool = False) -> int:
    """Operations for one image in convolutions and matrix products, an addition counted too.

    Forward, or for a whole step of training. What is counted are the products alone, in which
    nearly all arithmetic lies.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    model = build(name, 0, batch_norm).to("meta")
    model.train(training)
    with FlopCounterMode(display=False) as counter:
        _prepared(model, 2)
        output = model(torch.empty(2, 3, 32, 32, device="meta"))
        if training:
            output.sum().backward()
    return int(counter.get_total_flops()) // 2


def _prepared(model: "torch.nn.Module", batch: int) -> None:
    """Masks for a batch, where the network drops units."""
    import torch

    from nagbench.models.layers import planned_dropouts

    for layer in planned_dropouts(model):
        layer.chances = torch.empty(batch, layer.features, dtype=torch.uint8, device="meta")
