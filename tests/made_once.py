"""What takes long to make and is only read: made once, whatever the number of test processes."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nagbench.cli import main

RECORDS = Path(__file__).parents[1] / "paper/records"


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` makes where it is told to; other processes wait until it is there."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    made = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = shared / f"{name}-making"
            make(making)
            making.rename(made)
    return made


@pytest.fixture(scope="session")
def committed_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result tables of `cifar10-cnn`, with what another machine found, as `make results` has
    them; to be read alone."""
    records, validation = RECORDS / "cifar10-cnn", RECORDS / "validation"

    def make(folder: Path) -> None:
        options = {
            "records": records,
            "elsewhere": records / "h200",
            "theory": validation / "theory.parquet",
            "calibration": validation / "calibration.parquet",
            "output": folder,
        }
        words = [word for name, path in options.items() for word in (f"--{name}", str(path))]
        assert main(["statistics", "cifar10-cnn", *words]) == 0

    return once(tmp_path_factory, "committed-tables", make)
