"""Copies of the repository in which a very small study has run, for tests of the rules."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest
from checkout import Checkout, check_out, everything

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The small study, really run; each command noted which files it loaded."""
    return _run(tmp_path_factory, "finished", "noting.py")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The small study with every file that a run makes, but made by a stand-in, in seconds."""
    return _run(tmp_path_factory, "made", "stand_in.py")


def _run(tmp_path_factory: pytest.TempPathFactory, name: str, program: str) -> Checkout:
    """Run once, whatever the number of test processes, with this `nagbench`; a copy for each."""
    own = tmp_path_factory.mktemp(name)
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        original = Checkout(shared / f"{name}-original")
        if not original.folder.exists():
            checkout = check_out(shared / f"{name}-running")
            shutil.copy(HERE / program, checkout.folder / "bin")
            checkout.program(f'"$(dirname "$0")/{program}"')
            ended = checkout.run(*everything())
            (checkout.folder / "output.txt").write_text(ended.stdout, encoding="utf-8")
            assert ended.returncode == 0, ended.stdout
            checkout.folder.rename(original.folder)
    return original.copy(own / "checkout")
