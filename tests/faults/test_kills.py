"""Killed at any moment, thirty times, training goes on to the records of an undisturbed run."""

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checkout import MICRO, STUDY, Checkout, check_out

from nagbench.records import digest, read_tables, read_units
from waiting import living, wait_for

pytestmark = pytest.mark.slow
KILLS = 30
LONGEST = 14.0  # seconds until a kill; a start takes some of them
RECORDS = "results/micro/records"
EPOCHS = 40
LONGER = {**MICRO, "workloads": {"tiny": {**MICRO["workloads"]["tiny"], "epochs": EPOCHS}}}
# It notes every epoch but a run's last, keeps a checkpoint of each, and takes its time.
SLOW_PROGRAM = Path("tests/cluster/pretending.py")
RUNS = 8  # of two optimizers, each with two settings tried and two test seeds


def prepared(folder: Path) -> Checkout:
    checkout = check_out(folder)
    text = yaml.safe_dump(LONGER, sort_keys=False)
    (checkout.folder / STUDY).write_text(text, encoding="utf-8")
    return checkout


def of(checkout: Checkout) -> list[int]:
    """The processes that work for a checkout, whoever started them."""
    return [process.pid for process in living("PYTHONPATH", checkout.environment()["PYTHONPATH"])]


def killed(command: list[str], checkout: Checkout, moments: random.Random) -> bool:
    """Start a command and kill it, every other time all that it started too; False if it had ended
    by then, well."""
    with subprocess.Popen(
        command,
        cwd=checkout.folder,
        env=checkout.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            assert process.wait(moments.uniform(0.3, LONGEST)) == 0
        except subprocess.TimeoutExpired:
            assert process.pid in of(checkout)
            if moments.random() < 0.5:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            process.wait()
            return True
    return False


def training(checkout: Checkout, place: str) -> list[str]:
    folder = checkout.folder / place
    return [
        sys.executable, "-m", "nagbench", "train", STUDY, "--data", str(checkout.folder / "d.npz"),
        "--results", str(folder / "results"), "--store", str(folder / "runs"), "--device", "cpu",
    ]  # fmt: skip


def test_training_killed_at_any_moment(tmp_path: Path) -> None:
    """Each time that it ends in spite of all it has begun anew, until there were enough kills."""
    checkout, moments = prepared(tmp_path / "clone"), random.Random(1)

    def run(command: list[str]) -> None:
        subprocess.run(command, cwd=checkout.folder, env=checkout.environment(), check=True)

    def found(place: str) -> str:
        units = sorted((checkout.folder / place / "results").rglob("t*/*/*.parquet"))
        assert len(units) == 4
        return digest(*read_units(units))

    run([sys.executable, "-m", "nagbench", "data", "synthetic", "--output", "d.npz"])
    run(training(checkout, "undisturbed"))
    kills = rounds = 0
    while kills < KILLS:
        if killed(training(checkout, f"round{rounds}"), checkout, moments):
            kills += 1
        else:
            rounds += 1
    wait_for(lambda: not of(checkout), seconds=60, what="what a kill left over ends by itself")
    run(training(checkout, f"round{rounds}"))
    for number in range(rounds + 1):
        assert found(f"round{number}") == found("undisturbed")


def test_the_workflow_killed_at_any_moment(tmp_path: Path) -> None:
    """It leaves no lock, and no trainer that outlives it; the same command goes on, and no kill
    costs more than the epochs that were under way. Each time that it ends in spite of all it
    begins anew, until there were enough kills."""
    one, other = (prepared(tmp_path / name) for name in ("undisturbed", "disturbed"))
    for checkout in (one, other):
        checkout.program('"$(dirname "$0")/pretending.py"')
        shutil.copy(SLOW_PROGRAM, checkout.folder / "bin/pretending.py")
        (checkout.folder / "bin/seconds").write_text("0.2", encoding="utf-8")

    def epochs(checkout: Checkout) -> int:
        return len((checkout.folder / "bin/epochs").read_text(encoding="utf-8").splitlines())

    def check(kills: int) -> None:
        found, wanted = (digest(*read_tables(place.folder / RECORDS)) for place in (other, one))
        assert found == wanted
        assert epochs(other) <= epochs(one) + 2 * kills  # two units train at once

    ended = one.run(f"{RECORDS}/runs.parquet")
    assert ended.returncode == 0, ended.stdout
    assert epochs(one) == RUNS * (EPOCHS - 1)
    moments, kills, of_round = random.Random(2), 0, 0
    while kills < KILLS:
        if killed(other.command(f"{RECORDS}/runs.parquet"), other, moments):
            kills, of_round = kills + 1, of_round + 1
        else:
            check(of_round)
            shutil.rmtree(other.folder / "results")
            (other.folder / "bin/epochs").unlink()
            of_round = 0
    wait_for(lambda: not of(other), seconds=60, what="what a kill left over ends by itself")
    ended = other.run(f"{RECORDS}/runs.parquet")
    assert ended.returncode == 0, ended.stdout
    check(of_round)
