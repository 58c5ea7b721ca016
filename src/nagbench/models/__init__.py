"""The networks, one file each, and the table that names them (torch is imported on building)."""

import importlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

MODELS = {
    "logistic": "Logistic",
    "tiny_cnn": "TinyCNN",
    "seed_cnn": "SeedCNN",
}
CLASSES = 10


def build(name: str, seed: int) -> "torch.nn.Module":
    """The network with initial weights that depend on `seed` alone, in float32 on the CPU."""
    import torch

    constructor = getattr(importlib.import_module(f"nagbench.models.{name}"), MODELS[name])
    state = np.random.SeedSequence([seed, 0]).generate_state(1, np.uint64)[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(state))
        model: torch.nn.Module = constructor(CLASSES)
    return model


def parameter_count(name: str) -> int:
    """How many numbers the network learns."""
    return sum(parameter.numel() for parameter in build(name, seed=0).parameters())
