# The configuration, read and checked before a job is planned: the study, its units, a part of it, and
# where records are. Nothing here may import torch: a cluster reads these files once for every job.
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

from nagbench.comparing.names import newcomer_name, study_name
from nagbench.display.words import harmless
from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.runner.dates import dated_back
from nagbench.runner.devices import has_gpu
from nagbench.runner.workflow import begin, code_in_containers
from nagbench.study.file import load_study, study_files, study_path
from nagbench.study.model import Study
from nagbench.study.part_file import write_part
from nagbench.study.plan import units
from nagbench.study.unit import Unit
from nagbench.study.wording import REFERENCE


def stop(message: str) -> NoReturn:
    """End Snakemake with one message: a workflow error would bury it under a traceback."""
    sys.exit(f"nagbench: {harmless(message)}")


def check_cores() -> None:
    """Refuse to start without a core, on which Snakemake would wait for ever."""
    settings = workflow.resource_settings
    for option, found in (("--cores", settings.cores), ("--jobs", settings.nodes)):
        if found is not None and found < 1:
            stop(str(InputError(option, f"found {found}", "1 or more, or all")))


def check_config() -> None:
    """Fill in the defaults, and refuse unknown keys and values."""
    schema = Path(brought("workflow/schemas/config.schema.yaml")).absolute()
    try:
        validate(config, os.fspath(schema))
    except WorkflowError as error:
        found = str(error).partition("ValidationError: ")[2].partition("\n")[0] or str(
            error
        )
        keys = yaml.safe_load(schema.read_text(encoding="utf-8"))["properties"]
        allowed = [
            f"{key}={'|'.join(says.get('enum', ['…']))}" for key, says in keys.items()
        ]
        places = " or ".join(["--config", *workflow.configfiles])
        place = "config of the module" if IS_MODULE else places
        stop(f"{place}: {found}; allowed: {', '.join(allowed)}")
    for key in ("study", "cifar10", "compare", "container"):
        config[key] = os.path.expanduser(config[key] or "")
        if set("{}").intersection(config[key]):
            found, allowed = f"found {config[key]!r}", "names without braces"
            stop(str(InputError(f"--config {key}", found, allowed)))


def take_part() -> bool:
    """Whether a part of the study is wanted, whose file then takes the study's place."""
    said = {key: config.pop(key) or "" for key in ("optimizers", "workloads")}
    names = {
        key: [
            name.strip()
            for name in (value.split(",") if isinstance(value, str) else value)
            if name.strip()
        ]
        for key, value in said.items()
    }
    if not any(names.values()):
        return False
    try:
        place = write_part(config["study"], **names, folder=Path(RESULTS, "parts"))
        config["study"] = os.fspath(place)
    except InputError as error:
        stop(f"--config {error}")
    if workflow.is_main_process:
        print(f"A part of it, as the study {config['study']}.", file=sys.stderr)
    return True


def read_study() -> Study:
    """The study that the configuration names."""
    try:
        study = load_study(config["study"])
    except InputError as error:
        stop(str(error))
    if (
        config["cifar10"]
        and study.data == "cifar10"
        and not Path(config["cifar10"]).is_file()
    ):
        stop(
            str(
                InputError(
                    "--config cifar10", f"no file {config['cifar10']}", "a data file"
                )
            )
        )
    return study


def planned_units(study: Study) -> list[Unit]:
    """The units of the study; a file of the user's that cannot be read is one message."""
    try:
        found = units(study)
        sources(*{module for unit in found for module in unit.base.modules()})
    except InputError as error:
        stop(str(error))
    return found


def check_references(study: Study) -> None:
    """Build the optimizers that are not the catalogue's once, before any job and in a dry run too.

    In a process of its own, for it takes torch.
    """
    known = {row.reference for row in CATALOGUE.values()}
    if not workflow.is_main_process or known.issuperset(
        row.reference for row in study.optimizers.values()
    ):
        return
    with TemporaryDirectory() as folder:
        command = [
            "nagbench",
            "plan",
            config["study"],
            "--output",
            f"{folder}/plan.json",
        ]
        if status := subprocess.run(
            command, check=False, stdout=subprocess.DEVNULL
        ).returncode:
            sys.exit(status)


def check_container() -> None:
    """Refuse an image that is a file and is not there; where others are, apptainer finds out."""
    image = config["container"]
    # From within, where a report is made, the image need not be seen.
    inside = {"APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"} & os.environ.keys()
    if image and "://" not in image and not Path(image).exists() and not inside:
        allowed = "an image of apptainer's, or where one is: docker://…"
        stop(str(InputError("--config container", f"no file {image}", allowed)))


