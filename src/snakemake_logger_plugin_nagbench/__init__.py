"""Snakemake's progress in a reader's words: units done, what trains now, how long it still takes.

Snakemake finds the plugin by its name; the default profile switches it on. In a terminal the last
line is redrawn, elsewhere lines are added. It knows nothing of the package `nagbench`: names come
from the jobs' wildcards, and how far a job is from its log (`run 2 of 6, epoch 3 of 10`).
"""

import logging
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

# Rules whose jobs take the time; all others take seconds.
TRAINING = ("tune", "test", "band")
RESULTS = {"paper_pdf": "paper", "report_html": "report"}
# Of Snakemake's plain messages during a run, those that a user wants; the rest is housekeeping.
TELLING = ("Nothing to be done", "Trying to restart", "Will exit after", "Terminating processes")
HOUSEKEEPING = ("Building DAG", "Assuming unrestricted")
# What Snakemake says of a failed job besides announcing it, which tells the reader nothing new.
TOLD = ("CalledProcessError", "At least one job did not complete", "Exiting because a job")
QUIET_SECONDS = 30.0
LOG_LINES = 40
_COUNT = re.compile(r"(\d+) of (\d+)")


@dataclass
class Job:
    """A job as its announcement described it."""

    rule: str
    name: str
    log: list[str]
    output: list[str]
    started: float = 0.0
    since: float = 0.0  # the same by the clock of the file system

    @property
    def trains(self) -> bool:
        return self.rule in TRAINING

    def says(self) -> str:
        """The last line that it has written; what an earlier run left in its log does not count."""
        for log in self.log:
            try:
                fresh = Path(log).stat().st_mtime >= self.since - 1
            except OSError:
                continue
            if fresh and (lines := tail(log, 1)):
                return lines[0]
        return ""

    def share_done(self) -> float:
        """How far it says it is: `run 2 of 6, epoch 3 of 10` is 1/6 and 3/10 of another sixth."""
        share, width = 0.0, 1.0
        counts = [(int(n), int(m)) for n, m in _COUNT.findall(self.says()) if int(m) > 0]
        for depth, (n, m) in enumerate(counts):
            innermost = depth == len(counts) - 1
            share += width * (n if innermost else n - 1) / m
            width /= m
        return min(max(share, 0.0), 1.0)


