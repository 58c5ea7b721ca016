"""Makes what a recipe names: the only place that imports code by a name."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError

# Packages that bring optimizers, where the name to install differs from the name to import.
_DISTRIBUTIONS = {"pytorch_optimizer": "pytorch-optimizer", "schedulefree": "schedulefree"}


def network(recipe: Recipe, inputs: tuple[int, int, int], classes: int) -> nn.Module:
    """The network with initial weights that depend on the seed alone, in float32 on the CPU.

    Args:
        recipe: Names the class, its options, the initializer and the seed.
        inputs: Channels, height and width of an image.
        classes: How many there are.
    """
    constructor = named(recipe.network)
    fill = named(f"nagbench.initializers.{recipe.initializer}:fill")
    state = np.random.SeedSequence([recipe.seed, 0]).generate_state(1, np.uint64)[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(state))
        try:
            model: nn.Module = constructor(inputs, classes, **recipe.network_options)
        except ValueError as error:
            raise InputError(f"network {recipe.network}", str(error), "larger images") from None
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, nn.Conv2d | nn.Linear) and module.weight.requires_grad:
                    fill(module)
    return model


def schedule(recipe: Recipe) -> Callable[..., np.ndarray | None]:
    """The function that scales the learning rate."""
    return named(f"nagbench.schedules.{recipe.schedule}:factors")


def loss(recipe: Recipe) -> Callable[[Tensor, Tensor, Recipe], Tensor]:
    """The function that is minimised."""
    return named(f"nagbench.losses.{recipe.loss}:loss")


def optimizer(
    recipe: Recipe, parameters: Sequence[nn.Parameter], device: str = "cpu"
) -> torch.optim.Optimizer:
    """The optimizer over `parameters`; settings that its class refuses are one clear error.

    On a GPU a class that can keep its step count there is asked to, so that its step can be
    captured; torch's SGD reads a rate that is a tensor there only in its fused form.
    """
    constructor = optimizer_class(recipe.optimizer, recipe.closure)
    arguments = {name: _pairs(value) for name, value in recipe.settings.items()}
    if device == "cuda":
        if "capturable" in inspect.signature(constructor).parameters:
            arguments["capturable"] = True
        elif recipe.optimizer == "torch.optim:SGD":
            arguments["fused"] = True
    groups: Any = _by_shape(parameters) if recipe.matrices else list(parameters)
    try:
        made: torch.optim.Optimizer = constructor(groups, **arguments)
    except (TypeError, ValueError) as error:
        known = [name for name in inspect.signature(constructor).parameters if name != "params"]
        place, found = f"optimizer {recipe.optimizer}", f"{arguments} refused: {error}"
        raise InputError(place, found, "values in range of " + ", ".join(known)) from None
    if not inspect.isclass(constructor):
        _check_class(type(made), recipe.optimizer, recipe.closure)
    return made


def optimizer_class(reference: str, closure: bool) -> Any:
    """The class or function of that name; an `InputError` if it cannot be imported, or is neither.

    What a function returns is checked when it is called.

    Args:
        reference: `module:Class` or `file.py:Class`, or a function's name in place of the class's.
        closure: Whether its step is given a closure.
    """
    loaded = named(reference, f"optimizer {reference}")
    if not inspect.isfunction(loaded):
        _check_class(loaded, reference, closure)
    return loaded


def _check_class(loaded: Any, reference: str, closure: bool) -> None:
    place = f"optimizer {reference}"
    if not (inspect.isclass(loaded) and issubclass(loaded, torch.optim.Optimizer)):
        found = f"{getattr(loaded, '__name__', loaded)} is no optimizer"
        raise InputError(place, found, "torch.optim.Optimizer, or a function that returns one")
    taken = list(inspect.signature(loaded.step).parameters.values())[1:]
    if closure and not taken:
        raise InputError(place, "its step takes no closure", "closure: false, or such a class")
    if not closure and taken and taken[0].default is inspect.Parameter.empty:
        raise InputError(place, "its step needs a closure", "closure: true")


def named(reference: str, place: str = "") -> Any:
    """What `module:name` or `file.py:name` names, its module imported."""
    module_name, _, name = reference.rpartition(":")
    place = place or reference
    try:
        if module_name.endswith(".py"):
            module = _import_file(Path(module_name))
        else:
            module = importlib.import_module(module_name)
    except Exception as error:
        found = f"cannot be imported ({type(error).__name__}: {error})"
        allowed = "a module or file that Python imports"
        if module_name in _DISTRIBUTIONS:
            allowed = f"the library installed: pip install {_DISTRIBUTIONS[module_name]}"
        raise InputError(place, found, allowed) from None
    if not hasattr(module, name):
        raise InputError(place, f"{name} is missing", "a name that the module defines")
    return getattr(module, name)


def _import_file(path: Path) -> ModuleType:
    """The module of a user's file, imported once; modules beside it can be imported by it."""
    name = f"nagbench_user_{path.stem}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(path.resolve()):
        return known
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # at the end: it must not hide what is installed
    sys.modules[name] = module  # dataclasses and pickle look their module up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _pairs(value: Any) -> Any:
    """Lists as tuples, as which optimizers take their betas; JSON knows lists alone."""
    return tuple(value) if isinstance(value, list) else value


def _by_shape(parameters: Sequence[Tensor]) -> list[dict[str, Any]]:
    """Hidden matrices and kernels for Muon; vectors and the last layer for the AdamW beside it."""
    matrices = [n for n, parameter in enumerate(parameters) if parameter.ndim > 1]
    hidden = set(matrices[:-1] or matrices)
    return [
        {"params": [p for n, p in enumerate(parameters) if (n in hidden) == muon], "use_muon": muon}
        for muon in (True, False)
        if any((n in hidden) == muon for n in range(len(parameters)))
    ]
