"""A copy of the repository in which a very small study has really run, for tests of the rules."""

import fcntl
import os

import pytest
from checkout import Checkout, check_out, everything


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The small study, run once whatever the number of test processes, and a copy for each."""
    own = tmp_path_factory.mktemp("workflow")
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "workflow.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        original = Checkout(shared / "workflow-original")
        if not original.folder.exists():
            checkout = check_out(shared / "workflow-running")
            ended = checkout.run(*everything())
            (checkout.folder / "output.txt").write_text(ended.stdout, encoding="utf-8")
            assert ended.returncode == 0, ended.stdout
            checkout.folder.rename(original.folder)
    return original.copy(own / "checkout")
