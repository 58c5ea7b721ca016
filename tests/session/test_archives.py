"""What a session saved is what the next one finds, whatever was cut off, within its limits."""

import io
import itertools
import os
import random
import tarfile
from pathlib import Path

import pytest

from nagbench.errors import InputError
from nagbench.session.archives import Archives, Limits

# A work file holds two of the finished runs below, beside a margin of a megabyte.
LIMITS = Limits(files=8, file=1_250_000, together=8_000_000)
RUN, CHECKPOINT = 90_000, 400_000  # bytes


class Folder:
    """What training leaves, in a working folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, name: str, size: int, seed: int = 0) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(f"{name}{seed}").randbytes(size))

    def run(self, n: int) -> None:
        self.put(f"runs/{n}/{n}.json", RUN)

    def live(self, n: int, size: int = CHECKPOINT, epoch: int = 0) -> None:
        self.put(f"runs/{n}/{n}.checkpoint", size, epoch)

    def content(self) -> dict[str, bytes]:
        files = (path for path in self.path.rglob("*") if path.is_file())
        return {path.relative_to(self.path).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "work")


def archives(folder: Folder, output: Path, limits: Limits = LIMITS) -> Archives:
    return Archives(folder.path, output, limits)


def unpacked(tmp_path: Path, *earlier: Path) -> dict[str, bytes]:
    """What a next session finds in these folders."""
    fresh = Folder(tmp_path / "fresh" / str(len(list(tmp_path.glob("fresh/*")))))
    archives(fresh, tmp_path / "nothing").unpack(earlier)
    return fresh.content()


def sizes(output: Path) -> list[int]:
    return [path.stat().st_size for path in output.iterdir()]


def test_what_was_saved_is_found_again(folder: Folder, tmp_path: Path) -> None:
    for n in range(5):
        folder.run(n)
        folder.live(10 + n)
    folder.put("results/small/tune/tiny/sgd.parquet", 1000)
    folder.put("results/small/chosen/tiny/sgd.json", 100)
    archives(folder, tmp_path / "out").save()
    assert unpacked(tmp_path, tmp_path / "out") == folder.content()
    assert max(sizes(tmp_path / "out")) <= LIMITS.file


def test_what_training_needs_no_more_is_left_behind(folder: Folder, tmp_path: Path) -> None:
    folder.run(1)
    kept = folder.content()
    folder.live(1)  # its run is finished
    folder.put("runs/2/.2.json", 100)  # that is being written
    folder.put("results/data/cifar10.npz", 100)
    archives(folder, tmp_path / "out").save()
    assert unpacked(tmp_path, tmp_path / "out") == kept


def test_full_files_are_not_written_again(folder: Folder, tmp_path: Path) -> None:
    made = archives(folder, tmp_path / "out")
    seen: dict[str, set[int]] = {}
    links = itertools.count()  # one to every file seen: an inode without a name is given out again
    for n in range(7):
        folder.run(n)
        made.save()
        for path in (tmp_path / "out").glob("*-work-*"):
            seen.setdefault(path.name, set()).add(path.stat().st_ino)
            (tmp_path / f"link-{next(links)}").hardlink_to(path)
        assert unpacked(tmp_path, tmp_path / "out") == folder.content()
    # With one run, with two, and when a third found no room.
    assert [len(seen[name]) for name in sorted(seen)] == [3, 3, 3, 1]


def test_nothing_new_writes_nothing(folder: Folder, tmp_path: Path) -> None:
    folder.run(1)
    folder.live(2)
    made = archives(folder, tmp_path / "out")
    made.save()
    before = {path: path.stat().st_ino for path in (tmp_path / "out").iterdir()}
    made.save()
    assert {path: path.stat().st_ino for path in (tmp_path / "out").iterdir()} == before


def test_a_file_that_changed_is_found_as_it_was_last(folder: Folder, tmp_path: Path) -> None:
    made = archives(folder, tmp_path / "out")
    for n in range(6):
        folder.run(n)
    made.save()
    folder.put("runs/0/0.json", RUN, seed=1)  # in a file that is full
    made.save()
    assert unpacked(tmp_path, tmp_path / "out") == folder.content()


def test_a_checkpoint_larger_than_a_file_is_cut(folder: Folder, tmp_path: Path) -> None:
    folder.live(1, 3 * LIMITS.file)
    archives(folder, tmp_path / "out").save()
    assert len(list((tmp_path / "out").glob("*-of-4.tar"))) == 4
    assert unpacked(tmp_path, tmp_path / "out") == folder.content()


@pytest.mark.parametrize("live", [3, 8])
def test_at_every_moment_the_files_are_few_and_a_kill_loses_no_finished_run(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: int
) -> None:
    """Looked at before and after each file that appears or goes: with room for both generations
    of checkpoints (3 of them) one is always whole, without (8) the runs alone are."""
    output, made = tmp_path / "out", archives(folder, tmp_path / "out")
    for n in range(3):
        folder.run(n)
    for n in range(live):
        folder.live(100 + n)
    made.save()
    first = unpacked(tmp_path, output)
    assert sum(name.endswith(".checkpoint") for name in first) == live
    for n in range(live):
        folder.live(100 + n, epoch=1)
    folder.run(3)
    looks = []

    def look() -> None:
        assert len(sizes(output)) + 1 <= LIMITS.files  # and one for the table
        assert sum(sizes(output)) <= LIMITS.together
        found = unpacked(tmp_path, output)
        assert found.keys() >= {f"runs/{n}/{n}.json" for n in range(3)}
        looks.append(sum(name.endswith(".checkpoint") for name in found))

    replace, unlink = Path.replace, Path.unlink

    def looked_at_replace(path: Path, target: Path) -> Path:
        look()
        result = replace(path, target)
        look()
        return result

    def looked_at_unlink(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok)
        if not path.name.startswith("."):
            look()

    monkeypatch.setattr(Path, "replace", looked_at_replace)
    monkeypatch.setattr(Path, "unlink", looked_at_unlink)
    made.save()
    monkeypatch.undo()
    assert unpacked(tmp_path, output) == folder.content()
    assert set(looks) == ({live} if live == 3 else {0, live})


def test_what_has_no_room_is_left_out_the_largest_first(folder: Folder, tmp_path: Path) -> None:
    folder.run(0)
    folder.live(1, 5_000_000)
    folder.live(2, 4_000_000)
    folder.live(3, 100_000)
    made = archives(folder, tmp_path / "out")
    made.save()
    assert made.left_out == [folder.path / "runs/1/1.checkpoint"]
    assert sum(sizes(tmp_path / "out")) <= LIMITS.together
    kept = folder.content()
    del kept["runs/1/1.checkpoint"]
    assert unpacked(tmp_path, tmp_path / "out") == kept


def test_the_next_session_goes_on_in_the_same_folder_or_in_another(
    folder: Folder, tmp_path: Path
) -> None:
    first, output, other = archives(folder, tmp_path / "1"), tmp_path / "1", tmp_path / "2"
    folder.run(1)
    folder.live(2)
    folder.live(3)
    first.save()
    (output / "2024-notes.txt").write_text("the user's")
    for place in (other, output):
        work = Folder(tmp_path / f"work of {place.name}")
        second = archives(work, place)
        second.unpack([output])
        assert second.session == 2
        assert work.content() == folder.content()
        work.run(2)
        work.live(3, epoch=1)
        second.save()
        second.tell("two runs")
        names = sorted(path.name for path in place.iterdir())
        assert names[:1] == ["0002-checkpoints-1-1-of-1.tar"]
        assert names[1:3] == ["0002-session.txt", "0002-work-1.tar.gz"]
        left = work.content()
        del left["runs/2/2.checkpoint"]  # its run is finished
        assert unpacked(tmp_path, place) == left
    assert (output / "2024-notes.txt").exists()


def test_sessions_side_by_side_are_joined(tmp_path: Path) -> None:
    for n in (1, 2):
        work = Folder(tmp_path / f"work {n}")
        work.run(n)
        work.live(10 + n)
        archives(work, tmp_path / "sessions" / str(n)).save()
    names = {"runs/1/1.json", "runs/2/2.json", "runs/11/11.checkpoint", "runs/12/12.checkpoint"}
    assert unpacked(tmp_path, tmp_path / "sessions").keys() == names


def test_checkpoints_of_which_a_piece_is_missing_are_not_taken(
    folder: Folder, tmp_path: Path
) -> None:
    folder.run(0)
    folder.live(1, 2 * LIMITS.file)
    archives(folder, tmp_path / "out").save()
    (tmp_path / "out/0001-checkpoints-1-2-of-3.tar").unlink()
    assert unpacked(tmp_path, tmp_path / "out").keys() == {"runs/0/0.json"}


def test_a_damaged_archive_is_named(folder: Folder, tmp_path: Path) -> None:
    folder.run(0)
    archives(folder, tmp_path / "out").save()
    path = tmp_path / "out/0001-work-1.tar.gz"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match=r"0001-work-1\.tar\.gz: not readable"):
        unpacked(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("what", ["above", "absolute", "link", "device"])
def test_an_archive_writes_nowhere_else(tmp_path: Path, what: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "own.json").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "own.json")
    with tarfile.open(tmp_path / "out/0001-work-1.tar.gz", "w:gz") as archive:
        if what == "link":
            archive.add(tmp_path / "link", "link.json")
        elif what == "device":
            archive.add(os.devnull, "device.json")
        else:
            entry = tarfile.TarInfo("../../own.json")
            if what == "absolute":
                entry.name = str(tmp_path / "own.json")
            entry.size = 4
            archive.addfile(entry, io.BytesIO(b"oops"))
    with pytest.raises(InputError, match="not readable"):
        unpacked(tmp_path, tmp_path / "out")
    assert (tmp_path / "own.json").read_text() == "mine"


def test_an_archive_that_would_fill_the_disk_is_refused(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.run(1)
    archives(folder, tmp_path / "out").save()
    monkeypatch.setattr("nagbench.session.archives._MOST", RUN - 1)
    with pytest.raises(InputError, match="unpacks to more than 89,999 bytes"):
        archives(Folder(tmp_path / "next"), tmp_path / "out").unpack([])
