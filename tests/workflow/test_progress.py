"""What the progress display says, from the records that Snakemake logs."""

import io
import logging
import os
import time
from pathlib import Path
from typing import Any

import pytest
import snakemake
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import MockOutputSettings, TestLogHandlerBase

import snakemake_logger_plugin_nagbench as plugin
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.study.unit import write_plan
from snakemake_logger_plugin_nagbench import LogHandler
from snakemake_logger_plugin_nagbench.workflow import Workflow, tail

AGAIN = "the same command goes on from there."
OURS = str(Path(snakemake.__file__).with_name("workflow.py"))
SLURM = str(Path(snakemake.__file__).parents[1] / "snakemake_executor_plugin_slurm/__init__.py")
STOPPED = "nagbench train: stopped early; all it trained is kept in runs, and so on\n"


@pytest.fixture(autouse=True)
def _no_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that reads logs now and then waits; tests look when they want to."""
    monkeypatch.setattr(plugin, "PERIOD", 1e6)


class TestInterface(TestLogHandlerBase):
    """Snakemake's own tests of a logger plugin."""

    __test__ = True

    def get_log_handler_cls(self) -> type[LogHandler]:
        return LogHandler

    def get_log_handler_settings(self) -> None:  # type: ignore[override]
        return None


class Story:
    """A run as Snakemake tells it to the plugin, and what comes out."""

    def __init__(self, folder: Path = Path("results/study")) -> None:
        self.now, self.folder = 0.0, folder
        self.handler = LogHandler(common_settings=MockOutputSettings(), settings=None)
        self.handler.screen.console = None
        self.handler.screen.stream = self.stream = io.StringIO()
        self.state = self.handler.state = Workflow(clock=lambda: self.now)

    def tell(
        self, event: LogEvent | None, message: str = "", path: str = OURS, **facts: Any
    ) -> None:
        level = facts.pop("level", logging.INFO)
        record = logging.LogRecord("snakemake", level, path, 1, message, (), None)
        record.__dict__.update(facts, event=event)
        self.handler.emit(record)

    def plan(self, **stats: int) -> None:
        self.tell(LogEvent.WORKFLOW_STARTED)
        self.tell(LogEvent.RUN_INFO, stats={**stats, "total": sum(stats.values())})

    def start(self, number: int, rule: str, log: str = "", **wildcards: str) -> None:
        name = "/".join([rule, *wildcards.values()])
        self.tell(
            LogEvent.JOB_INFO,
            jobid=number,
            rule_name=rule,
            wildcards=wildcards,
            log=[log] if log else [],
            output=[str(self.folder / f"{name}.parquet")],
        )

    def finish(self, number: int) -> None:
        self.tell(LogEvent.JOB_FINISHED, job_id=number)

    def fail(self, number: int, rule: str, log: str) -> None:
        self.tell(LogEvent.JOB_ERROR, jobid=number, rule_name=rule, log=[log], level=logging.ERROR)

    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


def test_a_whole_run_in_plain_lines(small_study: Study, tmp_path: Path) -> None:
    """Two of four units have records; the others are read from the plan that the workflow wrote."""
    tmp_path /= "small"
    for stage in ("tune", "test"):
        plan = tmp_path / "plan" / f"{stage}.json"
        plan.parent.mkdir(parents=True, exist_ok=True)
        write_plan(plan, units(small_study, stage))
    for name in ("tune", "test"):
        (tmp_path / name / "tiny").mkdir(parents=True)
        (tmp_path / name / "tiny" / "sgd.parquet").touch()
    log = tmp_path / "tune.log"
    story = Story(tmp_path)
    story.plan(tune=1, test=1, figure=1, paper_pdf=1)
    story.start(1, "tune", str(log), workload="tiny", optimizer="nag_sutskever")
    for epoch in range(3):
        log.write_text(f"tune/tiny/nag_sutskever: {epoch} of 6 epochs, and more\n")
        story.state.look()
        story.now += 10
    log.write_text("tune/tiny/nag_sutskever: 6 of 6 epochs, done in 0:50\n")
    story.now = 50
    story.finish(1)
    story.start(2, "test", workload="tiny", optimizer="nag_sutskever")
    story.now = 100
    story.finish(2)
    story.start(3, "figure", figure="curves")
    story.finish(3)
    story.start(4, "paper_pdf")
    story.now = 125
    story.finish(4)
    story.handler.close()
    assert story.lines() == [
        "4 jobs, 2 units to train",
        "tune/tiny/nag_sutskever: 6 of 6 epochs, done in 0:50",
        "small: 3 of 4 units, 16 of 20 epochs, ~0:33 left; 1 of 4 jobs",
        "test/tiny/nag_sutskever: 4 of 4 epochs, done in 0:50",
        "small: 4 of 4 units, 20 of 20 epochs; 2 of 4 jobs",
        f"Done in 2:05: 4 jobs, 2 units trained; paper: {tmp_path / 'paper_pdf.parquet'}",
    ]