@dataclass
class Run:
    """The state of a run of the workflow, and what can be said about it."""

    clock: Callable[[], float] = time.monotonic
    counts: dict[str, int] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    running: dict[int, Job] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[int, Job] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    done: int = 0
    began: float = 0.0

    def plan(self, stats: dict[str, int]) -> None:
        """Take the number of jobs of each rule."""
        self.counts = {rule: count for rule, count in stats.items() if rule != "total"}
        self.began = self.clock()

    def start(self, number: int) -> Job | None:
        job = self.jobs.get(number)
        if job is not None:
            job.started, job.since = self.clock(), time.time()
            self.running[number] = job
            self.failed.pop(number, None)
        return job

    def finish(self, number: int) -> Job | None:
        job = self.running.pop(number, None)
        if job is not None:
            self.seconds.setdefault(job.rule, []).append(self.clock() - job.started)
            self.done += 1
            if job.rule in RESULTS:
                self.results[RESULTS[job.rule]] = job.output[0]
        return job

    def fail(self, number: int) -> Job | None:
        job = self.running.pop(number, None) or self.jobs.get(number)
        if job is not None:
            self.failed[number] = job
        return job

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def units(self) -> tuple[int, int]:
        """Units trained, and to train, in this run."""
        trained = sum(len(self.seconds.get(rule, [])) for rule in TRAINING)
        return trained, sum(self.counts.get(rule, 0) for rule in TRAINING)

    def seconds_left(self) -> float | None:
        """Time until the last unit is trained; None while nothing tells how long a unit takes.

        A unit of a stage is taken to last as long as those of its stage did on average, and the
        jobs to run as many at a time as they did so far.
        """
        now = self.clock()
        shares = {number: job.share_done() for number, job in self.running.items()}
        lengths = {
            rule: list(self.seconds.get(rule, []))
            + [
                (now - job.started) / shares[number]
                for number, job in self.running.items()
                if job.rule == rule and shares[number] > 0
            ]
            for rule in TRAINING
        }
        known = [length for values in lengths.values() for length in values]
        if not known:
            return None
        typical = {
            rule: sum(values or known) / len(values or known) for rule, values in lengths.items()
        }
        ahead = 0.0
        for rule in TRAINING:
            active = [number for number, job in self.running.items() if job.rule == rule]
            waiting = self.counts.get(rule, 0) - len(self.seconds.get(rule, [])) - len(active)
            ahead += max(waiting, 0) * typical[rule]
            for number in active:
                spent = now - self.running[number].started
                share = shares[number]
                ahead += spent / share * (1 - share) if share else max(typical[rule] - spent, 0)
        return ahead / self.together()

    def together(self) -> float:
        """How many jobs have run at a time, on average."""
        now = self.clock()
        busy = sum(map(sum, self.seconds.values()))
        busy += sum(now - job.started for job in self.running.values())
        return max(busy / max(now - self.began, 1e-9), 1.0)

    def line(self) -> str:
        """The state in one line: the most telling first, for a terminal may cut it."""
        trained, units = self.units()
        parts = [f"units {trained}/{units}"] if units else []
        parts.append(f"jobs {self.done}/{self.total}")
        left = self.seconds_left() if trained < units else None
        if left is not None:
            parts.append(f"{duration(left)} left")
        active = sorted(self.running.values(), key=lambda job: (not job.trains, job.started))
        for job in active:
            detail = job.says() if job.trains else ""
            counted = detail.rpartition(": ")[2] if _COUNT.search(detail) else ""
            parts.append(f"{job.name} ({counted})" if counted else job.name)
        return " · ".join(parts)

    def summary(self) -> str:
        """The last line of all."""
        spent = duration(self.clock() - self.began)
        kept = f"{self.done} of {self.total} jobs are done and kept"
        again = "the same command goes on from there"
        if self.failed:
            names = ", ".join(job.name for job in self.failed.values())
            return f"Failed after {spent}: {names}. {kept}; {again}."
        if self.done < self.total:
            return f"Stopped after {spent}: {kept}; {again}."
        trained, _ = self.units()
        made = "".join(f"; {name}: {path}" for name, path in self.results.items())
        units = f", {count(trained, 'unit')} trained" if trained else ""
        return f"Done in {spent}: {count(self.done, 'job')}{units}{made}"


def count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


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
    """A job in words: its rule and what its wildcards say."""
    words = "/".join(str(value) for value in (wildcards or {}).values())
    return f"{rule.replace('_', ' ')} {words}".strip()


