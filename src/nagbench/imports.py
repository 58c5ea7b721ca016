"""What Python files import: found by reading them, and never imported.

Imports anywhere in a file count, in functions too, and so do the `__init__.py` of parents; those
for type checkers alone do not. This project and the user's files are followed. At an installed
package it ends, and the package is named.
"""

import ast
import importlib.util
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import NamedTuple

from nagbench import source_text
from nagbench.errors import InputError

_IMPORTERS = ("import_module", "__import__")  # functions whose first argument names a module
Stamp = tuple[int, int]  # time of a change in nanoseconds, and size in bytes


class File(NamedTuple):
    """A file that is reached.

    Attributes:
        name: The module's name, or the file's; the same wherever the project lies.
        path: Where it lies.
        base: The folder in which its imports are looked for last.
    """

    name: str
    path: Path
    base: Path


class Reached(NamedTuple):
    """Files, and the names of installed packages at which their imports end."""

    files: frozenset[File] = frozenset()
    packages: frozenset[str] = frozenset()


def reached(roots: Iterable[str]) -> Reached:
    """All files that the roots depend on, their own among them, and all packages.

    Args:
        roots: Names of modules, such as `nagbench.engine.loop`, and paths of Python files.
    """
    files: set[File] = set()
    packages: set[str] = set()
    waiting: list[File] = []
    for root in roots:
        if root.endswith(".py"):
            path = Path(root).resolve()
            waiting.append(File(path.name, path, path.parent))
        else:
            begun = _module(root, tuple(sys.path))
            packages |= begun.packages
            waiting += begun.files
    while waiting:
        file = waiting.pop()
        if file in files:
            continue
        files.add(file)
        if file.path.suffix == ".py":
            more = _imported_by(file, stamp(file.path), stamp(file.path.parent))
            packages |= more.packages
            waiting += more.files
    return Reached(frozenset(files), frozenset(packages))


@cache
def _module(name: str, _path: tuple[str, ...]) -> Reached:
    """What importing a module runs first; one that is missing may belong to a missing package."""
    begun, whole = _located(name, None)
    if not whole and not begun.packages:
        raise InputError(f"module {name}", "is missing", "a module that Python finds")
    return begun


def stamp(path: Path) -> Stamp:
    """By which a file is known to be as it was; an `InputError` if there is none."""
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(path, f"not readable ({error.strerror})", "a Python file") from None
    return status.st_mtime_ns, status.st_size


@cache
def _imported_by(file: File, _file_stamp: Stamp, _folder_stamp: Stamp) -> Reached:
    """What a file imports, and the files beside it, other than Python's, whose name it holds."""
    beside = {path.name for path in file.path.parent.iterdir()}
    files: set[File] = set()
    packages: set[str] = set()
    for node in _nodes_run(source_text.parsed(file.path, file.path.read_bytes())):
        for module in _imported(node, file):
            found, _ = _located(module, file.base)
            files |= found.files
            packages |= found.packages
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in beside:
            path = file.path.with_name(node.value)
            if path.is_file() and path.suffix != ".py":
                files.add(File(f"{file.name}/{path.name}", path, file.base))
    return Reached(frozenset(files), frozenset(packages))


def _nodes_run(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes but those that only type checkers follow."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _name(node: ast.AST) -> str | None:
    """The name that stands there, without the module before its dot."""
    return getattr(node, "attr", getattr(node, "id", None))


def _imported(node: ast.AST, file: File) -> Iterator[str]:
    """Names of the modules that a node imports, and names that may be modules'."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = "" if file.name == file.path.name else file.name  # a user's file is in none
        if file.path.name != "__init__.py":
            package = package.rpartition(".")[0]
        try:
            module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
        except ImportError:  # no package so far up: it fails when it is run, too
            return
        yield module
        for alias in node.names:
            names = _strings(module, file.base) if alias.name == "*" else {alias.name}
            yield from (f"{module}.{name}" for name in names)
    elif isinstance(node, ast.Call) and _name(node.func) in _IMPORTERS and node.args:
        name = getattr(node.args[0], "value", None)
        if isinstance(name, str):
            yield name


def _strings(module: str, base: Path) -> set[str]:
    """All strings in a package's `__init__.py`: those of its `__all__` may name modules."""
    (found, _), strings = _located(module, base), set()
    for file in found.files:
        if file.name == module and file.path.name == "__init__.py":
            tree = source_text.parsed(file.path, file.path.read_bytes())
            constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
            strings |= {value for value in constants if isinstance(value, str)}
    return {string for string in strings if string.isidentifier()}


def _located(name: str, base: Path | None) -> tuple[Reached, bool]:
    """What importing a module runs, from its parents on, and whether all of its name is found."""
    top, *rest = name.split(".")
    if top in sys.stdlib_module_names or not top:
        return Reached(), True
    spec = _found(top, base)
    if spec is None or _installed(top, _place(spec)):
        return Reached(packages=frozenset({top})), spec is not None
    base = _place(spec).parent
    if spec.origin and spec.submodule_search_locations is not None:
        base = base.parent
    files: set[File] = set()
    while spec is not None:
        if spec.origin:
            files.add(File(spec.name, Path(spec.origin).resolve(), base))
        if not rest:
            return Reached(frozenset(files)), True
        folders = list(spec.submodule_search_locations or ())
        spec = PathFinder.find_spec(f"{spec.name}.{rest.pop(0)}", folders)
    return Reached(frozenset(files)), False


def _found(top: str, base: Path | None) -> ModuleSpec | None:
    """A top-level module as Python finds it, `base` being the last folder in which it looks."""
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:  # a module that was made in memory
        return None
    if base is None:
        return spec
    if spec is None or not spec.origin:
        spec = PathFinder.find_spec(top, [*sys.path, os.fspath(base)]) or spec
    beside = PathFinder.find_spec(top, [os.fspath(base)])
    if spec and beside and beside.origin and top != __package__:
        places = _place(spec), _place(beside)
        if places[0] != places[1] and not _installed(top, places[0]):
            raise InputError(f"module {top}", " and ".join(map(str, places)), "one of that name")
    return spec


def _place(spec: ModuleSpec) -> Path:
    """A module's file, or the folder of a package that has none."""
    return Path(spec.origin or next(iter(spec.submodule_search_locations or ()), "")).resolve()


# ---- installed packages


@cache
def _installed(top: str, place: Path) -> bool:
    """Whether a distribution brings the module, rather than a folder of somebody's sources."""
    folders = [*site.getsitepackages(), site.getusersitepackages()]
    folders += [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    usual = {Path(folder).resolve() for folder in folders}
    for name in owners().get(top, ()) if top != __package__ else ():
        for distribution in metadata.distributions(name=name):
            home = Path(str(distribution.locate_file(""))).resolve()
            # A folder of sources may hold a distribution's description, but no list of its files.
            installed = home in usual or distribution.read_text("RECORD") is not None
            if installed and place.is_relative_to(home):
                return True
    return False


@cache
def owners() -> dict[str, list[str]]:
    """The distributions that bring each top-level module."""
    return {top: sorted(set(names)) for top, names in metadata.packages_distributions().items()}
