"""A small study whose labels are hostile, which is under way, and what the explorer shows of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from nagbench.exploring.content import content
from nagbench.records import UNFINISHED, write_unit
from nagbench.registration import history
from nagbench.runner.unfinished import rows_of
from nagbench.statistics.result_tables import result_tables
from nagbench.study.file import load_study
from nagbench.study.model import Study
from records_of import whole_records_of
from small_study import SMALL

HOSTILE = "</script><script>document.title='broken'</script>"
SEEDS = list(range(101, 111))
CLAIMS = {
    "faster": {"metric": "epochs", "statement": "difference", "direction": "less", "margin": 0.1},
    "better": {"metric": "accuracy", "statement": "difference", "direction": "greater"},
    "over_all": {"metric": "accuracy", "statement": "difference", "direction": "greater"},
}


@dataclass(frozen=True)
class Shown:
    """A study, its records, its result tables, and the page's content."""

    study: Study
    records: Path
    runs: pd.DataFrame
    curves: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    content: Mapping[str, Any]


def file_of(folder: Path) -> Path:
    """The study's file: two optimizers are tested, a third has begun, of which `over_all` waits."""
    data = yaml.safe_load(yaml.safe_dump(SMALL))
    data["title"] = f"Which is better? {HOSTILE}"
    data["workloads"]["tiny"]["epochs"] = 6
    data["optimizers"] = {"sgd": {"label": HOSTILE}, "nag": {"label": "NAG"}, "adam": None}
    data["testing"]["seeds"] = SEEDS
    data["hypotheses"] = {
        name: {
            "claim": f"NAG is {name} {HOSTILE}",
            "workload": "tiny",
            "optimizer": "nag",
            "reference": "adam" if name == "over_all" else "sgd",
            "family": name,
            **said,
        }
        for name, said in CLAIMS.items()
    }
    path = folder / "shown.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory, tables: Mapping[str, pd.DataFrame]) -> Shown:
    """Two of three optimizers are tested; one run of the baseline diverged after its fourth
    evaluation, one of NAG failed with an error; of Adam's test three runs are kept."""
    return show(tmp_path_factory.mktemp("shown"), tables, broken=True)


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory, tables: Mapping[str, pd.DataFrame]) -> Shown:
    """The same where no run broke off, so that means decide."""
    return show(tmp_path_factory.mktemp("sound"), tables, broken=False)


def show(folder: Path, tables: Mapping[str, pd.DataFrame], broken: bool) -> Shown:
    study = load_study(str(file_of(folder)))
    noise = np.random.default_rng(1)

    def climb(end: float) -> list[list[float]]:
        return [
            list(np.linspace(0.1, end, 7) + np.append(0, noise.normal(0, 0.02, 6))) for _ in SEEDS
        ]

    accuracy = {"sgd": climb(0.4), "nag": climb(0.6), "adam": climb(0.5)}
    if broken:
        accuracy["sgd"][3] = accuracy["sgd"][3][:4]
    runs, curves = whole_records_of(study, accuracy)
    tested = runs["stage"] == "test"
    if broken:
        failed = tested & (runs["optimizer"] == "nag") & (runs["seed"] == SEEDS[5])
        runs.loc[failed, ["status", "message"]] = ["failed", f"RuntimeError: {HOSTILE}"]
    waits = tested & (runs["optimizer"] == "adam")
    begun = runs[waits & runs["seed"].isin(SEEDS[:3])]
    write_unit(folder / UNFINISHED, rows_of(begun, curves[curves["run"].isin(begun["run"])]))
    runs = runs[~waits].reset_index(drop=True)
    curves = curves[curves["run"].isin(runs["run"])].reset_index(drop=True)
    found = result_tables(study, runs, curves) | {"registration": history(None)}
    found |= {name: tables[name] for name in ("theory", "calibration")}  # of no study
    made = content(study, "shown.yaml", found, folder, runs, curves)
    return Shown(study, folder, runs, curves, found, json.loads(json.dumps(made)))