class Display:
    """Lines, with a last one that is redrawn where the stream is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.terminal = stream.isatty()
        self._drawn = False

    def say(self, text: str) -> None:
        self._clear()
        self._write(f"{text}\n")

    def redraw(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._clear()
        self._write(text if len(text) <= width else text[: width - 1] + "…")
        self._drawn = True

    def _clear(self) -> None:
        if self._drawn:
            self._write("\r\x1b[K")
            self._drawn = False

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            pass  # the reader of a pipe has gone; the run need not end for that


class LogHandler(LogHandlerBase):
    """Takes Snakemake's log records and keeps the display up to date."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.run_state = Run()
        self.display = Display(sys.stdout if self.common_settings.stdout else sys.stderr)
        self._started = False
        self._planned = False
        self._said = 0.0
        self._over = threading.Event()
        self._native: logging.Handler | None = None
        if self.common_settings.dryrun or self.common_settings.verbose:
            self._native = _snakemakes_own(self.common_settings, self.display.stream)
        elif self.display.terminal:
            threading.Thread(target=self._keep_drawing, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        if self._native is not None:
            self._native.handle(record)
            return
        try:
            self._take(record)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Snakemake has ended: sum up."""
        if not self._over.is_set():
            self._over.set()
            with self.lock or threading.RLock():
                if self._planned and self._native is None:
                    self.display.say(self.run_state.summary())
        super().close()

    def _take(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        state = self.run_state
        facts = record.__dict__
        if event == LogEvent.WORKFLOW_STARTED:
            self._started = True
        elif event == LogEvent.RUN_INFO:
            if not self._planned:
                state.plan(facts["stats"])
                self._planned = True
                _, units = state.units()
                training = f", {count(units, 'unit')} to train" if units else ""
                self.display.say(f"{count(state.total, 'job')}{training}")
        elif event == LogEvent.JOB_INFO:
            rule = facts["rule_name"]
            state.jobs[facts["jobid"]] = Job(
                rule,
                name_of(rule, facts["wildcards"]),
                list(facts["log"]),
                list(facts["output"]),
            )
            self._begin(state.start(facts["jobid"]))
        elif event == LogEvent.JOB_FINISHED:
            self._end(state.finish(facts["job_id"]))
        elif event == LogEvent.JOB_ERROR:
            self._tell_failure(state.fail(facts["jobid"]), facts)
        elif event == LogEvent.ERROR:
            if not any(words in record.getMessage() for words in TOLD):
                self.display.say(record.getMessage())
        elif event is None:
            self._tell_message(record)

    def _begin(self, job: Job | None) -> None:
        if job is not None and job.trains and not self.display.terminal:
            self._say_line()

    def _end(self, job: Job | None) -> None:
        if job is None or self.display.terminal:
            return
        if job.trains or self.run_state.clock() - self._said > QUIET_SECONDS:
            self._say_line()

    def _say_line(self) -> None:
        self._said = self.run_state.clock()
        self.display.say(self.run_state.line())

    def _tell_failure(self, job: Job | None, facts: dict[str, Any]) -> None:
        name = job.name if job is not None else facts["rule_name"]
        logs = [str(log) for log in facts.get("log") or []]
        lines = [f"Failed: {name}"]
        for log in logs:
            written = tail(log, LOG_LINES)
            lines += [f"  {line}" for line in written] or ["  (its log is empty)"]
            lines.append(f"  (log: {log})")
        if not logs and facts.get("shellcmd"):
            lines.append(f"  {facts['shellcmd']}")
        self.display.say("\n".join(lines))

    def _tell_message(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not text or text == "None":
            return
        if record.levelno >= logging.WARNING:
            if not any(words in text for words in TOLD):
                self.display.say(text)
        elif text.startswith("Nothing to be done"):
            self.display.say("Nothing to do: everything is up to date.")
        elif text.startswith(TELLING) or not (self._started or text.startswith(HOUSEKEEPING)):
            self.display.say(text)

    def _keep_drawing(self) -> None:
        while not self._over.wait(0.5):
            with self.lock or threading.RLock():
                if self._planned and self.run_state.running:
                    self.display.redraw(self.run_state.line())


def _snakemakes_own(settings: Any, stream: TextIO) -> logging.Handler:
    """Snakemake's display, for dry runs and for `--verbose`."""
    from snakemake.logging import (  # type: ignore[import-untyped]
        ColorizingTextHandler,
        DefaultFilter,
        DefaultFormatter,
    )

    handler: logging.Handler = ColorizingTextHandler(nocolor=settings.nocolor, stream=stream)
    handler.addFilter(
        DefaultFilter(
            settings.quiet,
            settings.debug_dag,
            settings.verbose,
            settings.dryrun,
            settings.printshellcmds,
        )
    )
    handler.setFormatter(DefaultFormatter(settings.quiet, settings.show_failed_logs))
    return handler
