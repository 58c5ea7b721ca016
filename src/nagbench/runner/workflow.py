"""The process that runs the workflow: whether another one lives, and whether ours still does.

Snakemake locks what it makes by files that a killed process leaves behind, and what it started goes
on without it. So every process of the workflow holds a lock of the operating system's, which ends
with it, and tells the training that it starts who it is.
"""

import fcntl
import os
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from nagbench.errors import InputError
from nagbench.version import __version__

SOURCE = "NAGBENCH_SOURCE"  # where an environment that conda makes gets the package from
STARTER = "NAGBENCH_WORKFLOW"  # the environment's variable: host, process, and when that began
_LOCK, _LEFT = ".snakemake/nagbench.lock", ".snakemake/locks"
_held: list[int] = []  # open until the process ends, and its lock with it


def install_from(clone: Path | None) -> None:
    """Tell envs/environment.post-deploy.sh what to install: the clone, or where there is none this
    version of the package."""
    os.environ[SOURCE] = str(clone or f"nagbench=={__version__}")


def code_in_containers(clone: Path | None) -> None:
    """Let jobs in a container run the package of the clone, by which the workflow knows them.

    The libraries are the image's, and where there is no clone the package too. Apptainer takes this
    from its own variables, and nothing else heeds them.
    """
    if clone is None:
        return
    for program in ("APPTAINER", "SINGULARITY"):
        os.environ[f"{program}ENV_PYTHONPATH"] = str(clone / "src")
        bound = [one for one in os.environ.get(f"{program}_BIND", "").split(",") if one]
        os.environ[f"{program}_BIND"] = ",".join(dict.fromkeys([*bound, str(clone)]))


def begin(folder: Path) -> bool:
    """Be the workflow of a folder, or one of several; whether locks of a dead one were removed.

    Where the file system has no locks, nothing is known of others, and nothing is removed.
    """
    os.environ[STARTER] = f"{socket.gethostname()} {os.getpid()} {_began(os.getpid())}"
    place = folder / _LOCK
    try:
        place.parent.mkdir(exist_ok=True)
        lock = os.open(place, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        return False
    _held.append(lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(lock, fcntl.LOCK_SH)
        return False
    except OSError:
        return False
    left = list((folder / _LEFT).glob("*.lock"))
    for file in left:
        file.unlink(missing_ok=True)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return bool(left)


def executor(name: str) -> str:
    """The name of one of Snakemake's executors, if its plugin is installed; otherwise the end.

    Profiles ask, because Snakemake answers an unknown executor with all of its options.
    """
    plugin = f"snakemake_executor_plugin_{name}"
    if find_spec(plugin) is None:
        package = plugin.replace("_", "-")
        found = f"no plugin {package}"
        sys.exit(f"nagbench: {InputError(f'executor {name}', found, f'pip install {package}')}")
    return name


def ended() -> bool:
    """Whether the workflow that started this process is gone; False if none did, or elsewhere."""
    host, _, process = os.environ.get(STARTER, "").partition(" ")
    number, _, began = process.partition(" ")
    if host != socket.gethostname() or not number.isdigit():
        return False
    return _began(int(number)) != began


def _began(process: int) -> str:
    """When a process began, in ticks of the system's clock; empty if it does not live.

    Where the system tells no times, as on macOS, it is `alive`: a number may be given again.
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else "alive"
    return "" if state[0] == "Z" else state[19]
