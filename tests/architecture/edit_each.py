"""Edits each file of some folders in turn, and says which digests of code that changes.

It reads folders, and for each recipe the modules that it names, as JSON. It writes for each file
and each kind of edit the indexes of the recipes whose digest is then another. Every file is
afterwards what it was.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from nagbench.sources import code_digest


def edits(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """The text with a statement more, and with what counts for nothing."""
    if path.suffix != ".py":
        yield "statement", text + "\n"
        return
    yield "statement", text + "\n_EDITED = 1\n"
    yield "comment", "# Edited.\n" + text + "    # Edited.\n"
    yield "empty lines", "\n\n" + text.replace("\n\n", "\n\n\n") + "\n"
    if '"""' in text:
        yield "docstring", text.replace('"""', '"""Edited. ', 1)


def main() -> None:
    folders, recipes = json.load(sys.stdin)
    before = [code_digest(modules) for modules in recipes]
    changed: dict[str, dict[str, list[int]]] = {}
    for path in sorted(path for folder in folders for path in Path(folder).rglob("*.*")):
        if "__pycache__" in path.parts or path.is_dir():
            continue
        content = path.read_bytes()
        found = changed[str(path)] = {}
        for kind, text in edits(path, content.decode()):
            path.write_text(text, encoding="utf-8")
            now = [code_digest(modules) for modules in recipes]
            found[kind] = [n for n, digest in enumerate(now) if digest != before[n]]
        path.write_bytes(content)
    assert [code_digest(modules) for modules in recipes] == before
    print(json.dumps(changed))


if __name__ == "__main__":
    main()
