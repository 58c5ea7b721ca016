"""What is dated in the future is dated now, and nothing else."""

import os
import time
from pathlib import Path

import pytest

from nagbench.errors import InputError
from nagbench.runner.dates import dated_back

DAY = 86400.0


def dated(path: Path, seconds: float) -> Path:
    """Give a file a date so far from now."""
    path.touch()
    os.utime(path, (time.time() + seconds,) * 2)
    return path


def test_files_of_the_future_are_dated_now(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    late = [dated(folder / name, 400 * DAY) for name in ("records", ".hidden")]
    late += [dated(tmp_path / "named", 5), dated(folder, DAY)]
    early = [dated(folder / "old", -400 * DAY), dated(tmp_path / "beside", DAY)]
    before = [path.stat().st_mtime for path in early]
    dated(folder, DAY)
    assert dated_back([folder, tmp_path / "named", tmp_path / "none"]) == len(late)
    assert all(abs(path.stat().st_mtime - time.time()) < 60 for path in late)
    assert [path.stat().st_mtime for path in early] == before
    assert dated_back([folder, tmp_path / "named"]) == 0


def test_a_link_is_dated_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    elsewhere = dated(tmp_path / "elsewhere", DAY)
    (tmp_path / "results/link").symlink_to(elsewhere)
    dated_back([tmp_path / "results"])
    assert elsewhere.stat().st_mtime > time.time() + DAY / 2


def test_one_that_may_not_be_dated_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = dated(tmp_path / "late", 400 * DAY)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "utime", refused)
    with pytest.raises(InputError, match=r"late: dated 20\d\d-.*not permitted.*that has passed"):
        dated_back([late])
