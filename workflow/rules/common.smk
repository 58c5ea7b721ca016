# What several rules need to know: the checked configuration, the study and its units.
# Nothing here may import torch: a cluster reads these files once for every job.
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import yaml
from pyarrow import parquet
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

from nagbench.devices import has_gpu
from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.provenance import data_sources, sources, training_sources
from nagbench.rendering import FIGURES, TABLES
from nagbench.study import Study, Unit
from nagbench.study_file import load_study, study_path

CAPTIONS = "workflow/report"
ENVIRONMENT = "../../envs/environment.yml"
SCHEMAS = "../schemas"
TABLE_FORMS = [f"rendering/{part}.py" for part in ("table", "lookup", "latex")]
STYLE = [
    f"rendering/{name}"
    for name in ("style.py", "legend.py", "layout.py", "lookup.py", "nagbench.mplstyle")
]


def stop(message: str) -> NoReturn:
    """End Snakemake with one message: a workflow error would bury it under a traceback."""
    sys.exit(f"nagbench: {message}")


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


def records_folder(study: Study) -> str:
    """Where `runs` and `curves` are: trained here, or committed by others."""
    if config["records"] == "train":
        return f"results/{study.name}/records"
    folder = Path("paper/records", study.name)
    missing = [
        name
        for name in ("runs", "curves")
        if not Path(folder, f"{name}.parquet").is_file()
    ]
    if missing:
        allowed = "a study whose records are committed, or records=train"
        stop(
            str(
                InputError(
                    "--config records", f"no {folder / missing[0]}.parquet", allowed
                )
            )
        )
    return os.fspath(folder)


def trains_on_gpu(study: Study) -> bool:
    """Whether a training job needs a GPU of its own."""
    device = config["device"]
    return device == "cuda" or (device == "auto" and (study.gpu or has_gpu()))


def stop_without_gpu() -> None:
    """Before a study that wants a GPU trains without one, say what it would cost, and stop.

    Jobs that a cluster runs find their GPU there.
    """
    if workflow.local_exec and any(
        job.rule.name in ("tune", "test") for job in workflow.dag.needrun_jobs()
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


def unit_of(stage: str, wildcards) -> Unit:
    """The unit of a training job."""
    return STUDY.unit(f"{stage}/{wildcards.workload}/{wildcards.optimizer}")


def tune_sources(wildcards) -> list[str]:
    """The files whose text decides what a unit's tuning finds."""
    return training_sources(unit_of("tune", wildcards))


def test_sources(wildcards) -> list[str]:
    """The files whose text decides what a unit's test finds."""
    return training_sources(unit_of("test", wildcards))


def tune_definition(wildcards) -> str:
    """What study and catalogue say of a unit's tuning: when it changes, the unit trains again."""
    return json.dumps(unit_of("tune", wildcards).definition(), sort_keys=True)


def test_definition(wildcards) -> str:
    """What study and catalogue say of a unit's test."""
    return json.dumps(unit_of("test", wildcards).definition(), sort_keys=True)


# A job runs again when a parameter changes, but not when the change is in one that is derived from its
# inputs, as these are: neither the device nor the way the study was named decides a result.
def study_argument(wildcards, input) -> str:
    """The study as the user named it."""
    return config["study"]


def device_argument(wildcards, input) -> str:
    """The device as the user named it."""
    return config["device"]


def config_arguments(wildcards, input) -> list[str]:
    """The whole configuration, for another Snakemake."""
    return [f"{key}={value}" for key, value in config.items()]


def caption(wildcards, input) -> str:
    """What the report says under a figure or table: its caption, and the data that it shows."""
    (name,) = wildcards
    words = Path(CAPTIONS, f"{name}.rst").read_text(encoding="utf-8").strip()
    study = Path(input.statistics, "study.parquet")
    if not study.is_file():
        return words
    (facts,) = parquet.read_table(study, columns=["edition", "demo"]).to_pylist()
    return f"{words} Data: {facts['edition']}{' (DEMO)' if facts['demo'] else ''}."


def caption_folder(wildcards, input) -> str:
    """Where the captions are."""
    return os.path.dirname(input.captions[0])


def theory_sources() -> list[str]:
    """What decides the rates on problems whose answers are known."""
    from nagbench.theory.methods import METHODS

    rows = {method.row for method in METHODS}
    own = {
        file for row in rows for file in map(os.fspath, CATALOGUE[row].source_files())
    }
    return [*sources("theory"), *sorted(os.path.relpath(file) for file in own)]


def data_source() -> list[str]:
    """The data file that the user named, if the study takes it."""
    return [config["cifar10"]] if config["cifar10"] and STUDY.data == "cifar10" else []


def source_arguments(wildcards, input) -> list[str]:
    """The data file as `nagbench data` is told of it; nothing where the set needs none."""
    return ["--source", *input.source] if input.source else []


def figure_sources(wildcards) -> list[str]:
    """A figure's own file and the style that all share."""
    return sources(f"rendering/figures/{wildcards.figure}.py", *STYLE)


def caption_files() -> list[str]:
    """The captions that paper and report share."""
    return [f"{CAPTIONS}/{name}.rst" for name in (*FIGURES, *TABLES)]


def paper_files() -> list[str]:
    """What is written by hand for the paper."""
    patterns = ("*.sty", "*.bib", "latexmkrc", "*.tex", "sections/*.tex")
    return sorted(
        os.fspath(file) for name in patterns for file in Path("paper").glob(name)
    )


check_config()
STUDY = read_study()
STUDY_FILE = os.fspath(study_path(config["study"]))
RECORDS = records_folder(STUDY)
PROOFS = "results/proofs" if config["records"] == "train" else "paper/records/proofs"
validate(
    yaml.safe_load(Path(STUDY_FILE).read_text(encoding="utf-8")),
    f"{SCHEMAS}/study.schema.json",
)

GPUS_OF_A_JOB = 1 if trains_on_gpu(STUDY) else 0


wildcard_constraints:
    workload="|".join(STUDY.workloads),
    optimizer="|".join(STUDY.optimizers),
    figure="|".join(FIGURES),
    table="|".join(TABLES),
