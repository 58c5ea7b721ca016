# What several rules need to know: the checked configuration, the study and its units, and the code
# that each rule runs, which `nagbench.sources` finds from the names of modules.
# Nothing here may import torch: a cluster reads these files once for every job.
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import yaml
from pyarrow import parquet
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

from nagbench.comparing.names import newcomer_name, study_name
from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.rendering.figures import NAMES as FIGURES
from nagbench.rendering.table_files import TABLES
from nagbench.runner.devices import has_gpu
from nagbench.sources import ENGINE, code_digest, sources
from nagbench.study.file import load_study, study_files, study_path
from nagbench.study.model import STAGES, Study
from nagbench.study.part_file import write_part
from nagbench.study.plan import units
from nagbench.study.unit import Unit, unit, write_plan
from nagbench.validation.methods import METHODS

CAPTIONS = "workflow/report"
DRAWING = ("nagbench.rendering.excerpt", "nagbench.rendering.result_tables")
ENVIRONMENT = "../../envs/environment.yml"
SCHEMAS = "../schemas"


def stop(message: str) -> NoReturn:
    """End Snakemake with one message: a workflow error would bury it under a traceback."""
    sys.exit(f"nagbench: {message}")


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
    for key in ("study", "cifar10"):
        config[key] = os.path.expanduser(config[key] or "")


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
        and not Path(config["cifar10"]).exists()
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


def plan_file(stage: str) -> str:
    """Where the plan of a stage is: its units with every name resolved, from which jobs train."""
    return f"results/{STUDY.name}/plan/{stage}.json"


def write_plans() -> None:
    """Write the plans as this Snakefile knows the units."""
    for stage in STAGES:
        write_plan(
            Path(plan_file(stage)), [unit for unit in UNITS if unit.stage == stage]
        )


def unit_of(stage: str, wildcards) -> Unit:
    """The unit of a training job."""
    return unit(UNITS, f"{stage}/{wildcards.workload}/{wildcards.optimizer}")


def choice_file(stage: str, wildcards) -> str:
    """Where the settings stand that a unit trains: those chosen on its workload, or on another."""
    one = unit_of(stage, wildcards)
    return f"results/{one.study}/chosen/{one.tuned_on}/{one.optimizer}.json"


def unit_code(stage: str, wildcards) -> list[str]:
    """The files that a unit's training loads; an edit of one asks whether it must train again."""
    return sources(ENGINE, *unit_of(stage, wildcards).base.modules())


def unit_digest(stage: str, wildcards) -> str:
    """What these files say, and which libraries they import: by it, finished runs are known."""
    return code_digest(unit_of(stage, wildcards).base.modules())


def unit_definition(stage: str, wildcards) -> str:
    """What study and catalogue say of a unit: when it changes, this unit trains again."""
    return json.dumps(unit_of(stage, wildcards).definition(), sort_keys=True)


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


def shown(kind: str, name: str, file: str) -> str:
    """A file that the report shows under its caption."""
    return report(
        file,
        caption=f"../report/{name}.rst",
        category=f"{kind.title()}s",
        labels=partial(labels, kind, name),
    )


def labels(kind: str, name: str, wildcards, input) -> dict[str, str]:
    """What the report says beside a figure or table: its name, and the data that it shows."""
    study = parquet.read_table(Path(input.statistics, "study.parquet"))
    (facts,) = study.select(["edition", "demo"]).to_pylist()
    return {
        kind: name,
        "data": f"{facts['edition']}{' (DEMO)' if facts['demo'] else ''}",
    }


def caption_folder(wildcards, input) -> str:
    """Where the captions are."""
    return os.path.dirname(input.captions[0])


def theory_code() -> list[str]:
    """What measures rates, and the optimizers that it names."""
    rows = [CATALOGUE[method.row] for method in METHODS]
    optimizers = {row.reference.rpartition(":")[0] for row in rows}
    return sources(
        "nagbench.validation.file",
        "nagbench.validation.rates",
        "nagbench.data.synthetic",
        *optimizers,
    )


def statistics_code() -> list[str]:
    """What makes result tables, and what it finds by name: the data set, networks, optimizers."""
    networks = {unit.base.network.rpartition(":")[0] for unit in UNITS}
    optimizers = {unit.base.optimizer.rpartition(":")[0] for unit in UNITS}
    return sources(
        "nagbench.statistics.result_tables",
        "nagbench.registration",
        "nagbench.validation.agreement",
        "nagbench.records",
        "nagbench.study.plan",
        "nagbench.study.file",
        DATA_SET,
        *networks,
        *optimizers,
    )


def registration_files() -> list[str]:
    """What the study is held against, if it is registered."""
    place = Path("paper/registrations", f"{STUDY.name}.json")
    return [os.fspath(place), "paper/protocol.md"] if place.is_file() else []


def cross_check_files() -> list[str]:
    """The engine beside a plain loop, where that is at hand; no rule makes it, since it takes long."""
    place = Path("paper/records/validation/cross_check.parquet")
    return [os.fspath(place)] if place.is_file() else []


def step_cost_files() -> list[str]:
    """What steps of the committed records cost, if they are used and it was measured."""
    place = Path(COMMITTED, "step_costs.json")
    used = config["records"] == "committed" and place.is_file()
    return [os.fspath(place)] if used else []


def records_beside() -> list[str]:
    """What may lie with committed records: what steps cost, and runs of units under way."""
    places = [
        Path(COMMITTED, name) for name in ("step_costs.json", "unfinished.parquet")
    ]
    used = config["records"] == "committed"
    return [os.fspath(place) for place in places if used and place.is_file()]


def data_source() -> list[str]:
    """The data file that the user named, if the study takes it."""
    return [config["cifar10"]] if config["cifar10"] and STUDY.data == "cifar10" else []


def source_arguments(wildcards, input) -> list[str]:
    """The data file as `nagbench data` is told of it; nothing where the set needs none."""
    return ["--source", *input.source] if input.source else []


def check_compare() -> None:
    """Refuse a comparison that could not train, or one of a part."""
    if not config["compare"]:
        return
    if config["records"] != "train" or IS_PART:
        found = "found beside records=committed, optimizers or workloads"
        stop(
            str(
                InputError(
                    "--config compare", found, "a whole study, and records=train"
                )
            )
        )


def compared_code() -> list[str]:
    """What trains and shows a comparison; the newcomer's file is read where it is trained."""
    file = config["compare"].rpartition(":")[0]
    own = [file] if file.endswith(".py") else []
    return sources(
        ENGINE, "nagbench.commands.comparing", "nagbench.comparing.sheet", *own
    )


def committed_records() -> list[str]:
    """What the newcomer may stand beside, if it is at hand."""
    files = (Path("paper/records", STUDY.name, name) for name in ("runs", "curves"))
    return [f"{file}.parquet" for file in files if Path(f"{file}.parquet").is_file()]


def figure_code() -> list[str]:
    """What draws the figures."""
    drawn = [f"nagbench.rendering.figures.{name}" for name in FIGURES]
    return sources("nagbench.rendering.figure_files", *DRAWING, *drawn)


def caption_files() -> list[str]:
    """The captions that paper and report share."""
    return [f"{CAPTIONS}/{name}.rst" for name in (*FIGURES, *TABLES)]


def paper_files() -> list[str]:
    """What is written by hand for the paper."""
    patterns = ("*.sty", "*.bib", "latexmkrc", "*.tex", "sections/*.tex")
    return sorted(
        os.fspath(file) for name in patterns for file in Path("paper").glob(name)
    )


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
