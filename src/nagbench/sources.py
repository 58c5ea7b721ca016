"""Which code a result depends on: found by reading it, never by a list.

The closure of some modules is every file of this project, or of the user's, that importing them
reads (`nagbench.imports` says how). What its files say, and the versions of the installed packages
at which it ends, are the digest of the code.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

from nagbench import source_text
from nagbench.errors import InputError
from nagbench.imports import Stamp, owners, reached, stamp

ENGINE = "nagbench.engine.loop"
MISSING = "missing"
_PACKAGE = Path(__file__).resolve().parent


def closure(roots: Iterable[str]) -> list[Path]:
    """The files that the roots depend on, their own among them, in the order of their names.

    Args:
        roots: Names of modules, such as `nagbench.engine.loop`, and paths of Python files.
    """
    return list(dict.fromkeys(file.path for file in sorted(reached(roots).files)))


def sources(*roots: str) -> list[str]:
    """The closure as paths relative to the working folder, where they lie inside it."""
    here = f"{Path.cwd()}{os.sep}"
    return [os.fspath(path).removeprefix(here) for path in closure(roots)]


def code_digest(modules: Iterable[str]) -> str:
    """Names, by 16 hexadecimal digits, the code that trains with these modules.

    It covers what the files of the closure of the engine and `modules` say, and the public versions
    of the installed packages that they import. It does not depend on where the files lie.

    Args:
        modules: What `Recipe.modules()` gives.
    """
    found = reached([ENGINE, *modules])
    texts = sorted((file.name, text_digest(file.path)) for file in found.files)
    versions = {
        name: version.partition("+")[0] for name, version in _versions(found.packages).items()
    }
    words = json.dumps([texts, versions], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def distributions(modules: Iterable[str]) -> dict[str, str]:
    """The distributions that training with these modules imports, and their full versions.

    One that is not installed is `MISSING`, under the name by which it is imported.
    """
    return _versions(reached([ENGINE, *modules]).packages)


def text_digest(path: Path) -> str:
    """Names what a file says: `source_text.digest`, computed once for each state of the file."""
    return _text_digest(path, stamp(path))


@cache
def _text_digest(path: Path, _stamp: Stamp) -> str:
    return source_text.digest(path, path.read_bytes())


class Snapshot:
    """Files as they were when a process began, to which its results are held.

    A process goes on with the code that it has loaded, whatever is edited meanwhile; a digest taken
    later would be another code's. Made early, a snapshot knows all files of this package as they
    were loaded. It can be pickled, so that a process's children are held to it too.
    """

    def __init__(self) -> None:
        self._content: dict[Path, bytes] = {
            path: path.read_bytes()
            for path in _PACKAGE.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    def add(self, files: Iterable[Path]) -> None:
        """Know files of the user's as they are now: before they are imported."""
        for path in files:
            if not path.is_relative_to(_PACKAGE) and path not in self._content:
                self._content[path] = path.read_bytes()

    def check(self, files: Iterable[Path]) -> None:
        """Refuse files that no longer say what they said, and new ones."""
        for path in files:
            before = self._content.get(path)
            now = path.read_bytes() if path.is_file() else None
            if before is not None and now is not None:
                if before == now:
                    continue
                if source_text.digest(path, before) == source_text.digest(path, now):
                    continue
            found = "changed since this training began"
            raise InputError(path, found, "the code that was loaded: start it again")


@cache
def _version(distribution: str) -> str:
    return metadata.version(distribution)


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for package in packages:
        names = owners().get(package)
        found |= {name: _version(name) for name in names or ()}
        if not names:
            found[package] = MISSING
    return found
