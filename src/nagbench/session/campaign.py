"""A study trained in sessions: the parts of one, and the table that it prints last."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from nagbench.errors import InputError
from nagbench.session.archives import Archives
from nagbench.session.session import Ended, Session, Times, check_minutes, python

# What a part's exit status says.
_TRAINED = {
    0: "nothing is left to train",
    69: "units left out, whose library is missing",
    75: "stopped in time",
}


@dataclass(frozen=True)
class Campaign:
    """What to train, where, and for how long.

    Attributes:
        study: A plan, which needs no library that reads studies, or a study.
        output: Where the archives go.
        earlier: Folders with archives of earlier sessions.
        minutes: How long the session is, from its start to its end.
        device: Where to train and to measure.
        data: The data set's file; None for the one that training makes.
        units: A pattern of the units to train.
        checks: Whether tests and a bench come first.
    """

    study: str
    output: Path
    earlier: Sequence[Path]
    minutes: float
    device: str
    data: Path | None = None
    units: str = "*"
    checks: bool = True


def run(campaign: Campaign, times: Times | None = None) -> int:
    """Hold a session; 0 where all is trained, otherwise the status of what trains.

    A failing test or bench ends no session: the table tells of it.
    """
    times = times or Times()
    check_minutes(campaign.minutes, campaign.checks, times)
    if campaign.data is not None and not campaign.data.is_file():
        raise InputError(campaign.data, "no such file", "what `nagbench data` made")
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nagbench-")))
        archives = Archives(work, campaign.output)
        session = Session(archives, work / "printed", campaign.minutes, times)
        session.listen()
        unpacked = archives.unpack(campaign.earlier)
        begun = _finished(work)
        if campaign.checks:
            _check(campaign, session, work)
        seconds = session.left() - times.end
        session.run("training", _training(campaign, work, seconds / 60), seconds + times.end / 3)
        archives.save()
        text = _table(session, archives, work, begun, unpacked)
        archives.tell(text)
        print(text)
        return next((e.status or 0 for e in session.ended if e.part == "training"), 75)


def _check(campaign: Campaign, session: Session, work: Path) -> None:
    """The tests that want a GPU, and a bench that keeps its figures with the archives."""
    times, began = session.times, session.left()
    tests = python("pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", "tests/engine")
    session.run("tests", tests, times.tests - times.grace)
    rest = times.checks - times.grace - (began - session.left())
    file = work / "printed" / f"{session.number:04}-bench.json"
    bench = ["bench", "seed_cnn", "--device", campaign.device, "--precision", "bfloat16"]
    bench += ["--rounds", "3", "--minutes", "0.5"]
    session.run("bench", python("nagbench", *bench, "--output", str(file)), rest)


def _training(campaign: Campaign, work: Path, minutes: float) -> list[str]:
    words = ["train", campaign.study, "--missing", "--units", campaign.units]
    words += ["--device", campaign.device, "--minutes", f"{minutes:.3f}"]
    words += ["--results", str(work / "results"), "--store", str(work / "runs")]
    if campaign.data is not None:
        words += ["--data", str(campaign.data)]
    return python("nagbench", *words)


def _finished(work: Path) -> tuple[int, int, int]:
    """How many units have their records, how many runs are finished, and how many under way."""
    records = len(list(work.glob("results/*/*/*/*.parquet")))
    # The store also keeps parts of runs, and how many runs pay side by side, which has no status.
    kept = (path.read_bytes() for path in work.glob("runs/*/*.json"))
    runs = sum(b'"status"' in text and b'"status": "stopped"' not in text for text in kept)
    return records, runs, len(list(work.glob("runs/*/*.checkpoint")))


def _table(
    session: Session, archives: Archives, work: Path, begun: tuple[int, int, int],
    unpacked: Sequence[Path],
) -> str:  # fmt: skip
    """What the session did, in a few lines of 80 columns."""
    lines = [f"Session {archives.session}: {len(unpacked)} archives of earlier ones unpacked"]
    lines += [f"  {e.part:10}{e.seconds:6.0f} s  {_said(e)}" for e in session.ended]
    for name, before, now in zip(
        ("units", "runs", "under way"), begun, _finished(work), strict=True
    ):
        lines.append(f"  {name:10}{now:6}    before: {before}")
    lines += [f"  {path.stat().st_size / 1e6:8.1f} MB    {path.name}" for path in archives.files()]
    if archives.left_out:
        lines.append(f"No room for {len(archives.left_out)} checkpoints: these runs begin anew.")
    last = session.ended[-1:]
    if last and last[0].status not in (0, 69, 75):
        printed = sorted((work / "printed").glob(f"{archives.session:04}-{last[0].part}.txt"))
        lines += [line for path in printed for line in path.read_text().splitlines()[-5:]]
    return "\n".join(lines)


def _said(ended: Ended) -> str:
    if ended.status is None:
        return "its time was up"
    if ended.part == "training" and ended.status in _TRAINED:
        return _TRAINED[ended.status]
    return "passed" if ended.status == 0 else f"failed with status {ended.status}"
