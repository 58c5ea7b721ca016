"""Snakemake's progress in a reader's words: a bar for the study and for each unit that trains.

Snakemake finds the plugin by its name; the default profile switches it on. On a terminal bars are
redrawn below the messages, elsewhere lines are added.
"""

import logging
import signal
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from nagbench.display.lines import Seldom, unit_line
from nagbench.display.screen import PERIOD, Screen, terminal
from nagbench.display.words import clock, count

from .workflow import Job, Workflow, name_of, tail

if TYPE_CHECKING:
    from rich.console import Group

# Of Snakemake's own plain messages during a run, those that a user wants; the rest is housekeeping.
# Messages of plugins, such as a cluster's job numbers, are all told.
TELLING = ("Nothing to be done", "Trying to restart")
HOUSEKEEPING = ("Building DAG", "Assuming unrestricted", "Config file ")
STOPPING = ("Terminating processes", "Will exit after")
# What Snakemake says of a failed job besides announcing it, which tells the reader nothing new.
TOLD = ("CalledProcessError", "At least one job did not complete", "Exiting because a job")
QUIET_SECONDS = 30.0
LOG_LINES = 40


class LogHandler(LogHandlerBase):
    """Takes Snakemake's log records and keeps the display up to date."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.state = Workflow()
        stream = sys.stdout if self.common_settings.stdout else sys.stderr
        console = terminal(stream, colours=not self.common_settings.nocolor)
        self.screen = Screen(stream, self._picture, console)
        self._guard = threading.RLock()  # of the state; nothing is written while it is held
        self._started = self._planned = False
        self._said = 0.0
        self._seldom = Seldom(QUIET_SECONDS)
        self._over = threading.Event()
        self._interrupts = 0
        self._native: logging.Handler | None = None
        if self.common_settings.dryrun or self.common_settings.verbose:
            self._native = _snakemakes_own(self.common_settings, stream)
            return
        self._restore = self._listen()
        threading.Thread(target=self._keep_looking, daemon=True).start()

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
            if self._native is None:
                self.screen.end()
                if self._planned:
                    self.screen.say(self.state.summary())
                if not self._interrupts:
                    self._restore()
        super().close()

    def _take(self, record: logging.LogRecord) -> None:
        event, facts = getattr(record, "event", None), record.__dict__
        if event == LogEvent.WORKFLOW_STARTED:
            self._started = True
        elif event == LogEvent.RUN_INFO:
            if not self._planned:
                self._plan(facts["stats"])
        elif event == LogEvent.JOB_INFO:
            rule, number = facts["rule_name"], facts["jobid"]
            name = name_of(rule, facts["wildcards"])
            with self._guard:
                self.state.jobs[number] = Job(rule, name, list(facts["log"]), list(facts["output"]))
                self.state.start(number)
            self.screen.begin()
        elif event == LogEvent.JOB_FINISHED:
            with self._guard:
                job = self.state.finish(facts["job_id"])
            self._tell_end(job)
        elif event == LogEvent.JOB_ERROR:
            self._tell_failure(facts)
        elif event == LogEvent.GROUP_ERROR:
            for one in facts["job_error_info"]:
                self._tell_failure(one)
        elif event == LogEvent.SHELLCMD and self.common_settings.printshellcmds:
            self.screen.say(str(facts.get("shellcmd") or facts.get("cmd")))
        elif event == LogEvent.ERROR:
            if not any(words in record.getMessage() for words in TOLD):
                self.screen.say(record.getMessage())
        elif event is None:
            self._tell_message(record)

    def _plan(self, stats: dict[str, int]) -> None:
        with self._guard:
            self.state.plan(stats)
        units = self.state.units
        training = f", {count(units, 'unit')} to train" if units else ""
        self.screen.say(f"{count(self.state.total, 'job')}{training}")
        self._planned = True

    def _tell_end(self, job: Job | None) -> None:
        if job is None:
            return
        if job.trains and self.state.study is not None:
            unit = self.state.study.units[job.name]
            self.screen.say(unit_line(self.state.study, unit))
        if self.screen.console is None and (
            job.trains or self.state.clock() - self._said > QUIET_SECONDS
        ):
            self._said = self.state.clock()
            self.screen.say(self.state.line())

    def _tell_failure(self, facts: dict[str, Any]) -> None:
        with self._guard:
            job = self.state.fail(facts["jobid"])
        name = job.name if job is not None else facts["rule_name"]
        if facts["jobid"] not in self.state.failed and job is not None:
            self.screen.say(f"Stopped: {name}; what it has done is kept")
            return
        logs = [str(log) for log in facts.get("log") or []]
        lines = [f"Failed: {name}"]
        for log in logs:
            written = tail(log, LOG_LINES)
            lines += [f"  {line}" for line in written] or ["  (its log is empty)"]
            lines.append(f"  (log: {log})")
        if not logs and facts.get("shellcmd"):
            lines.append(f"  {facts['shellcmd']}")
        self.screen.say("\n".join(lines))

    def _tell_message(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not text or text == "None":
            return
        if text.startswith(STOPPING):
            if not self.state.stopping:
                self.state.stopping = True
                self.screen.say("Stopping: each training ends with its epoch, and is kept")
        elif self.state.stopping and text.startswith("Trying to restart"):
            pass
        elif record.levelno >= logging.WARNING:
            if not any(words in text for words in TOLD):
                self.screen.say(text)
        elif text.startswith("Nothing to be done"):
            self.screen.say("Nothing to do: everything is up to date.")
        elif (
            text.startswith(TELLING)
            or not _is_snakemakes(record)
            or not (self._started or text.startswith(HOUSEKEEPING))
        ):
            self.screen.say(text)

    def _listen(self) -> Any:
        """Take the first SIGINT as Snakemake does, and any after it as impatience: it would break
        off what Snakemake does to end in order. Returns what undoes this."""
        main = threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGINT)
        if not main or before is not signal.default_int_handler:
            return lambda: None

        def interrupted(number: int, frame: FrameType | None) -> None:
            self._interrupts += 1
            if self._interrupts == 1:
                signal.default_int_handler(number, frame)

        signal.signal(signal.SIGINT, interrupted)
        return lambda: signal.signal(signal.SIGINT, before)

    def _keep_looking(self) -> None:
        told = 1
        while not self._over.wait(PERIOD):
            if self._interrupts > told:
                told = self._interrupts
                self.screen.say("Stopping already: each training ends with its epoch, and is kept")
            lines = self.screen.console is None
            with self._guard:
                training = any(job.trains for job in self.state.running.values())
                if lines and not (training and self._seldom.due(self.state.clock())):
                    continue
                self.state.look()
                line = self.state.line()
            if lines:
                self.screen.say(line)

    def _picture(self, width: int) -> "Group":
        from nagbench.display.bars import Bar, picture, study_bars

        with self._guard:
            state = self.state
            bars = study_bars(state.study) if state.study is not None else []
            spent = clock(state.clock() - state.began)
            jobs = f"{state.done} of {count(state.total, 'job')}"
            bars.append(Bar(jobs, state.done, state.total, elapsed=spent, head=True))
            return picture(bars, width, state.others())


def _is_snakemakes(record: logging.LogRecord) -> bool:
    """Whether a message is Snakemake's own, and no plugin's."""
    spec = find_spec("snakemake")
    folder = Path(spec.origin).parent if spec is not None and spec.origin else Path()
    return not record.pathname or Path(record.pathname).is_relative_to(folder)


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
