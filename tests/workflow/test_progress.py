"""What the progress display says, from the records that Snakemake logs."""

import io
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import MockOutputSettings, TestLogHandlerBase

from snakemake_logger_plugin_nagbench import Job, LogHandler, Run, duration, tail

AGAIN = "the same command goes on from there."


class TestInterface(TestLogHandlerBase):
    """Snakemake's own tests of a logger plugin."""

    __test__ = True

    def get_log_handler_cls(self) -> type[LogHandler]:
        return LogHandler

    def get_log_handler_settings(self) -> None:  # type: ignore[override]
        return None


class Story:
    """A run as Snakemake tells it to the plugin, and what comes out."""

    def __init__(self, terminal: bool = False) -> None:
        self.now = 0.0
        self.handler = LogHandler(common_settings=MockOutputSettings(), settings=None)
        self.handler.display.stream = self.stream = io.StringIO()
        self.handler.display.terminal = terminal
        self.handler.run_state = Run(clock=lambda: self.now)

    def tell(self, event: LogEvent | None, message: str = "", **facts: Any) -> None:
        level = facts.pop("level", logging.INFO)
        record = logging.LogRecord("snakemake", level, "", 1, message, (), None)
        record.__dict__.update(facts, event=event)
        self.handler.emit(record)

    def plan(self, **stats: int) -> None:
        self.tell(LogEvent.WORKFLOW_STARTED)
        self.tell(LogEvent.RUN_INFO, stats={**stats, "total": sum(stats.values())})

    def start(self, number: int, rule: str, log: str = "", **wildcards: str) -> None:
        self.tell(
            LogEvent.JOB_INFO,
            jobid=number,
            rule_name=rule,
            wildcards=wildcards,
            log=[log] if log else [],
            output=[f"{rule}.out"],
        )

    def finish(self, number: int) -> None:
        self.tell(LogEvent.JOB_FINISHED, job_id=number)

    def fail(self, number: int, rule: str, log: str) -> None:
        self.tell(LogEvent.JOB_ERROR, jobid=number, rule_name=rule, log=[log], level=logging.ERROR)

    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


def test_a_whole_run_in_plain_lines() -> None:
    story = Story()
    story.plan(tune=2, figure=1, paper_pdf=1)
    story.start(1, "tune", workload="cnn", optimizer="sgd")
    story.now = 60
    story.finish(1)
    story.start(2, "tune", workload="cnn", optimizer="nag")
    story.now = 120
    story.finish(2)
    story.start(3, "figure", figure="curves")
    story.finish(3)
    story.start(4, "paper_pdf")
    story.now = 125
    story.finish(4)
    story.handler.close()
    assert story.lines() == [
        "4 jobs, 2 units to train",
        "units 0/2 · jobs 0/4 · tune cnn/sgd",
        "units 1/2 · jobs 1/4 · 1 min 00 s left",
        "units 1/2 · jobs 1/4 · 1 min 00 s left · tune cnn/nag",
        "units 2/2 · jobs 2/4",
        "Done in 2 min 05 s: 4 jobs, 2 units trained; paper: paper_pdf.out",
    ]


def test_nothing_to_do_is_said_and_nothing_else() -> None:
    story = Story()
    story.tell(None, "Assuming unrestricted shared filesystem usage.")
    story.tell(LogEvent.WORKFLOW_STARTED)
    story.tell(None, "Building DAG of jobs...")
    story.tell(None, "Nothing to be done (all requested files are present and up to date).")
    story.handler.close()
    assert story.lines() == ["Nothing to do: everything is up to date."]


