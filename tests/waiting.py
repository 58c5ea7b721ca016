"""Waiting for what other processes do, with an end; and finding these processes."""

import subprocess
import time
from collections.abc import Callable
from typing import Any

import psutil


def wait_for(
    holds: Callable[[], object],
    process: subprocess.Popen[Any] | None = None,
    seconds: float = 300,
    what: str = "",
) -> None:
    """Until something holds; a process that is to bring it about must not end before."""
    end = time.monotonic() + seconds
    while not holds():
        assert process is None or process.poll() is None, "it ended before"
        assert time.monotonic() < end, f"not within {seconds:g} seconds: {what}"
        time.sleep(0.05)  # between two looks


def living(name: str, value: str) -> list[psutil.Process]:
    """The processes in whose environment a variable has that value, whatever started them; their
    `info` has `environ` and `name`."""
    found = []
    for process in psutil.process_iter(["environ", "name", "status"]):
        environment = process.info["environ"] or {}
        if environment.get(name) == value and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found
