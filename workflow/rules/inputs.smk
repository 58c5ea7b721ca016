# What the other rules read: files that may be there, and the code that each runs, which
# `nagbench.sources` finds from the names of modules; and how the report shows what they make.
import os
from functools import partial
from pathlib import Path

from pyarrow import parquet

from nagbench.rendering.figures import NAMES as FIGURES
from nagbench.rendering.table_files import TABLES
from nagbench.sources import ENGINE
from nagbench.validation.methods import METHODS

DRAWING = ("nagbench.rendering.excerpt", "nagbench.rendering.result_tables")
ENVIRONMENT = "../../envs/environment.yml"


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
        "nagbench.comparing.replication",
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
    place = at_hand(f"paper/registrations/{STUDY.name}.json")
    return place and [*place, *at_hand("paper/protocol.md")]


def cross_check_files() -> list[str]:
    """The engine beside a plain loop, where that is at hand; no rule makes it, since it takes long."""
    return at_hand("paper/records/validation/cross_check.parquet")


def step_cost_files() -> list[str]:
    """What steps of the committed records cost, if they are used and it was measured."""
    place = Path(COMMITTED, "step_costs.json")
    used = config["records"] == "committed" and place.is_file()
    return here([os.fspath(place)]) if used else []


def records_beside() -> list[str]:
    """What may lie with committed records: what steps cost, and runs of units under way."""
    places = [
        Path(COMMITTED, name) for name in ("step_costs.json", "unfinished.parquet")
    ]
    used = config["records"] == "committed"
    return here([os.fspath(place) for place in places if used and place.is_file()])


def elsewhere_sums() -> list[str]:
    """Of the study's committed records from other places, if its committed ones are used."""
    used = config["records"] == "committed" and not IS_PART
    found = sorted(Path(COMMITTED).glob("*/SHA256SUMS")) if used else []
    return here([os.fspath(path) for path in found])


def data_source() -> list[str]:
    """The data file that the user named, if the study takes it."""
    used = config["cifar10"] and STUDY.data == "cifar10"
    return here([config["cifar10"]]) if used else []


def source_arguments(wildcards, input) -> list[str]:
    """The data file as `nagbench data` is told of it; nothing where the set needs none."""
    return ["--source", *input.source] if input.source else []


def compared_code() -> list[str]:
    """What trains and shows a comparison; the newcomer's file is read where it is trained."""
    file = config["compare"].rpartition(":")[0]
    own = [file] if file.endswith(".py") else []
    return sources(
        ENGINE, "nagbench.commands.comparing", "nagbench.comparing.sheet", *own
    )


def committed_records() -> list[str]:
    """What the newcomer may stand beside, if it is at hand."""
    folder = f"paper/records/{STUDY.name}"
    return at_hand(f"{folder}/runs.parquet", f"{folder}/curves.parquet")


def figure_code() -> list[str]:
    """What draws the figures."""
    drawn = [f"nagbench.rendering.figures.{name}" for name in FIGURES]
    return sources("nagbench.rendering.figure_files", *DRAWING, *drawn)


def caption_files() -> list[str]:
    """The captions that paper and report share."""
    return [brought(f"workflow/report/{name}.rst") for name in (*FIGURES, *TABLES)]


def paper_files() -> list[str]:
    """What is written by hand for the paper."""
    patterns = (
        "*.sty",
        "*.bib",
        "latexmkrc",
        "*.pdf",
        "*.tex",
        "sections/*.tex",
        "beyond/*.tex",
    )
    return at_hand(*(f"paper/{name}" for name in patterns))


def typeset_from(wildcards, input) -> list[str]:
    """Where results and figures of the study are, seen from the paper's sources."""
    made = Path(input.numbers[0]).parents[1], Path(input.figures[0]).parent
    folder = Path(input.main).resolve().parent
    return [os.path.relpath(place.resolve(), folder) for place in made]
