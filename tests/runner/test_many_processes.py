"""Runs in processes of their own: stopped, killed, orphaned."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
import yaml

from nagbench import records
from nagbench.data.images import ImageSet, save
from nagbench.errors import InputError
from nagbench.runner.many_processes import ManyProcesses
from nagbench.runner.stop import Interrupted, Stop
from nagbench.runner.store import Store
from nagbench.runner.unit import train_unit
from nagbench.sources import Snapshot
from small_runs import unit_of

KILLS = 20
TESTS = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])


@pytest.fixture
def study(small: dict[str, Any], tmp_path: Path) -> Path:
    small["workloads"]["tiny"]["epochs"] = 6
    small["tuning"]["rungs"] = [{"epochs": 2, "keep": 1}]
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    return path


def assert_same_results(first: Path, second: Path) -> None:
    for one, other in zip(records.read_units([first]), records.read_units([second]), strict=True):
        result = [name for name in one if name not in records.TIMES]
        pd.testing.assert_frame_equal(one[result], other[result], check_exact=True)


def test_time_is_up_for_every_process(study: Path, images: ImageSet, tmp_path: Path) -> None:
    unit = unit_of(study, "tune/tiny/sgd")
    store, stop = Store(tmp_path / "runs"), Stop(minutes=1e-9)
    output = tmp_path / "unit.parquet"
    with ManyProcesses(images, store, stop, Snapshot(), 2) as trainer, pytest.raises(Interrupted):
        train_unit(unit, images, output, "cpu", trainer, store, Snapshot())
    assert not output.exists()
    with ManyProcesses(images, store, Stop(), Snapshot(), 2) as trainer:
        train_unit(unit, images, output, "cpu", trainer, store, Snapshot())
    assert len(records.read_units([output])[0]) == 3


def test_a_process_that_the_system_ends_is_one_clear_error(
    study: Path, images: ImageSet, tmp_path: Path
) -> None:
    unit = unit_of(study, "tune/tiny/sgd")
    store = Store(tmp_path / "runs")
    with ManyProcesses(images, store, Stop(), Snapshot(), 1) as trainer:

        def kill(progress: object) -> None:
            if trainer._pool is None:  # nothing is under way yet
                return
            for process in list((trainer._pool._processes or {}).values()):
                os.kill(process.pid or 0, signal.SIGKILL)

        with pytest.raises(InputError, match="fewer --lanes"):
            train_unit(
                unit,
                images,
                tmp_path / "unit.parquet",
                "cpu",
                trainer,
                store,
                Snapshot(),
                report=kill,
            )


# Trains with a checkpoint after each epoch, so that there is something to go on from.
_TRAIN = """
import sys
from pathlib import Path
from nagbench.data.images import load
from small_runs import one_process, unit_of
from nagbench.runner import checkpoint
from nagbench.sources import Snapshot
from nagbench.runner.store import Store
from nagbench.runner.unit import train_unit

checkpoint.Checkpoint.due = lambda self: True
study, data, folder = sys.argv[1:]
images, store = load(Path(data)), Store(Path(folder, "runs"))
trainer = one_process(images, store, lanes=2)

def report(progress):
    print(progress.done, progress.epochs, flush=True)

unit = unit_of(Path(study), "tune/tiny/sgd")
output = Path(folder, "unit.parquet")
train_unit(unit, images, output, "cpu", trainer, store, Snapshot(), report=report)
"""
# A server that has imported torch once and forks a training for each line that it reads.
_SERVER = """
import os, sys
import torch, nagbench.runner.unit, nagbench.runner.one_process
torch.set_num_threads(1)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        sys.argv = ["train", *line.split()]
        exec(os.environ["TRAIN"])
        os._exit(0)
    print("child", child, flush=True)
    status = os.waitpid(child, 0)[1]
    print("ended", status, flush=True)
"""


def test_killed_at_any_moment_it_ends_in_the_same_record(
    study: Path, images: ImageSet, tmp_path: Path
) -> None:
    """Twenty SIGKILLs at random moments; what a kill leaves must never be wrong."""
    save(images, tmp_path / "data.npz")
    with subprocess.Popen(
        [sys.executable, "-u", "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TRAIN": _TRAIN, "OMP_NUM_THREADS": "1", "PYTHONPATH": TESTS},
    ) as server:
        _kill_and_compare(server, study, tmp_path)


def _kill_and_compare(server: subprocess.Popen[str], study: Path, tmp_path: Path) -> None:
    def train(folder: Path, after: float | None = None) -> bool:
        """Train, and kill it after so many seconds of training; whether it was killed."""
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(f"{study} {tmp_path / 'data.npz'} {folder}\n")
        server.stdin.flush()
        child = 0
        for line in server.stdout:
            word, number = line.split()
            if word == "child":
                child = int(number)
            elif word == "ended":
                return number != "0"
            if after is not None and child:
                time.sleep(after)  # the moment is what the test varies
                with contextlib.suppress(ProcessLookupError):  # it was faster
                    os.kill(child, signal.SIGKILL)
                after = None
        raise AssertionError("the server ended")

    assert not train(tmp_path / "first")  # the server is up
    began = time.monotonic()
    assert not train(tmp_path / "whole")
    whole = time.monotonic() - began
    moments = random.Random(0)
    kills = rounds = 0
    while kills < KILLS:
        folder = tmp_path / f"cut{rounds}"
        rounds += 1
        assert rounds <= 3 * KILLS
        while kills < KILLS and train(folder, moments.uniform(0, 0.8 * whole)):
            kills += 1
            assert not list(folder.glob("*.parquet")), "a file before its unit was complete"
            if kills % 5 == 0:
                break
        assert not train(folder)
        assert_same_results(tmp_path / "whole" / "unit.parquet", folder / "unit.parquet")


def test_no_process_outlives_its_parent(study: Path, images: ImageSet, tmp_path: Path) -> None:
    save(images, tmp_path / "data.npz")
    command = [
        sys.executable, "-m", "nagbench", "train", str(study), "--units", "tune/*",
        "--data", str(tmp_path / "data.npz"), "--results", str(tmp_path), "--lanes", "2",
        "--store", str(tmp_path / "runs"), "--device", "cpu",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        for line in parent.stdout:  # until an epoch is trained: the processes are up
            if " epochs, " in line:
                break
        children = psutil.Process(parent.pid).children(recursive=True)
        assert len(children) >= 2
        parent.kill()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
