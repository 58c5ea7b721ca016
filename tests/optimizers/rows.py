"""Making an optimizer of the catalogue's rows as the engine makes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from nagbench.engine import build
from nagbench.engine.recipe import Recipe
from nagbench.optimizers.spec import OptimizerSpec

# What a recipe must say beside its optimizer, where nothing but the optimizer is made of it.
_BESIDE = {"batch_size": 1, "epochs": 1, "data": "", "validation_size": 1, "network": "", "seed": 0}


def recipe_of(
    row: OptimizerSpec, settings: Mapping[str, Any] | None = None, **beside: Any
) -> Recipe:
    """A recipe that trains with the row's optimizer, at its defaults if no settings are given."""
    return Recipe(
        **{
            **_BESIDE,
            "optimizer": row.reference,
            "settings": {**row.fixed, **(row.defaults if settings is None else settings)},
            "closure": row.closure,
            "create_graph": row.create_graph,
            "matrices": row.matrices,
            **beside,
        }
    )


def make(
    row: OptimizerSpec, parameters: Sequence[Any], settings: Mapping[str, Any] | None = None
) -> Any:
    """The row's optimizer over parameters, or groups of them, on the CPU."""
    return build.optimizer(recipe_of(row, settings), parameters)
