"""Files appear whole or not at all."""

import stat
from pathlib import Path

import pytest

from nagbench.errors import InputError
from nagbench.files import atomic_path


def test_a_file_appears_with_its_content_and_ordinary_rights(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file.txt"
    with atomic_path(target) as path:
        assert path.suffix == ".txt"
        path.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    (tmp_path / "plain").touch()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(target) as path:
        path.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    with pytest.raises(InputError, match=r"file\.txt.*No space left"), atomic_path(target):
        with Path("/dev/full").open("w") as full:
            full.write("x" * 100_000)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"), atomic_path(tmp_path / "file" / "x"):
        pass


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(InputError, match="cannot be written"), atomic_path(tmp_path / "x") as path:
        path.write_text("new")
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_other_errors_of_the_system_keep_their_meaning(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "x") as path:
        path.write_text((tmp_path / "missing").read_text())