def check_compare() -> None:
    """Refuse a comparison that could not train, or one of a part."""
    if not config["compare"]:
        return
    if config["compare"] not in CATALOGUE and not re.fullmatch(
        REFERENCE, config["compare"]
    ):
        found = f"found {config['compare']!r}"
        allowed = "file.py:Class, module:Class, or a row of the catalogue"
        stop(str(InputError("--config compare", found, allowed)))
    if config["records"] != "train" or IS_PART:
        found = "found beside records=committed, optimizers or workloads"
        stop(
            str(
                InputError(
                    "--config compare", found, "a whole study, and records=train"
                )
            )
        )


def committed_folder() -> str:
    """Where records of this study are committed; of a part, those of the study that it extends."""
    whole = Path(STUDY_FILES[1]).stem if IS_PART else STUDY.name
    return placed(Path(REPOSITORY or "", "paper/records", whole))


def records_folder() -> str:
    """Where `runs` and `curves` are: trained here, or committed by others."""
    if config["records"] == "committed":
        if REPOSITORY is None:
            found = "found 'committed', but a git host's workflow comes without records"
            stop(str(InputError("--config records", found, "train, or a clone")))
        needed = ("runs.parquet", "curves.parquet", "SHA256SUMS")
        missing = [name for name in needed if not Path(COMMITTED, name).is_file()]
        if missing:
            allowed = "a study whose records are committed, or records=train"
            found = f"no {COMMITTED}/{missing[0]}"
            stop(str(InputError("--config records", found, allowed)))
        if not IS_PART:
            return COMMITTED
    return f"results/{STUDY.name}/records"


def check_dates() -> None:
    """Date now what a clock that was wrong dated in the future, of results and of what they are made
    of: Snakemake would refuse all that follows from it."""
    places = [f"results/{name}" for name in (STUDY.name, "data", "validation")]
    places += [f"figures/{STUDY.name}", *STUDY_FILES, resources.files("nagbench")]
    if REPOSITORY:
        places += [REPOSITORY / name for name in ("workflow", "paper")]
    if config["cifar10"]:
        places.append(config["cifar10"])
    try:
        late = dated_back(map(Path, places))
    except InputError as error:
        stop(str(error))
    if late:
        print(f"{late} files are of a time to come, and dated now.", file=sys.stderr)


def on_cluster() -> bool:
    """Whether jobs run on other machines, or this is such a job; known once rules are evaluated."""
    return workflow.remote_exec or not workflow.local_exec


def device() -> str:
    """The device as the user named it. On a cluster `auto` is a GPU: what the machine has on which the
    workflow was started says nothing of the nodes."""
    return "cuda" if config["device"] == "auto" and on_cluster() else config["device"]


@cache
def trains_on_gpu() -> bool:
    """Whether a training job needs a GPU of its own."""
    found = device()
    return found == "cuda" or (found == "auto" and (STUDY.gpu or has_gpu()))


def gpus_of_a_job(wildcards) -> int:
    """How many GPUs a training job needs."""
    return int(trains_on_gpu())


# A job runs again when a parameter changes, but not when the change is in one that is derived from its
# inputs, as these are: the device does not decide a result.
def device_argument(wildcards, input) -> str:
    """The device, for a command.

    Nothing stops a module's study before it trains for weeks without the GPU that it is meant for,
    as `onstart` does here, so its jobs do not go on without one unless the user says `cpu`.
    """
    found = device()
    return "cuda" if IS_MODULE and found == "auto" and STUDY.gpu else found


def main_snakefile(wildcards, input) -> str:
    """The Snakefile that Snakemake runs: this workflow's, or that of one which imports it."""
    return workflow.main_snakefile


def config_arguments(wildcards, input) -> list[str]:
    """What the command line or a profile says of the configuration, for another Snakemake."""
    return [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in workflow.config_settings.overwrite_config.items()
        if value is not None
    ]


config = dict(config)  # a module's is that of the workflow which imports it

# Before Snakemake asks for its locks; jobs are no workflow of their own, and the folder of one that
# imports this is not ours to unlock.
if workflow.is_main_process and not IS_MODULE and begin(Path()):
    print("Locks of a workflow that was killed are removed.", file=sys.stderr)
check_cores()
check_config()
check_container()
GIVEN = dict(config)
IS_PART = take_part()
STUDY = read_study()
UNITS = planned_units(STUDY)
check_references(STUDY)
DATA_SET = f"nagbench.data.{STUDY.data}"
STUDY_FILES = here([placed(path) for path in study_files(study_path(config["study"]))])
STUDY_FILE = STUDY_FILES[0]
COMMITTED = committed_folder()
RECORDS = records_folder()
VALIDATION = (
    "results/validation"
    if config["records"] == "train"
    else placed(REPOSITORY / "paper/records/validation")
)
check_compare()
if workflow.is_main_process and not IS_MODULE:
    check_dates()
COMPARED = study_name(STUDY.name, newcomer_name(config["compare"] or ""))


wildcard_constraints:
    workload="|".join(STUDY.workloads),
    optimizer="|".join(STUDY.optimizers),
