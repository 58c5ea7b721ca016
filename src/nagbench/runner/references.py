"""Before anything trains: which optimizers cannot, and whether all others can be built.

A typing error then costs a second.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.util import find_spec
from multiprocessing import get_context
from typing import TypeVar

from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.runner.many_processes import comes_from_outside
from nagbench.study.unit import Unit

_SECONDS = 120
T = TypeVar("T")


def missing_libraries(units: Iterable[Unit]) -> dict[str, str]:
    """The library that a unit lacks, by the unit's name, of each that lacks one.

    Only libraries of the catalogue's count: a module of the user's that is not found is an error.
    """
    libraries = {_package(row.reference) for row in CATALOGUE.values()}
    missing = {library for library in libraries if find_spec(library) is None}
    packages = {unit.name: _package(unit.base.optimizer) for unit in units}
    return {unit: package for unit, package in packages.items() if package in missing}


def _package(reference: str) -> str:
    return reference.rpartition(":")[0].partition(".")[0]


def left_out(missing: Mapping[str, str]) -> str:
    """What a user is told of units whose library is missing: how many, which, and what to do."""
    optimizers: dict[str, dict[str, None]] = {}
    for unit, library in missing.items():
        optimizers.setdefault(library, {})[unit.rpartition("/")[2]] = None
    lines = [f"{len(missing)} units left out, because the library of their optimizer is missing:"]
    lines += [f"  pip install {name}: {', '.join(names)}" for name, names in optimizers.items()]
    return "\n".join(lines)


def check_references(units: Iterable[Unit]) -> None:
    """Refuse optimizers that cannot be imported, or whose class refuses a setting that is tried.

    Classes from outside are built in a process of their own, each study's in one: what they change
    when they are imported must not reach the caller. A library of the catalogue's that is not
    installed is refused too.
    """
    recipes = [unit.recipe(settings, unit.seeds[0]) for unit in units for settings in unit.trials]
    different = {(r.optimizer, str(r.settings)): r for r in recipes}
    outside = [recipe for recipe in different.values() if comes_from_outside(recipe.optimizer)]
    build_all([recipe for recipe in different.values() if not comes_from_outside(recipe.optimizer)])
    if outside:
        apart({recipe.optimizer for recipe in outside}, build_all, outside)


def apart(optimizers: Iterable[str], work: Callable[..., T], *arguments: object) -> T:
    """What work on these optimizers gives, in a process of its own; one that ends it is refused."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return pool.submit(work, *arguments).result(_SECONDS)
        except BrokenProcessPool:
            place = f"optimizers {', '.join(sorted(optimizers))}"
            found = "one of them ends the process that imports it"
            raise InputError(place, found, "classes that can be built") from None


def build_all(recipes: Sequence[Recipe]) -> None:
    """Build each optimizer over a matrix and a vector, on the CPU."""
    import torch

    from nagbench.engine import build

    for recipe in recipes:
        weights = [torch.nn.Parameter(torch.zeros(shape)) for shape in ((2, 2), (2,), (2, 2))]
        try:
            build.optimizer(recipe, weights)
        except (InputError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            found = f"its class raised {type(error).__name__}: {error}"
            raise InputError(f"optimizer {recipe.optimizer}", found, "one that is built") from None
