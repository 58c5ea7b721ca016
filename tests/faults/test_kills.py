"""Killed at any moment, thirty times, training goes on to the records of an undisturbed run."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from checkout import MICRO, STUDY, Checkout, check_out

from nagbench.records import digest, read_tables, read_units

pytestmark = pytest.mark.slow
KILLS = 30
LONGEST = 9.0  # seconds until a kill; a start takes some of them
# A study of some minutes with such ends: what is kept of it lasts from one kill to the next.
LONGER = {**MICRO, "workloads": {"tiny": {**MICRO["workloads"]["tiny"], "epochs": 60}}}


def study_of(checkout: Checkout) -> Path:
    path = checkout.folder / STUDY
    path.write_text(yaml.safe_dump(LONGER, sort_keys=False), encoding="utf-8")
    return path


def killed(command: list[str], checkout: Checkout, moments: random.Random) -> bool:
    """Start a command and kill it, every other time all that it started too; whether it was still
    at work."""
    with subprocess.Popen(
        command,
        cwd=checkout.folder,
        env=checkout.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            process.wait(moments.uniform(0.3, LONGEST))
        except subprocess.TimeoutExpired:
            if moments.random() < 0.5:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            process.wait()
            return True
    return False


def nobody_left(checkout: Checkout, seconds: float = 60) -> None:
    """Processes that outlive the one that was killed end by themselves."""
    until = time.monotonic() + seconds
    while True:
        found = subprocess.run(
            ["pgrep", "--full", f"nagbench .*{checkout.folder}|{checkout.folder}/bin"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        if not found:
            return
        assert time.monotonic() < until, found
        time.sleep(0.5)


def training(checkout: Checkout, place: str) -> list[str]:
    folder = checkout.folder / place
    return [
        sys.executable, "-m", "nagbench", "train", STUDY, "--data", str(checkout.folder / "d.npz"),
        "--results", str(folder / "results"), "--store", str(folder / "runs"), "--device", "cpu",
    ]  # fmt: skip


def test_training_killed_at_any_moment(tmp_path: Path) -> None:
    checkout, moments = check_out(tmp_path / "clone"), random.Random(1)
    study_of(checkout)
    data = ["data", "synthetic", "--output", str(checkout.folder / "d.npz")]
    for command in (
        [sys.executable, "-m", "nagbench", *data],
        training(checkout, "undisturbed"),
    ):
        subprocess.run(command, cwd=checkout.folder, env=checkout.environment(), check=True)
    kills = sum(killed(training(checkout, "disturbed"), checkout, moments) for _ in range(KILLS))
    nobody_left(checkout)
    last = training(checkout, "disturbed")
    subprocess.run(last, cwd=checkout.folder, env=checkout.environment(), check=True)
    found = {}
    for place in ("undisturbed", "disturbed"):
        units = sorted((checkout.folder / place / "results").rglob("t*/*/*.parquet"))
        assert len(units) == 4
        found[place] = digest(*read_units(units))
    assert kills > KILLS / 2, "too few kills came before the end"
    assert found["disturbed"] == found["undisturbed"]


def test_the_workflow_killed_at_any_moment(tmp_path: Path) -> None:
    """It leaves no lock, and no trainer that outlives it; the same command goes on."""
    one, other = (check_out(tmp_path / name) for name in ("undisturbed", "disturbed"))
    for checkout in (one, other):
        study_of(checkout)
    target, moments = "results/micro/records", random.Random(2)
    ended = one.run(f"{target}/runs.parquet")
    assert ended.returncode == 0, ended.stdout
    command = other.command(f"{target}/runs.parquet")
    kills = sum(killed(command, other, moments) for _ in range(KILLS))
    nobody_left(other)
    ended = other.run(f"{target}/runs.parquet")
    assert ended.returncode == 0, ended.stdout
    assert kills > KILLS / 2, "too few kills came before the end"
    assert digest(*read_tables(other.folder / target)) == digest(*read_tables(one.folder / target))
