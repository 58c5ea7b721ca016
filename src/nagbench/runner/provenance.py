"""Where a record comes from: the libraries and the machine that made it."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nagbench.engine.variables import recorded

LIBRARIES = ("torch", "numpy", "pyarrow")


def environment(device: str) -> dict[str, Any]:
    """The machine and the libraries, in plain words."""
    import torch

    on_gpu = device.startswith("cuda")
    return {
        "commit": commit(),
        "device": torch.cuda.get_device_name(device) if on_gpu else _processor(),
        "backend": "cuda" if on_gpu else "cpu",
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "variables": dict(recorded()),
        "threads": torch.get_num_threads(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{library: _version(library) for library in LIBRARIES},
        **(_gpu(device) if on_gpu else {}),
    }


def utc() -> str:
    """Now, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def commit() -> str:
    """The revision of the code, marked where the sources differ from it.

    Without the history, as in a container, it is what the image says: that of which it was built.
    """
    here = Path(__file__).parents[1]
    command = ["git", "-C", os.fspath(here)]
    try:
        revision, changes = (
            subprocess.run([*command, *words], capture_output=True, text=True, check=True).stdout
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--", "."])
        )
    except (OSError, subprocess.CalledProcessError):
        return _commit_of_the_image(here)
    return revision.strip() + (" with changes" if changes.strip() else "")


def _commit_of_the_image(package: Path) -> str:
    try:
        return (package / "commit.txt").read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown"


def _gpu(device: str) -> dict[str, Any]:
    """What is below torch on a GPU."""
    import torch

    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        said = "unknown"
    return {
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        "driver": said.splitlines()[0].strip(),
        "instructions": "sm_{}{}".format(*torch.cuda.get_device_capability(device)),
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
