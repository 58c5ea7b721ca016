"""What is timed: a network of the registry on CIFAR-10's shape, as a recipe."""

from typing import Any

import torch
from torch import nn

from nagbench.data.cifar10 import SET
from nagbench.engine import build
from nagbench.engine.recipe import Recipe
from nagbench.models.layers import planned_dropouts
from nagbench.models.registry import resolve
from nagbench.optimizers.spec import OptimizerSpec

SETTINGS = {"lr": 1e-3, "momentum": 0.9, "nesterov": True}


def case(model: str, batch_size: int = 128, epochs: int = 20, **options: Any) -> Recipe:
    """Nesterov's method on that network; `options` are words of a recipe."""
    network, network_options = resolve(model)
    return Recipe(
        data=SET.name,
        validation_size=1,
        network=network,
        network_options=network_options,
        optimizer="torch.optim:SGD",
        settings=SETTINGS,
        seed=0,
        batch_size=batch_size,
        epochs=epochs,
        **options,
    )


def case_of(spec: OptimizerSpec, model: str, settings: dict[str, Any]) -> Recipe:
    """That optimizer on that network."""
    words = case(model).definition()
    words |= {"optimizer": spec.reference, "settings": {**spec.fixed, **settings}}
    needs = {name: getattr(spec, name) for name in ("closure", "create_graph", "matrices")}
    return Recipe(**{**words, **needs})


def network_with_masks(recipe: Recipe, device: torch.device) -> nn.Module:
    """The network on the device, with one dropout mask for all steps: the cheapest there is."""
    model = build.network(recipe, SET.inputs, SET.classes).to(device)
    for layer in planned_dropouts(model):
        shape = recipe.batch_size, layer.features
        layer.chances = torch.randint(0, 256, shape, dtype=torch.uint8, device=device)
    return model
