"""A disk that takes no more: every command that writes says so in one line and leaves nothing
half-written.

A first run tells how much a command writes; then it is run where nothing fits, where half of that
does, and, when all does again, to the same end. A limit on the size of files stands in for the
disk, which anybody may set. On a file system of its own, for which one must be allowed to mount it,
the disk is in truth full, and then read-only too.
"""

import os
import resource
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
def made(tmp_path_factory: pytest.TempPathFactory, committed_tables: Path) -> Path:
    """What commands read: result tables, images, a study and curves, where there is space."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "curves.csv").write_text(CURVES, encoding="utf-8")
    (folder / "small.yaml").write_text(
        "extends: demo\ntuning: {points: 2, rungs: [], seeds: [1], runner_up_seeds: 0}\n"
        "workloads: {tiny_cnn: {label: Tiny, model: tiny_cnn, batch_size: 64, epochs: 1, "
        "train_size: 256, targets: {low: 0.2, high: 0.3, source: a test}}}\n",
        encoding="utf-8",
    )
    (folder / "statistics").symlink_to(committed_tables)
    assert main(_words(WRITERS["data"], folder, folder)) == 0
    return folder


class Limit:
    """A folder in which a command may write files of so many bytes, or without a limit."""

    said = "File too large"

    def __init__(self, place: Path) -> None:
        self.place = place
        self._bytes: int | None = None

    def leave(self, part: int, whole: Mapping[str, bytes]) -> None:
        """Room for a `part`-th of the largest file of `whole`; 0: for nothing."""
        self._bytes = max(map(len, whole.values())) // part if part else 0

    def clear(self) -> None:
        """Room for all."""
        self._bytes = None

    def begin(self) -> None:
        """In the process that is to be limited."""
        if self._bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self._bytes, self._bytes))


class Mounted(Limit):
    """A file system of 32 MB of its own, with room for a part of all files."""

    said = "No space left"

    def leave(self, part: int, whole: Mapping[str, bytes]) -> None:
        free = sum(map(len, whole.values())) // part if part else 0
        held = os.statvfs(self.place)
        with (self.place / "filler").open("wb") as file:
            file.write(bytes(max(held.f_bavail * held.f_frsize - free, 0)))

    def clear(self) -> None:
        self.mount("remount,rw")
        (self.place / "filler").unlink(missing_ok=True)

    def mount(self, options: str) -> None:
        subprocess.run(["mount", "-o", options, str(self.place)], check=True)


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Mounted]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)]
    subprocess.run(mount, check=True)
    yield Mounted(place)
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def _words(command: str, disk: Path, made: Path) -> list[str]:
    places = {"disk": disk, "made": made, "records": RECORDS, "validation": VALIDATION}
    return command.format(**places).split()


def _run(command: str, disk: Limit, made: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nagbench", *_words(command, disk.place, made)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=disk.begin,
    )


def _content(disk: Path) -> Mapping[str, bytes]:
    return {
        str(path.relative_to(disk)): path.read_bytes()
        for path in sorted(disk.rglob("*"))
        if path.is_file() and path.name != "filler"
    }


# What differs from one run of the same command to the next, in its own words: times and folders.
TIMED = {"train", "judge"}
# The others take seconds each, four times.
QUICK = {"new-study", "train", "figure pdf", "records merge"}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in WRITERS]
)
def test_files_that_may_not_be_large(name: str, tmp_path: Path, made: Path) -> None:
    (tmp_path / "disk").mkdir()
    _try(name, Limit(tmp_path / "disk"), made)


@pytest.mark.disk
@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_that_is_full_or_read_only(name: str, mounted: Mounted, made: Path) -> None:
    _try(name, mounted, made)


def _try(name: str, disk: Limit, made: Path) -> None:
    first = _run(WRITERS[name], disk, made)
    assert first.returncode == 0, first.stderr
    whole = _content(disk.place)
    assert any(whole.values())
    if isinstance(disk, Mounted) and name != "new-study":  # whose file must not be there
        disk.mount("remount,ro")
        _fails(name, disk, made, whole, "Read-only file system")
        disk.clear()
    for path in disk.place.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for part in (0, 2):
        disk.leave(part, whole)
        _fails(name, disk, made, whole, disk.said)
        disk.clear()
    again = _run(WRITERS[name], disk, made)
    assert again.returncode == 0, again.stderr
    after = _content(disk.place)
    assert set(after) == set(whole)
    if name not in TIMED:
        assert after == whole


def _fails(name: str, disk: Limit, made: Path, whole: Mapping[str, bytes], why: str) -> None:
    """With one line, and what is there afterwards is as it should be."""
    ended = _run(WRITERS[name], disk, made)
    assert ended.returncode == 2, ended.stderr
    said = [line for line in ended.stderr.splitlines() if why in line]
    assert len(said) == 1, ended.stderr
    assert str(disk.place) in said[0]
    assert "a writable folder with free space" in said[0]
    assert "Traceback" not in ended.stderr
    left = _content(disk.place)
    assert not [path for path in left if Path(path).name.startswith(".")]
    if name not in TIMED:
        assert left == {path: whole[path] for path in left}


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
