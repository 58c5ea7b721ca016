"""Recipes and networks for tests, by the name of a network."""

from typing import Any

from torch import nn

from nagbench.engine import build
from nagbench.engine.recipe import Recipe
from nagbench.models.registry import resolve

COLOUR = (3, 32, 32)  # what CIFAR-10's images are


def recipe_of(model: str, batch_norm: bool | None = None, **changes: Any) -> Recipe:
    """Nesterov's method on this network for two epochs; `changes` are fields of the recipe."""
    reference, options = resolve(model, batch_norm)
    words: dict[str, Any] = {
        "batch_size": 50,
        "epochs": 2,
        "data": "synthetic",
        "validation_size": 100,
        "optimizer": "torch.optim:SGD",
        "settings": {"lr": 0.01, "momentum": 0.9, "nesterov": True},
        "seed": 1,
        **changes,
    }
    return Recipe(network=reference, network_options=options, **words)


def network(
    model: str,
    inputs: tuple[int, int, int] = COLOUR,
    classes: int = 10,
    *,
    batch_norm: bool | None = None,
    seed: int = 0,
    **changes: Any,
) -> nn.Module:
    """The network with its initial weights, as the engine builds it."""
    return build.network(recipe_of(model, batch_norm, seed=seed, **changes), inputs, classes)
