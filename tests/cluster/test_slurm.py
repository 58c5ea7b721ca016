"""The workflow through Slurm's profile, and what may happen to its jobs: the records are those of a
run on one machine."""

import pytest
from one_machine import OneMachine
from submitted import RECORDS, Submitted

from waiting import wait_for

pytestmark = pytest.mark.cluster
STUDY = ("--config", "study=micro")
UNIT = "tune/tiny/sgd"
TO_TRAIN = 14  # epochs of that unit which are noted: of its two runs all but the last


def trained(submitted: Submitted, unit: str = UNIT) -> int:
    return sum(epoch.unit == unit for epoch in submitted.epochs())


def goes_on(submitted: Submitted, local: str) -> None:
    """It ends well, with the records of an undisturbed run, and trained an epoch twice at most."""
    submitted.finish()
    assert submitted.records() == local
    assert TO_TRAIN - 1 <= trained(submitted) <= TO_TRAIN + 1


def test_it_trains_as_the_guide_says(submitted: Submitted, cluster: OneMachine, local: str) -> None:
    """Whatever else `--config` says, each training job has a GPU of its own."""
    submitted.start(*STUDY, "--", "tables", "figures")
    said = submitted.finish()
    assert submitted.records() == local
    gpus = {epoch.gpus for epoch in submitted.epochs()}
    assert gpus
    assert gpus <= {"0", "1"}
    assert (submitted.folder / "results/micro/tables/results.md").is_file()
    jobs = [comment for _, _, comment in cluster.jobs()]
    assert not any("rule_data" in comment for comment in jobs), "nodes may have no network"
    assert sum(job.startswith("rule_results_") for job in jobs) == 1, " ".join(jobs)
    assert "Done in" in said


def test_units_of_a_group_share_a_job_and_its_gpu(submitted: Submitted, local: str) -> None:
    groups = ("--groups", "tune=tune", "test=test", "--group-components", "tune=8", "test=8")
    submitted.start(*groups, *STUDY, "--", f"{RECORDS}/runs.parquet")
    submitted.finish()
    assert submitted.records() == local
    assert len({epoch.job for epoch in submitted.epochs()}) == 2
    assert {epoch.gpus for epoch in submitted.epochs()} == {"0"}


def test_a_cancelled_job_goes_on_where_it_was(
    submitted: Submitted, cluster: OneMachine, local: str
) -> None:
    submitted.start(*STUDY, "--", f"{RECORDS}/runs.parquet", slowly=1)
    job = submitted.half_way(UNIT)
    cluster.cancel(job)
    wait_for(lambda: cluster.state(job) == "CANCELLED", what="the job is cancelled")
    goes_on(submitted, local)
    assert len({epoch.job for epoch in submitted.epochs() if epoch.unit == UNIT}) == 2


def test_a_lost_node_loses_nothing_but_an_epoch(
    submitted: Submitted, cluster: OneMachine, local: str
) -> None:
    submitted.start(*STUDY, "--", f"{RECORDS}/runs.parquet", slowly=1)
    submitted.half_way(UNIT)
    cluster.lose_node()
    wait_for(lambda: cluster.node() == "DOWN", what="the controller misses the node", seconds=120)
    cluster.start_node()
    goes_on(submitted, local)


def test_a_job_whose_time_is_up_goes_on_with_more(
    submitted: Submitted, cluster: OneMachine, local: str
) -> None:
    """Meanwhile two units train, each on a GPU of its own."""
    minute = ("--set-resources", "tune:runtime=attempt")
    submitted.start(*STUDY, *minute, "--", f"{RECORDS}/runs.parquet", slowly=6)
    jobs = [submitted.half_way(unit, 1) for unit in (UNIT, "tune/tiny/nag_sutskever")]
    gpus = {epoch.job: epoch.gpus for epoch in submitted.epochs()}
    assert sorted(gpus[job] for job in jobs) == ["0", "1"]
    wait_for(lambda: cluster.state(jobs[0]) == "TIMEOUT", what="the minute is over", seconds=180)
    goes_on(submitted, local)


def test_a_job_without_enough_memory_is_started_again_with_more(
    submitted: Submitted, cluster: OneMachine, local: str
) -> None:
    """Slurm watches what a job's processes hold; control groups would do the same to it."""
    earlier = {job for job, _, _ in cluster.jobs()}
    little = ("--set-resources", "tune:mem_mb=200+2000*(attempt-1)")
    submitted.start(*STUDY, *little, "--", f"{RECORDS}/runs.parquet")
    submitted.finish()
    assert submitted.records() == local
    ended = [
        state
        for job, state, comment in cluster.jobs()
        if job not in earlier and "rule_tune" in comment
    ]
    assert len(ended) == 4
    assert ended.count("COMPLETED") == 2
