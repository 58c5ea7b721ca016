"""Where a record comes from: the code, the libraries and the machine that made it."""

import hashlib
import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nagbench import models
from nagbench.study import Unit

PACKAGE = Path(__file__).parent
LIBRARIES = ("torch", "numpy", "pyarrow")


def training_sources(unit: Unit) -> list[str]:
    """The files whose text decides the unit's result, relative to the working folder if inside.

    The engine, what turns images into batches, the unit's own network and its own optimizer: the
    catalogue's row and the study's words come on top as `unit.definition()`.
    """
    files = [
        *sorted((PACKAGE / "training").glob("*.py")),
        PACKAGE / "data" / "resident.py",
        *(PACKAGE / "models" / f"{name}.py" for name in models.sources(unit.workload.model)),
    ]
    return [_relative(file) for file in (*files, *unit.optimizer.source_files())]


def data_sources(name: str) -> list[str]:
    """The files that make a data set."""
    return [_relative(PACKAGE / "data" / f"{part}.py") for part in ("images", name)]


def sources(*parts: str) -> list[str]:
    """All modules of the named parts of the package, such as `statistics`."""
    found: list[Path] = []
    for part in parts:
        path = PACKAGE / part
        found += [path] if path.is_file() else sorted(path.glob("**/*.py"))
    return [_relative(file) for file in found]


def code_digest(files: Iterable[str]) -> str:
    """A short name for the text of these files, wherever they lie."""
    total = hashlib.sha256()
    for file in sorted(files, key=lambda name: Path(name).name):
        total.update(Path(file).name.encode() + b"\0" + Path(file).read_bytes() + b"\0")
    return total.hexdigest()[:16]


def environment(device: str) -> dict[str, Any]:
    """The machine and the libraries, in plain words."""
    import torch

    on_gpu = device.startswith("cuda")
    return {
        "device": torch.cuda.get_device_name(device) if on_gpu else _processor(),
        "backend": "cuda" if on_gpu else "cpu",
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{library: _version(library) for library in LIBRARIES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "unknown"


def _relative(path: Path) -> str:
    try:
        return os.fspath(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return os.fspath(path)
