# What the rules that train know of their units: the plan, the files that a unit loads, its definition.
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from snakemake_interface_executor_plugins.settings import SharedFSUsage

from nagbench import step_costs
from nagbench.runner import requests
from nagbench.sources import ENGINE, code_digest
from nagbench.study.model import STAGES
from nagbench.study.unit import Unit, unit, write_plan


def stop_without_gpu() -> None:
    """Before a study that wants a GPU trains without one, say what it would cost, and stop.

    Jobs that a cluster runs find their GPU there.
    """
    if workflow.local_exec and any(
        job.rule.name in STAGES for job in workflow.dag.needrun_jobs()
    ):
        command = [
            "nagbench",
            "preflight",
            config["study"],
            "--device",
            config["device"],
        ]
        if status := subprocess.run(command, check=False).returncode:
            sys.exit(status)


def expect_faults() -> None:
    """On a cluster nodes are lost, and time and memory that were asked for run out: try more often.

    Each try asks for more, and goes on from what was trained.
    """
    if on_cluster():
        for one in workflow.rules:
            if one.name in STAGES:
                one.restart_times = 3


def folder_is_shared() -> bool:
    """Whether all jobs see the folder in which the workflow works; known once jobs are planned."""
    return SharedFSUsage.INPUT_OUTPUT in workflow.storage_settings.shared_fs_usage


def plan_file(stage: str) -> str:
    """Where the plan of a stage is: its units with every name resolved, from which jobs train.

    Of a module Snakemake heeds no `onstart`, so no plan is written and jobs train from the study.
    """
    return STUDY_FILE if IS_MODULE else f"results/{STUDY.name}/plan/{stage}.json"


def plan_at_hand(stage: str, wildcards) -> str:
    """The plan from which a job trains; the study where jobs share no folder with who wrote the plan."""
    return plan_file(stage) if folder_is_shared() else STUDY_FILE


def write_plans() -> None:
    """Write the plans as this Snakefile knows the units."""
    for stage in STAGES:
        write_plan(
            Path(plan_file(stage)), [unit for unit in UNITS if unit.stage == stage]
        )


def unit_of(stage: str, wildcards) -> Unit:
    """The unit of a training job."""
    return unit(UNITS, f"{stage}/{wildcards.workload}/{wildcards.optimizer}")


def units_folder(wildcards, input) -> str:
    """Where the units' records lie, each by its name: a shell takes no list of thousands."""
    return os.fspath(Path(input.units[0]).parents[2])


def choice_file(stage: str, wildcards) -> str:
    """Where the settings stand that a unit trains: those chosen on its workload, or on another."""
    one = unit_of(stage, wildcards)
    return f"results/{one.study}/chosen/{one.tuned_on}/{one.optimizer}.json"


def unit_code(stage: str, wildcards) -> list[str]:
    """The files that a unit's training loads; an edit of one asks whether it must train again.

    None where jobs see no folder of ours: Snakemake would not let a job go that reads a file here. The
    digest of the code, a parameter, tells of edits there too.
    """
    if not folder_is_shared():
        return []
    return sources(ENGINE, *unit_of(stage, wildcards).base.modules())


def unit_digest(stage: str, wildcards) -> str:
    """What these files say, and which libraries they import: by it, finished runs are known."""
    return code_digest(unit_of(stage, wildcards).base.modules())


def unit_definition(stage: str, wildcards) -> str:
    """What study and catalogue say of a unit: when it changes, this unit trains again."""
    return json.dumps(unit_of(stage, wildcards).definition(), sort_keys=True)


@cache
def costs() -> step_costs.StepCosts | None:
    """What steps of the study cost on such a device, if that lies with its committed records."""
    found = step_costs.beside(Path(COMMITTED))
    return found if found and found.machine["backend"] == device() else None


def unit_minutes(stage: str, wildcards, attempt) -> int:
    """The time that a unit's job asks for; each try for more."""
    return attempt * requests.minutes(unit_of(stage, wildcards), costs())


def unit_megabytes(stage: str, wildcards, attempt) -> int:
    """The memory that a unit's job asks for; each try for more."""
    return attempt * requests.megabytes(unit_of(stage, wildcards))