def test_a_failure_shows_the_end_of_the_log_and_the_way_on(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_text("first\nsecond\nValueError: what was wrong\n")
    story = Story()
    story.plan(figure=2)
    story.start(1, "figure", str(log), figure="curves")
    story.fail(1, "figure", str(log))
    story.tell(LogEvent.ERROR, "RuleException:\nCalledProcessError in …", level=logging.ERROR)
    story.tell(None, "Exiting because a job execution failed.", level=logging.ERROR)
    story.handler.close()
    assert story.lines() == [
        "2 jobs",
        "Failed: figure curves",
        "  first",
        "  second",
        "  ValueError: what was wrong",
        f"  (log: {log})",
        f"Failed after 0 s: figure curves. 0 of 2 jobs are done and kept; {AGAIN}",
    ]


def test_a_job_that_succeeds_at_the_second_try_is_no_failure(tmp_path: Path) -> None:
    story = Story()
    story.plan(data=1)
    story.start(1, "data", str(tmp_path / "no.log"))
    story.fail(1, "data", str(tmp_path / "no.log"))
    story.start(1, "data")
    story.finish(1)
    story.handler.close()
    assert "  (its log is empty)" in story.lines()
    assert story.lines()[-1] == "Done in 0 s: 1 job"


def test_an_interrupted_run_says_what_is_kept() -> None:
    story = Story()
    story.plan(tune=3)
    story.start(1, "tune", workload="cnn", optimizer="sgd")
    story.finish(1)
    story.handler.close()
    assert story.lines()[-1].startswith("Stopped after 0 s: 1 of 3 jobs are done and kept")


def test_other_errors_are_told() -> None:
    story = Story()
    story.tell(LogEvent.ERROR, "MissingInputException in rule x", level=logging.ERROR)
    story.tell(None, "an old file", level=logging.WARNING)
    assert story.lines() == ["MissingInputException in rule x", "an old file"]


def test_a_terminal_keeps_one_line_that_is_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    story = Story(terminal=True)
    story.handler.display.redraw("a line " * 10)
    story.handler.display.redraw("short")
    story.handler.display.say("a message")
    text = story.stream.getvalue()
    assert text.count("\r\x1b[K") == 2
    assert text.count("\n") == 1
    assert max(map(len, text.replace("\x1b[K", "").split("\r"))) <= 39


def test_a_reader_who_leaves_does_not_end_the_run() -> None:
    story = Story()
    story.stream.close()
    story.plan(tune=1)


def test_how_far_a_job_is(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    job = Job("tune", "tune cnn/sgd", [str(log)], [])
    assert job.share_done() == 0
    log.write_text("starting\ncnn: run 2 of 6, epoch 3 of 10\n")
    assert job.share_done() == pytest.approx((1 + 0.3) / 6)
    log.write_text("run 6 of 6\n")
    assert job.share_done() == 1
    job.since = sys.float_info.max
    assert job.share_done() == 0


def test_time_left_from_a_job_that_has_just_begun(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    story = Story()
    story.plan(tune=3, test=1)
    story.start(1, "tune", str(log), workload="cnn", optimizer="sgd")
    assert story.handler.run_state.seconds_left() is None
    story.now = 10
    log.write_text("run 1 of 2, epoch 1 of 2\n")
    # A quarter of it took 10 s: 30 s are left of it, and 40 s for each of three others.
    assert story.handler.run_state.seconds_left() == pytest.approx(30 + 3 * 40)


def test_time_left_counts_jobs_that_run_together() -> None:
    story = Story()
    story.plan(test=4)
    for number in (1, 2):
        story.start(number, "test", workload="cnn", optimizer=f"o{number}")
    story.now = 20
    for number in (1, 2):
        story.finish(number)
    assert story.handler.run_state.seconds_left() == pytest.approx(20)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59.6, "1 min 00 s"), (61, "1 min 01 s"), (7325, "2 h 02 min")],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_tail_reads_the_end_of_a_long_file(tmp_path: Path) -> None:
    file = tmp_path / "long"
    file.write_text("".join(f"line {n}\n" for n in range(100_000)))
    assert tail(str(file), 2) == ["line 99998", "line 99999"]
    assert tail(str(tmp_path / "none"), 2) == []


def test_dry_runs_are_snakemakes_own() -> None:
    settings = MockOutputSettings()
    settings.dryrun, settings.quiet = True, set()
    handler = LogHandler(common_settings=settings, settings=None)
    assert handler._native is not None
