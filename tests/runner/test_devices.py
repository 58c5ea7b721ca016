"""GPUs are taken one by one."""

import errno
import os
from pathlib import Path

import pytest

from nagbench.runner import devices


def test_a_lock_goes_to_the_first_that_is_free(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "ab"]
    first, second, third = ([path.open("a") for path in paths] for _ in range(3))
    assert devices._first_free(first) == 0
    assert devices._first_free(second) == 1
    assert devices._first_free(third) is None
    first[0].close()  # as when its process ends
    assert devices._first_free(third) == 0
    for file in [*first, *second, *third]:
        file.close()


def test_a_lock_of_another_user_serves_us_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    before = os.umask(0o077)
    with devices._lock_file(path) as theirs:
        os.umask(before)
        assert path.stat().st_mode & 0o777 == 0o666

        def refused(*arguments: object) -> int:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

        monkeypatch.setattr(devices.os, "open", refused)  # as a sticky folder does
        with devices._lock_file(path) as ours:
            assert devices._first_free([theirs]) == 0
            assert devices._first_free([ours]) is None
    with devices._lock_file(path) as ours:
        assert devices._first_free([ours]) == 0


def test_a_cpu_is_not_claimed(tmp_path: Path) -> None:
    with devices.claimed("cpu", tmp_path) as device:
        assert device == "cpu"
    assert not list(tmp_path.iterdir())


def test_trainings_get_gpus_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Properties:
        def __init__(self, index: int) -> None:
            self.uuid = f"GPU-{index}"

    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.get_device_properties", Properties)
    naps: list[float] = []
    with devices.claimed("cuda", tmp_path) as one, devices.claimed("cuda", tmp_path) as other:
        assert (one, other) == ("cuda:0", "cuda:1")

        def nap(seconds: float) -> None:
            naps.append(seconds)
            if len(naps) == 2:
                raise TimeoutError

        monkeypatch.setattr("time.sleep", nap)
        with pytest.raises(TimeoutError), devices.claimed("cuda", tmp_path):
            pass
    assert len(naps) == 2
    with devices.claimed("cuda", tmp_path) as again:
        assert again == "cuda:0"
