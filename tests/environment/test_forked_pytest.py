"""The server of mutation testing runs what it is asked, and a killed run leaves nothing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from waiting import wait_for

SCRIPT = Path("envs/forked_pytest.py").resolve()


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "socket"
    server = subprocess.Popen([sys.executable, SCRIPT, "serve", place, "json"], cwd=tmp_path)
    try:
        wait_for(place.exists, server)
        yield place
    finally:
        server.kill()
        server.wait()


def asked(socket: Path, test: str) -> subprocess.Popen[bytes]:
    path = socket.parent / "test_it.py"
    path.write_text(test, encoding="utf-8")
    run = [sys.executable, SCRIPT, "run", socket, "-q", "-p", "no:cacheprovider", path]
    return subprocess.Popen(run)


def test_the_status_is_pytests_and_of_the_source_as_it_is_now(socket: Path) -> None:
    for test, status in (("def test(): assert 1", 0), ("def test(): assert 0", 1), ("x(", 2)):
        assert asked(socket, test).wait(60) == status


def test_with_a_run_that_is_killed_its_fork_ends(socket: Path) -> None:
    pid = socket.parent / "pid"
    endless = (
        "import os, pathlib, signal\n"
        f"def test():\n pathlib.Path({str(pid)!r}).write_text(str(os.getpid()) + '.')\n"
        " signal.pause()\n"
    )
    run = asked(socket, endless)
    wait_for(lambda: pid.exists() and pid.read_text().endswith("."), run)
    fork = int(pid.read_text()[:-1])
    run.kill()
    run.wait()
    wait_for(lambda: not psutil.pid_exists(fork), what="its fork's end")
    assert asked(socket, "def test(): assert 1").wait(60) == 0
