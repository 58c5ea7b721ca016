"""A study trained in two sessions, the first cut off, has the records of undisturbed training."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from nagbench.cli import main
from nagbench.data.images import ImageSet, save
from nagbench.records import TIMES, read_units
from waiting import wait_for

SEEDS = 12
NAMES = [f"{stage}/tiny/{name}" for stage in ("tune", "test") for name in ("sgd", "nag")]


class Rented:
    """A study's plan and data, as they are carried to a node, and sessions there."""

    def __init__(self, folder: Path, small: dict[str, Any], images: ImageSet) -> None:
        self.folder, self.plan, self.data = folder, folder / "plan.json", folder / "data.npz"
        small["optimizers"] = {"sgd": None, "nag": None}
        small["workloads"]["tiny"]["epochs"] = 40
        small["testing"]["seeds"] = list(range(11, 11 + SEEDS))  # more than end while one looks
        (folder / "small.yaml").write_text(yaml.safe_dump(small))
        assert main(["plan", str(folder / "small.yaml"), "--output", str(self.plan)]) == 0
        save(images, self.data)

    def begin(self, output: str, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "nagbench", "session", self.plan, "--data", self.data,
                   "--output", self.folder / output, "--minutes", "9", "--device", "cpu",
                   *more]  # fmt: skip
        temporary = self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        environment = {**os.environ, "TMPDIR": str(temporary)}
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def records(self, output: str) -> dict[str, tuple[pd.DataFrame, ...]]:
        unpacked = self.folder / f"{output} unpacked"
        for path in sorted((self.folder / output).glob("*-work-*.tar.gz")):
            unpacked.mkdir(exist_ok=True)
            subprocess.run(["tar", "-xzf", path, "-C", unpacked], check=True)
        return {name: read_units([unpacked / f"results/small/{name}.parquet"]) for name in NAMES}


@pytest.fixture
def rented(tmp_path: Path, small: dict[str, Any], images: ImageSet) -> Rented:
    return Rented(tmp_path, small, images)


@pytest.mark.slow
def test_cut_off_a_session_saves_all_and_the_next_goes_on(rented: Rented, tmp_path: Path) -> None:
    with rented.begin("first", "--no-checks") as process:
        # A run is finished, and many are not begun.
        wait_for(lambda: list(tmp_path.glob("temporary/nagbench-*/runs/*/*.json")), process)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=100)[0]
    assert process.returncode == 75
    assert "stopped in time" in said
    assert list((tmp_path / "first").glob("0001-checkpoints-*-1-of-1.tar"))
    assert len(list((tmp_path / "first").iterdir())) <= 8
    with rented.begin("second", "--no-checks", "--earlier", str(tmp_path / "first")) as process:
        said = process.communicate(timeout=300)[0]
    assert process.returncode == 0
    assert "Session 2: 2 archives of earlier ones unpacked" in said
    assert "nothing is left to train" in said
    assert not list((tmp_path / "second").glob("*checkpoints*"))
    assert max(map(len, said.splitlines())) <= 80
    (written,) = (tmp_path / "second").glob("0002-session.txt")
    assert written.read_text().strip() in said

    alone = ["train", str(rented.plan), "--data", str(rented.data), "--device", "cpu",
             "--results", str(tmp_path / "alone"), "--store", str(tmp_path / "runs")]  # fmt: skip
    assert main(alone) == 0
    for name, tables in rented.records("second").items():
        expected = read_units([tmp_path / "alone/small" / f"{name}.parquet"])
        for one, other in zip(expected, tables, strict=True):
            kept = [column for column in one if column not in TIMES]
            pd.testing.assert_frame_equal(one[kept], other[kept], check_exact=True)


def test_a_wrong_plan_is_refused_by_the_training_and_told(rented: Rented) -> None:
    rented.plan.write_text("{}")
    with rented.begin("first", "--no-checks") as process:
        said = process.communicate(timeout=100)[0]
    assert process.returncode == 2
    assert "failed with status 2" in said
    assert "plan.json: no plan" in said


def test_too_short_a_session_and_missing_data_are_refused_at_once(
    rented: Rented, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["session", str(rented.plan), "--output", str(rented.folder / "out")]
    assert main([*words, "--minutes", "3.4"]) == 2
    assert "--minutes: found 3.4; allowed: 3.5 or more" in capsys.readouterr().err
    assert main([*words, "--minutes", "9", "--data", "nowhere.npz"]) == 2
    assert "nowhere.npz: no such file" in capsys.readouterr().err
    assert not (rented.folder / "out").exists()
