"""Runs `nagbench`, and notes in the folder `loaded` which files of the package that took."""

import json
import os
import sys
from pathlib import Path

_opened: set[str] = set()


def _notice(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str):
        _opened.add(arguments[0])


def main() -> int:
    sys.addaudithook(_notice)
    from nagbench.cli import main as nagbench

    try:
        return nagbench()
    finally:
        modules = [getattr(module, "__file__", None) for module in sys.modules.values()]
        read = [name for name in _opened if not name.endswith((".py", ".pyc"))]
        package = Path(sys.modules["nagbench"].__file__ or "").parent
        found = {Path(name).resolve() for name in (*modules, *read) if name}
        ours = sorted(str(path) for path in found if path.is_relative_to(package.resolve()))
        command = next((word for word in sys.argv[1:] if not word.startswith("-")), "help")
        folder = Path(__file__).parents[1] / "loaded"
        folder.mkdir(exist_ok=True)
        note = folder / f"{command}-{os.getpid()}.json"
        note.write_text(json.dumps(ours), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
