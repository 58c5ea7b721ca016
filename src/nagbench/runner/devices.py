"""Which device trains: what was asked for, held against what the machine has."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from nagbench.errors import InputError

DEVICES = ("auto", "cpu", "cuda")
_FLAGS = re.compile(r"flags|Features", re.IGNORECASE)


def has_gpu() -> bool:
    """Whether NVIDIA's driver lists a GPU; torch, which takes seconds to import, is not asked."""
    command = shutil.which("nvidia-smi")
    if command is None or os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1"):
        return False
    listed = subprocess.run([command, "-L"], capture_output=True, text=True, check=False)
    return listed.returncode == 0 and "GPU " in listed.stdout


def cores() -> int:
    """The cores that this process may use; where the system does not say, as on macOS, all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve(device: str) -> str:
    """`cpu` or `cuda` for what the user asked; an `InputError` for a GPU that torch cannot use."""
    import torch

    usable = torch.cuda.is_available()
    if device == "cuda" and not usable:
        found = f"no GPU that torch {torch.__version__} can use"
        raise InputError("--device cuda", found, "a CUDA build of torch on a GPU, or --device cpu")
    return "cuda" if device == "cuda" or (device == "auto" and usable) else "cpu"


def has_bfloat16(device: str) -> bool:
    """Whether the device multiplies numbers of that type itself; on a CPU without it, steps in
    bfloat16 take several times as long as in float32. On a CPU that cannot be asked: no."""
    if device == "cuda":
        import torch

        return torch.cuda.is_bf16_supported(including_emulation=False)
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    flags = {flag for line in said.splitlines() if _FLAGS.match(line) for flag in line.split()}
    return bool(flags & {"avx512_bf16", "amx_bf16", "bf16"})


@contextmanager
def claimed(device: str, folder: Path | None = None) -> Iterator[str]:
    """A device of one's own: of several GPUs the first that no other training holds (`cuda:1`).

    Where all are held it waits, because two trainings on one GPU would spoil both their times.
    """
    import torch

    if device == "cpu":
        yield device
        return
    folder = folder or Path(tempfile.gettempdir())
    identifiers = [
        str(torch.cuda.get_device_properties(n).uuid) for n in range(torch.cuda.device_count())
    ]
    with ExitStack() as files:
        locks = [
            files.enter_context(_lock_file(folder / f"nagbench-gpu-{name}.lock"))
            for name in identifiers
        ]
        index = _first_free(locks)
        if index is None:
            print("Every GPU trains for others: waiting for one.", file=sys.stderr, flush=True)
        while index is None:
            time.sleep(1)  # the system wakes nobody for the first of several locks
            index = _first_free(locks)
        yield f"cuda:{index}"


def _lock_file(path: Path) -> IO[str]:
    """The file, for every user of the machine: one that cannot be written can be locked as well."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:  # another user's, in a folder that all share
        return path.open()
    with suppress(PermissionError):
        os.fchmod(handle, 0o666)  # whatever the umask
    return os.fdopen(handle)


def _first_free(locks: Sequence[IO[str]]) -> int | None:
    """Lock the first that is free; the system lets go of it when the process ends."""
    for index, lock in enumerate(locks):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return index
    return None
