"""A part ends in its time or is ended, with all that it started; what was reached is saved."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from nagbench.errors import InputError
from nagbench.session.archives import Archives
from nagbench.session.session import Session, Times, check_minutes, environment

TIMES = Times(between=0.2, grace=1)
STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(child.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    made = Archives(tmp_path / "work", tmp_path / "out")
    return Session(made, tmp_path / "work/printed", 10, TIMES)


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_a_part_that_ends_tells_its_status_and_what_it_printed(
    session: Session, tmp_path: Path
) -> None:
    assert session.run("first", python("print('so far'); raise SystemExit(75)"), 60) == 75
    assert session.run("second", python("pass"), 60) == 0
    assert [(ended.part, ended.status) for ended in session.ended] == [("first", 75), ("second", 0)]
    assert (tmp_path / "work/printed/0001-first.txt").read_text() == "so far\n"
    assert list((tmp_path / "out").iterdir())


def test_out_of_time_a_part_and_what_it_started_are_ended(session: Session, tmp_path: Path) -> None:
    assert session.run("stubborn", python(STUBBORN), 1) is None
    assert 2 <= session.ended[0].seconds < 30
    child = int((tmp_path / "work/printed/0001-stubborn.txt").read_text())
    with contextlib.suppress(psutil.NoSuchProcess):  # the system may take a moment to end it
        process = psutil.Process(child)
        assert process.status() == psutil.STATUS_ZOMBIE or process.wait(timeout=30) is None


def test_while_a_part_runs_what_is_finished_is_saved(session: Session, tmp_path: Path) -> None:
    """The part ends only when its file is in an archive."""
    waits = f"""
import pathlib, tarfile, time
work = pathlib.Path({str(tmp_path / "work/runs/a/a.json")!r})
work.parent.mkdir(parents=True)
work.write_text("done")
while True:
    for path in pathlib.Path({str(tmp_path / "out")!r}).glob("*-work-1.tar.gz"):
        if "runs/a/a.json" in tarfile.open(path).getnames():
            raise SystemExit(0)
    time.sleep(0.05)  # between two looks; the session ends it after its minute
"""
    assert session.run("part", python(waits), 60) == 0


def test_a_signal_ends_the_part_and_all_that_follow(session: Session) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        session.listen()
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
        status = session.run("part", python("import signal; signal.pause()"), 600)
        assert status == -signal.SIGTERM
        assert session.run("next", python("pass"), 600) is None
        assert [ended.part for ended in session.ended] == ["part"]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_carried_libraries_are_still_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "carried.py").write_text("VALUE = 3\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    check = "import carried, nagbench; print(nagbench.__file__)"
    found = subprocess.run(
        python(check), env=environment(), cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert Path(found.strip()).is_relative_to(environment()["PYTHONPATH"].split(os.pathsep)[0])
    monkeypatch.delenv("PYTHONPATH")
    assert os.pathsep not in environment()["PYTHONPATH"]


@pytest.mark.parametrize(("checks", "least"), [(True, 3.5), (False, 1.5)])
def test_a_session_without_time_to_train_is_refused(checks: bool, least: float) -> None:
    check_minutes(least, checks, Times())
    for minutes in (least - 0.1, 0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match=f"--minutes: found .*allowed: {least} or more"):
            check_minutes(minutes, checks, Times())
