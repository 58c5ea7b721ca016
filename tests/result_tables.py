"""Result tables of a small made-up study."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from nagbench.comparing.replication import SAID
from nagbench.parquet import write_frame
from nagbench.registration import history
from nagbench.statistics.result_tables import result_tables
from nagbench.study.file import load_study
from nagbench.validation.agreement import Setting, compared
from nagbench.validation.calibration import calibration, cases
from nagbench.validation.methods import METHODS
from nagbench.validation.problems import lessard, quadratic
from nagbench.validation.rates import TheoryFile, measured, noisy
from records_of import whole_records_of


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, pd.DataFrame]:
    """Six optimizers, ten seeds, six epochs: two as good as each other, the worst diverges once."""
    data = yaml.safe_load(Path("src/nagbench/study/shipped/demo.yaml").read_text(encoding="utf-8"))
    data["workloads"]["tiny_cnn"]["epochs"] = 6
    data["testing"]["seeds"] = list(range(101, 111))
    path = tmp_path_factory.mktemp("study") / "demo.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    study = load_study(str(path))
    noise = np.random.default_rng(0)

    def climb(end: float) -> list[list[float]]:
        shape = 0.1 + (end - 0.1) * (1 - np.exp(-np.arange(7) / 2)) / (1 - np.exp(-3))
        return [list((shape + noise.normal(0, 0.01, 7)).clip(0, 1)) for _ in range(10)]

    ends = {
        "sgd": 0.4,
        "heavy_ball": 0.8,
        "nag": 0.8,
        "nag_sutskever": 0.7,
        "adam": 0.6,
        "nadam": 0.5,
    }
    accuracy = {name: climb(end) for name, end in ends.items()}
    accuracy["sgd"][3] = accuracy["sgd"][3][:4]
    found = result_tables(study, *whole_records_of(study, accuracy))
    claims = found["hypotheses"][["hypothesis", *SAID]]
    return found | {
        "elsewhere": claims.assign(place="another machine", runs=7),
        "theory": theory_table(),
        "cross_check": compared(cross_check_table()),
        "registration": history(None),
        "calibration": calibration(20, [case for case in cases() if case.seeds == 6]),
    }


def cross_check_table() -> pd.DataFrame:
    """Three trainings each way: float32 is half a point better than the plain loop."""
    ends = {"plain": 0.62, "float32": 0.625, "bfloat16": 0.62}
    return pd.DataFrame(
        {"way": way, "accuracy": end + chance, **asdict(Setting()), "data": "made up"}
        for way, end in ends.items()
        for chance in (-0.01, 0.0, 0.01)
    )


def theory_table() -> pd.DataFrame:
    """Rates on two small quadratics and a function without proven ones, fast ones."""
    file = TheoryFile("", (5.0, 10.0, 20.0), 4, 1e-6, 400, 0.1, 10.0, 10, 1e-3)
    problems = [quadratic(condition, 4) for condition in file.conditions] + [lessard()]
    rows = [
        measured(problem, method, file.steps, file.tolerance)
        for problem in problems
        for method in METHODS
    ]
    return pd.DataFrame([*rows, *(noisy(file, method) for method in METHODS[:4])])


@pytest.fixture
def folder(tables: Mapping[str, pd.DataFrame], tmp_path: Path) -> Path:
    """The same as files."""
    place = tmp_path / "statistics"
    for name, table in tables.items():
        write_frame(place / f"{name}.parquet", table)
    return place
