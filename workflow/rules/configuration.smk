# `--config`, read and checked before a job is planned: the study, its units, a part of it, and where
# records are. Nothing here may import torch: a cluster reads these files once for every job.
import os
import re
import subprocess
import sys
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
from nagbench.runner.devices import has_gpu
from nagbench.runner.workflow import begin
from nagbench.sources import sources
from nagbench.study.file import load_study, study_files, study_path
from nagbench.study.model import Study
from nagbench.study.part_file import write_part
from nagbench.study.plan import units
from nagbench.study.unit import Unit
from nagbench.study.wording import REFERENCE

SCHEMAS = "../schemas"


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
    schema = Path(
        workflow.current_basedir.get_path_or_uri(False), SCHEMAS, "config.schema.yaml"
    )
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
        stop(f"--config: {found}; allowed: {', '.join(allowed)}")
    for key in ("study", "cifar10", "compare"):
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
        config["study"] = os.fspath(write_part(config["study"], **names))
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
    return f"paper/records/{whole}"


def records_folder() -> str:
    """Where `runs` and `curves` are: trained here, or committed by others."""
    if config["records"] == "committed":
        needed = ("runs.parquet", "curves.parquet", "SHA256SUMS")
        missing = [name for name in needed if not Path(COMMITTED, name).is_file()]
        if missing:
            allowed = "a study whose records are committed, or records=train"
            found = f"no {COMMITTED}/{missing[0]}"
            stop(str(InputError("--config records", found, allowed)))
        if not IS_PART:
            return COMMITTED
    return f"results/{STUDY.name}/records"


def trains_on_gpu(study: Study) -> bool:
    """Whether a training job needs a GPU of its own."""
    device = config["device"]
    return device == "cuda" or (device == "auto" and (study.gpu or has_gpu()))


# A job runs again when a parameter changes, but not when the change is in one that is derived from its
# inputs, as these are: the device does not decide a result.
def device_argument(wildcards, input) -> str:
    """The device as the user named it."""
    return config["device"]


def config_arguments(wildcards, input) -> list[str]:
    """The configuration as it was given, for another Snakemake."""
    return [
        f"{key}={','.join(value) if isinstance(value, list) else value}"
        for key, value in GIVEN.items()
        if value
    ]


# Before Snakemake asks for its locks; jobs are no workflow of their own.
if workflow.is_main_process and begin(Path()):
    print("Locks of a workflow that was killed are removed.", file=sys.stderr)
check_cores()
check_config()
GIVEN = dict(config)
IS_PART = take_part()
STUDY = read_study()
UNITS = planned_units(STUDY)
check_references(STUDY)
DATA_SET = f"nagbench.data.{STUDY.data}"
STUDY_FILES = [
    os.path.relpath(path) for path in study_files(study_path(config["study"]))
]
STUDY_FILE = STUDY_FILES[0]
VALIDATION = (
    "results/validation" if config["records"] == "train" else "paper/records/validation"
)

COMMITTED = committed_folder()
RECORDS = records_folder()
GPUS_OF_A_JOB = 1 if trains_on_gpu(STUDY) else 0
check_compare()
COMPARED = study_name(STUDY.name, newcomer_name(config["compare"] or ""))


wildcard_constraints:
    workload="|".join(STUDY.workloads),
    optimizer="|".join(STUDY.optimizers),
