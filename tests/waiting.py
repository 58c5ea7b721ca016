"""Waiting for another process, with an end."""

import subprocess
import time
from collections.abc import Callable
from typing import Any


def wait_for(
    holds: Callable[[], object], process: subprocess.Popen[Any], seconds: float = 300
) -> None:
    """Until something holds, which a process brings about; it must not end before."""
    end = time.monotonic() + seconds
    while not holds():
        assert process.poll() is None, "it ended before"
        assert time.monotonic() < end, f"not within {seconds:g} seconds"
        time.sleep(0.02)  # between two looks
