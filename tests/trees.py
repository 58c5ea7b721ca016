"""Small made-up projects, and what is found in them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from nagbench import imports, sources


def put(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, by their paths."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def names(folder: Path, *roots: str) -> set[str]:
    """The closure, as paths in the folder; all of it lies there."""
    return {path.relative_to(folder.resolve()).as_posix() for path in sources.closure(roots)}


@contextmanager
def other_packages() -> Iterator[None]:
    """Which packages are installed is looked up once in a process; here it is looked up anew."""
    looked_up = (imports.owners, imports._installed, imports._module, sources._version)
    for function in looked_up:
        function.cache_clear()
    try:
        yield
    finally:
        for function in looked_up:
            function.cache_clear()
