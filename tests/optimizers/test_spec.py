"""Specs: plain data, whose formula is the class's own docstring's, and who may read them."""

import ast
import dataclasses
import importlib.util
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nagbench.engine import build
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.spec import OptimizerSpec


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("exp_rate", r"\theta \leftarrow \theta - e^{-\eta} g"),
        ("nad_weight", r"u \leftarrow (1 - \beta) u"),
        ("nag_sutskever", r"v_{t+1} = \mu v_t - \eta \nabla f(\theta_t + \mu v_t)"),
    ],
)
def test_a_formula_is_the_docstrings_own(name: str, formula: str) -> None:
    assert CATALOGUE[name].formula().startswith(formula)


def test_a_class_of_a_library_states_none() -> None:
    assert CATALOGUE["adam"].formula() == ""


def test_every_formula_ends_where_its_block_does() -> None:
    for row in CATALOGUE.values():
        words = row.formula()
        assert "math::" not in words
        assert words.count("{") == words.count("}"), row.name


@pytest.mark.parametrize(
    ("reference", "file"),
    [("torch.optim:SGD", None), ("mine.py:Mine", "mine.py"), ("a/b.py:Mine", "a/b.py")],
)
def test_a_file_is_the_users_alone(reference: str, file: str | None) -> None:
    row = dataclasses.replace(CATALOGUE["sgd"], reference=reference)
    assert row.file == (Path(file) if file else None)


def test_every_attribute_is_documented() -> None:
    words = OptimizerSpec.__doc__ or ""
    for entry in dataclasses.fields(OptimizerSpec):
        assert f"\n        {entry.name}: " in words
        assert entry.kw_only


OURS = {row.reference for row in CATALOGUE.values() if row.reference.startswith("nagbench.")}


@pytest.mark.parametrize("reference", sorted(OURS))
def test_a_class_of_ours_documents_each_of_its_arguments(reference: str) -> None:
    constructor = build.named(reference)
    (_, arguments) = (inspect.getdoc(constructor) or "").split("\nArgs:\n")
    documented = re.findall(r"^    (\w+): \S", arguments, re.MULTILINE)
    assert documented == list(inspect.signature(constructor).parameters)


def imported(module: str) -> Iterator[str]:
    """The project's modules that a module imports, in functions too."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    for node in ast.walk(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def closure(*roots: str) -> set[str]:
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        module = waiting.pop()
        ours = module.startswith("nagbench")
        if not ours or module in found or not importlib.util.find_spec(module.rpartition(".")[0]):
            continue
        try:
            spec = importlib.util.find_spec(module)
        except ModuleNotFoundError:  # a name in a module
            continue
        if spec is not None:
            found.add(module)
            waiting += imported(module)
    return found


TABLES = {f"nagbench.optimizers.{name}" for name in ("catalogue", "spec", "search_space")}


def test_nothing_that_decides_a_number_reads_the_catalogue() -> None:
    """So that a new row trains nothing again."""
    optimizers = {reference.partition(":")[0] for reference in OURS}
    reached = closure("nagbench.engine.loop", *optimizers)
    assert optimizers | {"nagbench.optimizers.base", "nagbench.engine.build"} <= reached
    assert not reached & TABLES


def test_the_walk_would_find_the_catalogue() -> None:
    assert closure("nagbench.study.file") >= TABLES
