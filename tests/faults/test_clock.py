"""Whatever the machine's clock does meanwhile, a run ends in the records of an undisturbed one."""

import os
import random
import subprocess
import threading
import time
from itertools import cycle
from pathlib import Path

import pytest
from checkout import Checkout, check_out

from nagbench.records import digest, read_tables

pytestmark = pytest.mark.slow
RECORDS = "results/micro/records"
CLOCK = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
JUMPS = ("-400d", "+0", "+400d", "-1h")


def records(checkout: Checkout) -> str:
    return digest(*read_tables(checkout.folder / RECORDS))


def trained(checkout: Checkout) -> dict[Path, bytes]:
    """The files of the store of runs; one that is trained again holds other times."""
    files = (checkout.folder / "results/runs").rglob("*")
    return {path: path.read_bytes() for path in files if path.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    checkout = check_out(tmp_path_factory.mktemp("undisturbed") / "clone")
    ended = checkout.run("tables")
    assert ended.returncode == 0, ended.stdout
    return checkout


def test_a_clock_that_jumps_by_years_each_second(undisturbed: Checkout, tmp_path: Path) -> None:
    """A computer's clock that is set anew; one that counts from when it was started is not.

    Snakemake may stop when it finds a result older than what it was made of; then it says so, and
    the same command goes on.
    """
    assert CLOCK is not None, "Debian's libfaketime brings the clock that is set"
    checkout, clock = check_out(tmp_path / "clone"), tmp_path / "clock"
    clock.write_text("+0", encoding="utf-8")
    faked = {
        "LD_PRELOAD": os.fspath(CLOCK),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    over = threading.Event()

    def jump() -> None:
        for offset in cycle(JUMPS):
            if over.wait(1):
                return
            clock.with_name("next").write_text(offset, encoding="utf-8")
            clock.with_name("next").replace(clock)

    jumping = threading.Thread(target=jump)
    jumping.start()
    try:
        ended = subprocess.run(
            checkout.command("tables"),
            cwd=checkout.folder,
            env={**checkout.environment(), **faked},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    finally:
        over.set()
        jumping.join()
    if ended.returncode:
        assert "clock skew" in ended.stdout
        assert ended.stdout.endswith("the same command goes on from there.\n")
        assert "Traceback" not in ended.stdout
        ended = checkout.run("tables")
        assert ended.returncode == 0, ended.stdout
    assert records(checkout) == records(undisturbed)
    years = {text[:4] for text in read_tables(checkout.folder / RECORDS)[0]["ended"]}
    assert len(years) > 1, "the clock did not jump"


@pytest.mark.parametrize("days", [-400, 400])
def test_files_from_before_a_jump_of_the_clock(
    undisturbed: Checkout, tmp_path: Path, days: int
) -> None:
    """Half of the files are of another time, so that some seem older than what they are made of."""
    checkout, chance = undisturbed.copy(tmp_path / "clone"), random.Random(days)
    before = trained(checkout)
    then = time.time() + days * 86400
    for path in sorted((checkout.folder / "results").rglob("*")):
        if path.is_file() and chance.random() < 0.5:
            os.utime(path, (then, then))
    ended = checkout.run("tables")
    assert ended.returncode == 0, ended.stdout
    assert records(checkout) == records(undisturbed)
    assert trained(checkout) == before
    assert not checkout.pending("tables")
