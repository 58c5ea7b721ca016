"""A run of the workflow: its jobs, and the units that they train.

Which units there are and how long they train is read from the plans that the workflow writes before
its first job, and how far a job is from its log.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nagbench.display.lines import WIDTH, read_unit_line, study_line
from nagbench.display.study import StudyState
from nagbench.display.words import clock, count, cut
from nagbench.errors import InputError
from nagbench.study.unit import Unit, read_plan

# Rules whose jobs take the time; all others take seconds.
TRAINING = ("tune", "test", "band")
RESULTS = {"paper_pdf": "paper", "report_html": "report"}
# What `nagbench` says last where it was asked to stop, and kept what it had.
STOPPED = ("stopped early", "interrupted; ")


@dataclass
class Job:
    """A job as its announcement described it."""

    rule: str
    name: str
    log: list[str]
    output: list[str]
    # When its logs were last written before it started, in nanoseconds. No clock is asked: it may
    # be another than the file system's, and it may be put back.
    before: dict[str, int] = field(default_factory=dict)

    @property
    def trains(self) -> bool:
        return self.rule in TRAINING

    def says(self) -> str:
        """The last line that it has written; what an earlier run left in its log does not count."""
        for log in self.log:
            if written(log) != self.before.get(log, 0) and (lines := tail(log, 1)):
                return lines[0]
        return ""

    def was_stopped(self) -> bool:
        """Whether it ended because it was asked to."""
        return any(words in self.says() for words in STOPPED)


def written(path: str) -> int:
    """When a file was last written, in nanoseconds; 0 if there is none."""
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0


@dataclass
class Workflow:
    """The state of a run of the workflow, and what can be said about it."""

    clock: Callable[[], float] = time.monotonic
    counts: dict[str, int] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    running: dict[int, Job] = field(default_factory=dict)
    failed: dict[int, Job] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    done: int = 0
    trained: int = 0
    began: float = 0.0
    stopping: bool = False
    study: StudyState | None = None

    def plan(self, stats: dict[str, int]) -> None:
        """Take the number of jobs of each rule."""
        self.counts = {rule: count for rule, count in stats.items() if rule != "total"}
        self.began = self.clock()

    def start(self, number: int) -> Job | None:
        job = self.jobs.get(number)
        if job is not None:
            job.before = {log: written(log) for log in job.log}
            self.running[number] = job
            self.failed.pop(number, None)
            if job.trains:
                self._begin_unit(job)
        return job

    def finish(self, number: int) -> Job | None:
        job = self.running.pop(number, None)
        if job is not None:
            self.done += 1
            if job.trains and self.study is not None:
                self.trained += 1
                self._take(job)
                self.study.end(job.name)
            if job.rule in RESULTS:
                self.results[RESULTS[job.rule]] = job.output[0]
        return job

    def fail(self, number: int) -> Job | None:
        """A job ended without its output; it counts as failed unless it was asked to stop."""
        job = self.running.pop(number, None) or self.jobs.get(number)
        if job is not None:
            if job.trains and self.study is not None and job.name in self.study.units:
                self.study.end(job.name, complete=False)
            if not (self.stopping or job.was_stopped()):
                self.failed[number] = job
        return job

    def look(self) -> None:
        """Read how far the jobs are that train."""
        for job in self.running.values():
            if job.trains:
                self._take(job)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def units(self) -> int:
        """Units to train."""
        return sum(self.counts.get(rule, 0) for rule in TRAINING)

    def others(self) -> str:
        """The jobs under way that train nothing."""
        return ", ".join(job.name for job in self.running.values() if not job.trains)

    def line(self) -> str:
        """The state in a line."""
        jobs = f"{self.done} of {count(self.total, 'job')}"
        if self.study is None or not self.study.units:
            return cut("; ".join(filter(None, [jobs, self.others()])), WIDTH)
        training = ", ".join(job.name for job in self.running.values() if job.trains)
        return cut("; ".join(filter(None, [study_line(self.study), training or jobs])), WIDTH)

    def summary(self) -> str:
        """The last line of all."""
        spent = clock(self.clock() - self.began)
        kept = f"{self.done} of {count(self.total, 'job')} are done and kept"
        again = "the same command goes on from there"
        if self.failed:
            names = ", ".join(job.name for job in self.failed.values())
            return f"Failed after {spent}: {names}. {kept}; {again}."
        if self.done < self.total:
            return f"Stopped after {spent}: {kept}; {again}."
        made = "".join(f"; {name}: {path}" for name, path in self.results.items())
        units = f", {count(self.trained, 'unit')} trained" if self.trained else ""
        return f"Done in {spent}: {count(self.done, 'job')}{units}{made}"

    def _begin_unit(self, job: Job) -> None:
        """The first unit brings the others of its study with it."""
        if self.study is None:
            self.study = self._study_of(job)
        units = self.study.units
        if job.name not in units or units[job.name].complete:
            # It was not foreseen, so another of its stage was foreseen in its place.
            for other in [name for name, unit in units.items() if unit.began is None][::-1]:
                if other.partition("/")[0] == job.rule and not units[other].complete:
                    del units[other]
                    break
        self.study.begin(job.name)
        self._take(job)

    def _study_of(self, job: Job) -> StudyState:
        """All units of the plans: those that have records are complete, unless more are to train
        than have none."""
        folder = Path(job.output[0]).parent
        folder = folder.parents[1] if len(folder.parents) > 1 else folder
        study = StudyState(folder.name, self.clock)
        study.began = self.began
        for stage in TRAINING:
            units = _planned(folder / "plan" / f"{stage}.json")
            has = {unit.name: (folder / f"{unit.name}.parquet").is_file() for unit in units}
            has[job.name] = False
            ordered = sorted(units, key=lambda unit: has[unit.name])
            trains = {unit.name for unit in ordered[: self.counts.get(stage, 0)]}
            for unit in units:
                if unit.name in trains or has[unit.name]:
                    complete = unit.name not in trains
                    study.add(unit.name, unit.images, 0, sum(unit.planned()), complete)
        return study

    def _take(self, job: Job) -> None:
        said = read_unit_line(job.says())
        if self.study is not None and said is not None and said[0] == job.name:
            self.study.update(*said)


def _planned(plan: Path) -> list[Unit]:
    try:
        return read_plan(plan)
    except InputError:  # what cannot be foreseen is no reason to stop
        return []


def tail(log: str, count: int) -> list[str]:
    """The last lines of a file; none if there is no such file. Reads only its end."""
    try:
        with Path(log).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - 300 * count, 0))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []


def name_of(rule: str, wildcards: dict[str, Any]) -> str:
    """A job in words: the name of the unit that it trains, or its rule and its wildcards."""
    words = "/".join(str(value) for value in (wildcards or {}).values())
    if rule in TRAINING:
        return f"{rule}/{words}"
    return f"{rule.replace('_', ' ')} {words}".strip()
