"""A disk that cannot be written: every command that writes says so in one line and leaves nothing
half-written.

The disk is a file system in memory. A first run tells how much a command writes; then it is run
with nothing free, with half of that free, on the disk made read-only, and, when it can be written
again, to the same end.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from nagbench.cli import main

RECORDS = Path("paper/records/cifar10-cnn")
VALIDATION = Path("paper/records/validation")
CURVES = "optimizer,seed,step,loss\n" + "".join(
    f"{name},{seed},{step},0.{9 - step}{seed}{digit}\n"
    for digit, name in enumerate("ab")
    for seed in range(1, 6)
    for step in range(1, 9)
)
# Every command that writes a file, with `{disk}` where it writes; `{made}` is on another disk.
WRITERS = {
    "data": "data synthetic --output {disk}/data.npz",
    "plan": "plan demo --output {disk}/plan.json",
    "new-study": "new-study {disk}/mine.yaml",
    "train": "train {made}/small.yaml --unit tune/tiny_cnn/sgd --data {made}/data.npz --device cpu "
    "--output {disk}/unit.parquet --store {disk}/runs",
    "records merge": "records merge {records} --output {disk}/records",
    "statistics": "statistics cifar10-cnn --records {records} --output {disk}/statistics "
    "--theory {validation}/theory.parquet --calibration {validation}/calibration.parquet",
    "figure pdf": "figure answer --statistics {made}/statistics --output {disk}/answer.pdf",
    "figure png": "figure answer --statistics {made}/statistics --output {disk}/answer.png",
    "table": "table results --statistics {made}/statistics --output {disk}/results.tex",
    "numbers": "numbers --statistics {made}/statistics --output {disk}/numbers.tex",
    "captions": "captions --statistics {made}/statistics --output {disk}/captions.tex",
    "explore": "explore cifar10-cnn --statistics {made}/statistics --records {records} "
    "--output {disk}/explore.html",
    "export": "export cifar10-cnn --statistics {made}/statistics --records {records} "
    "--output {disk}/archive.tar.gz",
    "judge": "judge {made}/curves.csv --output {disk}/judged",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What commands read: result tables, images, a study and curves, where there is space."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "curves.csv").write_text(CURVES, encoding="utf-8")
    (folder / "small.yaml").write_text(
        "extends: demo\ntuning: {points: 2, rungs: [], seeds: [1], runner_up_seeds: 0}\n"
        "workloads: {tiny_cnn: {label: Tiny, model: tiny_cnn, batch_size: 64, epochs: 1, "
        "train_size: 256, targets: {low: 0.2, high: 0.3, source: a test}}}\n",
        encoding="utf-8",
    )
    for name, command in (("data", WRITERS["data"]), ("statistics", WRITERS["statistics"])):
        assert main(_words(command, folder, folder)) == 0, name
    return folder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MB of its own; only who may mount one can run these tests."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("wants to mount a file system, as root may")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def _words(command: str, disk: Path, made: Path) -> list[str]:
    places = {"disk": disk, "made": made, "records": RECORDS, "validation": VALIDATION}
    return command.format(**places).split()


def _run(command: str, disk: Path, made: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "nagbench", *_words(command, disk, made)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def _content(disk: Path) -> Mapping[str, bytes]:
    return {
        str(path.relative_to(disk)): path.read_bytes()
        for path in sorted(disk.rglob("*"))
        if path.is_file() and path.name != "filler"
    }


def _remount(disk: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(disk)], check=True)


def _fill(disk: Path, free: int) -> None:
    """Leave about `free` bytes of the disk."""
    held = os.statvfs(disk)
    with (disk / "filler").open("wb") as file:
        file.write(bytes(max(held.f_bavail * held.f_frsize - free, 0)))


# What differs from one run of the same command to the next, in its own words: times and folders.
TIMED = {"train", "judge"}


# The others take seconds each, five times.
QUICK = {"plan", "new-study", "train", "figure pdf", "records merge"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in WRITERS],
)
def test_it_is_said_in_one_line_and_what_was_there_is_as_it_was(
    name: str, disk: Path, made: Path
) -> None:
    command = WRITERS[name]
    first = _run(command, disk, made)
    assert first.returncode == 0, first.stderr
    whole = _content(disk)
    size = sum(map(len, whole.values()))
    assert size > 0
    for path in disk.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for free in (0, size // 2, None):
        if free is None:
            _remount(disk, "ro")
        else:
            _fill(disk, free)
        ended = _run(command, disk, made)
        assert ended.returncode == 2, (free, ended.stderr)
        why = "Read-only file system" if free is None else "No space left"
        said = [line for line in ended.stderr.splitlines() if why in line]
        assert len(said) == 1, ended.stderr
        assert str(disk) in said[0]
        assert "a writable folder with free space" in said[0]
        assert "Traceback" not in ended.stderr
        left = _content(disk)
        assert not [path for path in left if Path(path).name.startswith(".")]
        if name not in TIMED:
            assert left == {path: whole[path] for path in left}
        _remount(disk, "rw")
        (disk / "filler").unlink(missing_ok=True)
    again = _run(command, disk, made)
    assert again.returncode == 0, again.stderr
    after = _content(disk)
    assert set(after) == set(whole)
    if name not in TIMED:
        assert after == whole


def test_every_command_with_an_output_is_tried() -> None:
    """But those that time, simulate or train for minutes; all write by `files.atomic_path`."""
    from nagbench.cli import parser

    (commands,) = [a.choices for a in parser()._actions if a.dest == "command"]
    writing = {
        name
        for name, command in commands.items()
        if any("--output" in action.option_strings for action in command._actions)
    }
    long = {"bench", "calibrate", "compare", "cross-check", "session", "theory", "verify"}
    small = {"choose", "collect", "submit"}
    tried = {command.split()[0] for command in WRITERS.values()}
    assert writing - tried - long - small == set()
