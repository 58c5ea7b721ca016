"""Imports go downwards through the layers that ARCHITECTURE.md shows, and other borders hold."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from nagbench import source_text
from nagbench.sources import ENGINE, closure, distributions

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "nagbench"
# What runs execute, one file each: names of packages.
EXECUTED = ("initializers", "losses", "models", "optimizers", "schedules")
# These only resolve names: what they say reaches a run as a resolved value.
REGISTRIES = {
    "data.registry",
    "initializers.registry",
    "losses.registry",
    "models.registry",
    "models.size",
    "optimizers.catalogue",
    "optimizers.search_space",
    "optimizers.setting_bounds",
    "optimizers.spec",
    "schedules.registry",
}
MAY_RESOLVE_NAMES = (
    "metrics",
    "study",
    "runner",
    "statistics",
    "validation",
    "rendering",
    "comparing",
    "benchmark",
    "commands",
    "api",
)


def name_of(path: Path) -> str:
    """A module's name below `nagbench`; that of the package itself is empty."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def imports(module: str) -> frozenset[str]:
    """Names that a module imports, those for type checkers too; this project's are modules."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide what is imported"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                known = name.removeprefix("nagbench.") in MODULES
                found.add(name if known else node.module or "")
    return frozenset(found)


def ours(module: str) -> Iterator[str]:
    """The modules of this project that a module imports, without the project's name."""
    for name in imports(module):
        if name.partition(".")[0] == "nagbench":
            yield name.removeprefix("nagbench").removeprefix(".")


def within(module: str, *packages: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in packages)


REGISTRIES |= {name for name in MODULES if within(name, "optimizers.catalogue")}


@cache
def layers() -> list[list[str]]:
    """The layers from the ground up: each the names of packages and modules."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```layers\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [line.split() for line in reversed(block.splitlines())]


def layer(module: str) -> int:
    """The number of a module's layer: where the longest name stands that it lies in."""
    found = [
        (len(name), n) for n, line in enumerate(layers()) for name in line if within(module, name)
    ]
    assert found, f"ARCHITECTURE.md shows no layer of {module}"
    return max(found)[1]


def test_each_layer_is_there_once() -> None:
    named = [name for line in layers() for name in line]
    assert len(set(named)) == len(named)
    assert set(named) <= set(MODULES)


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"", "__main__"}))
def test_imports_go_downwards(module: str) -> None:
    above = {name for name in ours(module) if name and layer(name) > layer(module)}
    assert not above, f"{module} lies below what it imports"


def test_every_run_executes_the_package_itself_and_so_it_loads_nothing_of_its_own() -> None:
    """Of what it names for type checkers, or finds when it is asked for, no run is made."""
    assert closure(["nagbench"]) == [PACKAGE / "__init__.py"]
    assert set(ours("")) == {"api.drawing", "api.loading", "api.training", "version"}


@pytest.mark.parametrize("package", ["engine", "data", *EXECUTED])
def test_packages_of_the_engine_run_nothing_of_their_own(package: str) -> None:
    """Else an edit there would train everything again."""
    path = MODULES[package]
    assert source_text.digest(path, path.read_bytes()) == source_text.digest(path, b"")


def executed() -> list[str]:
    """All modules that some run executes."""
    return [
        f"nagbench.{module}"
        for module in MODULES
        if within(module, *EXECUTED) and module not in {*EXECUTED, *REGISTRIES}
    ]


def test_no_run_executes_a_registry_or_what_lies_above_the_engine() -> None:
    reached = {name_of(path) for path in closure([ENGINE, *executed()])}
    assert not reached & REGISTRIES
    allowed = ("engine", *EXECUTED, "errors")
    assert all(within(module, *allowed) for module in reached - {""})


def test_registries_are_read_where_names_are_resolved() -> None:
    for module in set(MODULES) - REGISTRIES:
        if read := REGISTRIES & set(ours(module)):
            assert within(module, *MAY_RESOLVE_NAMES), f"{module} imports {read}"


@pytest.mark.parametrize(
    "module", [name for name in MODULES if within(name, "optimizers") and name not in REGISTRIES]
)
def test_an_optimizer_imports_torch_and_the_rules_that_it_extends(module: str) -> None:
    known = {"torch", *sys.stdlib_module_names}
    foreign = {name for name in imports(module) if name.partition(".")[0] not in known}
    assert all(within(name, "nagbench.optimizers", "nagbench.errors") for name in foreign), foreign
    assert not set(ours(module)) & REGISTRIES


def users(library: str) -> set[str]:
    """The modules that import a library."""
    return {
        module
        for module in MODULES
        if any(name.partition(".")[0] == library for name in imports(module))
    }


def test_nothing_knows_the_workflow() -> None:
    assert users("snakemake") == set()


def test_pydantic_is_for_reading_study_files_alone() -> None:
    assert users("pydantic") | users("pydantic_core") <= {"study.fields"}
    trains = ["nagbench.study.plan", "nagbench.study.choice", "nagbench.runner.unit"]
    assert "pydantic" not in distributions(trains)


def test_training_from_a_plan_needs_few_libraries() -> None:
    needed = set(distributions(["nagbench.study.unit", "nagbench.runner.unit"]))
    assert needed <= {"torch", "numpy", "pandas", "pyarrow"}


def test_no_torch_is_imported_to_read_a_study() -> None:
    """Snakemake reads studies at every start, and once for every job on a cluster."""
    script = (
        "import sys\n"
        "from nagbench.sources import code_digest\n"
        "from nagbench.study.file import load_study\n"
        "from nagbench.study.plan import units\n"
        "[code_digest(unit.base.modules()) for unit in units(load_study('demo'))]\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
