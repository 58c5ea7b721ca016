"""Copies of the repository in which a very small study has run, for tests of the rules."""

import shutil
from pathlib import Path

import pytest
from checkout import Checkout, check_out, everything

from made_once import once

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

    def make(folder: Path) -> None:
        checkout = check_out(folder)
        shutil.copy(HERE / program, checkout.folder / "bin")
        checkout.program(f'"$(dirname "$0")/{program}"')
        ended = checkout.run(*everything())
        (checkout.folder / "output.txt").write_text(ended.stdout, encoding="utf-8")
        assert ended.returncode == 0, ended.stdout

    original = Checkout(once(tmp_path_factory, f"{name}-original", make))
    return original.copy(tmp_path_factory.mktemp(name) / "checkout")