def test_units_that_were_not_foreseen_take_the_place_of_others(
    small_study: Study, tmp_path: Path
) -> None:
    """All have records, and one of them is to be trained anew."""
    plan = tmp_path / "plan" / "tune.json"
    plan.parent.mkdir()
    write_plan(plan, units(small_study, "tune"))
    (tmp_path / "tune/tiny").mkdir(parents=True)
    for optimizer in ("sgd", "nag_sutskever"):
        (tmp_path / f"tune/tiny/{optimizer}.parquet").touch()
    for optimizer in ("sgd", "nag_sutskever"):
        story = Story(tmp_path)
        story.plan(tune=1)
        story.start(1, "tune", workload="tiny", optimizer=optimizer)
        assert story.state.study is not None
        assert story.state.study.counts() == (1, 2)
        story.finish(1)
        assert story.state.study.counts() == (2, 2)


def test_without_a_plan_jobs_are_counted_and_logs_are_read(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    story = Story(tmp_path)
    story.plan(tune=2)
    story.start(1, "tune", str(log), workload="cnn", optimizer="sgd")
    log.write_text("tune/cnn/sgd: 3 of 10 epochs\n")
    story.state.look()
    assert story.state.study is not None
    assert story.state.study.epochs() == (3, 10)
    story.finish(1)
    assert story.lines()[1] == "tune/cnn/sgd: 10 of 10 epochs, done in 0:00"


def test_what_an_earlier_run_left_in_a_log_does_not_count(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_text("tune/cnn/sgd: 3 of 10 epochs\n")
    story = Story(tmp_path)
    story.plan(tune=1)
    story.start(1, "tune", str(log), workload="cnn", optimizer="sgd")
    job = story.state.jobs[1]
    assert job.says() == ""
    log.write_text("tune/cnn/sgd: 0 of 10 epochs\n")
    for years in (-20, 20):  # by which its clock differs from this one's
        os.utime(log, (log.stat().st_atime, time.time() + years * 365.25 * 86400))
        assert job.says() == "tune/cnn/sgd: 0 of 10 epochs"


def test_messages_of_plugins_are_told_and_snakemakes_chores_are_not() -> None:
    story = Story()
    story.plan(tune=1)
    submitted = "Job 5 has been submitted with SLURM jobid 12 (log: /a/b.log)."
    story.tell(None, submitted, SLURM)
    story.tell(None, "Select jobs to execute...")
    story.tell(None, "No partition was given", SLURM, level=logging.WARNING)
    assert story.lines()[1:] == [submitted, "No partition was given"]


def test_a_group_that_failed_tells_of_each_of_its_jobs(tmp_path: Path) -> None:
    story = Story()
    story.plan(figure=2)
    infos = []
    for number in (1, 2):
        log = tmp_path / f"{number}.log"
        log.write_text(f"no ink in {number}\n")
        infos.append({"jobid": number, "rule_name": "figure", "log": [str(log)]})
    story.tell(LogEvent.GROUP_ERROR, groupid="g", aux_logs=[], job_error_info=infos)
    assert "  no ink in 1" in story.lines()
    assert "  no ink in 2" in story.lines()


def test_a_wanted_stop_is_no_failure(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    story = Story(tmp_path)
    story.plan(tune=2)
    story.start(1, "tune", str(log), workload="cnn", optimizer="sgd")
    story.tell(None, "Terminating processes on user request, this might take some time.")
    story.tell(None, "Will exit after finishing currently running jobs (scheduler).")
    log.write_text(f"tune/cnn/sgd: 3 of 10 epochs\n{STOPPED}")
    story.fail(1, "tune", str(log))
    story.tell(None, "Trying to restart job 1.")
    story.tell(None, "Exiting because a job execution failed.", level=logging.ERROR)
    story.handler.close()
    assert story.lines()[1:] == [
        "Stopping: each training ends with its epoch, and is kept",
        "Stopped: tune/cnn/sgd; what it has done is kept",
        f"Stopped after 0:00: 0 of 2 jobs are done and kept; {AGAIN}",
    ]


def test_a_cluster_that_stops_a_job_has_it_started_again(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    story = Story(tmp_path)
    story.plan(tune=1)
    story.start(1, "tune", str(log), workload="cnn", optimizer="sgd")
    log.write_text(STOPPED)
    story.fail(1, "tune", str(log))
    story.tell(None, "Trying to restart job 1.")
    story.start(1, "tune", str(log), workload="cnn", optimizer="sgd")
    story.finish(1)
    story.handler.close()
    assert story.lines()[1:3] == [
        "Stopped: tune/cnn/sgd; what it has done is kept",
        "Trying to restart job 1.",
    ]
    assert story.lines()[-1].startswith("Done in")


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
        f"Failed after 0:00: figure curves. 0 of 2 jobs are done and kept; {AGAIN}",
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
    assert story.lines()[-1] == "Done in 0:00: 1 job"


def test_an_interrupted_run_says_what_is_kept() -> None:
    story = Story()
    story.plan(tune=3)
    story.start(1, "tune", workload="cnn", optimizer="sgd")
    story.finish(1)
    story.handler.close()
    assert story.lines()[-1].startswith("Stopped after 0:00: 1 of 3 jobs are done and kept")


def test_other_errors_are_told() -> None:
    story = Story()
    story.tell(LogEvent.ERROR, "MissingInputException in rule x", level=logging.ERROR)
    story.tell(None, "an old file", level=logging.WARNING)
    assert story.lines() == ["MissingInputException in rule x", "an old file"]


def test_a_reader_who_leaves_does_not_end_the_run() -> None:
    story = Story()
    story.stream.close()
    story.plan(tune=1)


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
