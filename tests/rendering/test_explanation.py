"""Each number of the paper is traced to what decides it: change that, and the number changes."""

import math
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from claims import CLAIM
from nagbench.errors import InputError
from nagbench.rendering.explanation import _plain, explain
from nagbench.rendering.numbers import numbers
from nagbench.rendering.origins import cell, origin
from nagbench.statistics.result_tables import result_tables
from nagbench.statistics.roles import Selection, select
from nagbench.statistics.verdict_table import VERDICTS
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import whole_records_of

Tables = Mapping[str, pd.DataFrame]


def test_every_number_has_an_origin(tables: Tables) -> None:
    for key in numbers(tables):
        found = origin(key, tables)
        assert found is not None, key
        rows = found.rows(tables)
        assert set(found.columns) <= set(rows.columns), key
        # Of claims there may be none; what is about one row has it.
        assert len(rows) or found.table in ("hypotheses", "points", "registration", "controls")


def other(value: Any) -> Any:
    """Another value of its type."""
    if isinstance(value, bool):
        return not value
    if value in VERDICTS:
        return VERDICTS[VERDICTS.index(value) - 1]
    if isinstance(value, str):
        return f"{value}'"
    if not isinstance(value, float):
        return value + 1
    return 0.123 if math.isnan(value) or math.isinf(value) else 0.7 * value + 0.1


def test_a_number_changes_with_its_origin_and_with_no_other_row(tables: Tables) -> None:
    """Of every fifth key that is made of one row: its cells are changed, or all the others."""
    before, tried = numbers(tables), 0
    for key in list(before)[::5]:
        found = origin(key, tables)
        assert found is not None
        own, table = found.rows(tables).index, tables[found.table]
        # Which row leads, and words, are a matter of more than a cell.
        if len(own) != 1 or not found.where or ".leader." in key or key.endswith("direction"):
            continue
        for places in (own, table.index.difference(own)):
            frame = table.astype(dict.fromkeys(found.columns, object))
            for column in found.columns:
                frame.loc[places, column] = frame.loc[places, column].map(other)
            after = numbers({**tables, found.table: frame.infer_objects()})
            assert (after.get(key) == before[key]) == (places is not own), key
        tried += 1
    assert tried > 30


@pytest.mark.parametrize(
    ("key", "where"),
    [
        ("summary.sd.tiny_cnn.nag", {"workload": "tiny_cnn", "optimizer": "nag"}),
        ("summary.sd.nag.tiny_cnn", {"workload": "tiny_cnn", "optimizer": "nag"}),
        ("summary.accuracy", {}),
        (
            "time_to_target.median.tiny_cnn.nag.0.6.epochs.first",
            {"workload": "tiny_cnn", "optimizer": "nag", "target": 0.6}
            | {"clock": "epochs", "kind": "first"},
        ),
    ],
)
def test_a_cell_is_picked_by_values(tables: Tables, key: str, where: dict[str, Any]) -> None:
    found = cell(key, tables)
    assert found is not None
    assert dict(found.where) == where
    assert key.startswith(f"{found.table}.{found.columns[0]}")


@pytest.mark.parametrize("key", ["nothing", "summary", "summary.nothing", "main.nag.accuracy"])
def test_what_is_no_cell_is_none(tables: Tables, key: str) -> None:
    assert cell(key, tables) is None


def test_a_row_that_is_not_there_is_named(tables: Tables) -> None:
    with pytest.raises(InputError, match=r"table summary: found no row of nagg|no row of nagg"):
        cell("summary.sd.tiny_cnn.nagg", tables)


@pytest.fixture
def judged(small: dict[str, Any], tables: Tables) -> tuple[Study, Tables, Selection]:
    """A study of two optimizers and ten seeds; what depends on no study comes from elsewhere."""
    small["hypotheses"] = {"N1": CLAIM}
    study = study_of("small", yaml.safe_load(yaml.safe_dump(small)), "small.yaml")
    count = study.workloads["tiny"].epochs + 1
    rising = {
        "sgd": [[0.1 + 0.01 * seed] * count for seed in range(10)],
        "nag_sutskever": [[0.3 + 0.01 * seed] * count for seed in range(10)],
    }
    runs, curves = whole_records_of(study, rising)
    validation = {name: tables[name] for name in ("theory", "registration", "calibration")}
    found = result_tables(study, runs, curves) | validation
    return study, found, select(study, runs, curves)


def test_an_explanation_goes_down_to_the_runs(judged: tuple[Study, Tables, Selection]) -> None:
    study, tables, selection = judged
    said = explain("N1", study, "small.yaml", tables, selection, Path("a b"))
    assert all(len(line) <= 80 for line in said.splitlines())
    words = " ".join(said.split())
    assert said.startswith("claim.N1.verdict = ")
    assert CLAIM["claim"] in words
    for optimizer in ("sgd", "nag_sutskever"):
        runs = selection.accuracy[selection.accuracy["optimizer"] == optimizer]
        assert f"{len(runs)} of test/tiny/{optimizer}; accuracy by seed" in words
        for run in runs["run"]:
            assert run in said
    assert "--records 'a b' --data results/data/synthetic.npz" in said
    for seed in (11, 12):
        assert f"seed {seed}" in words


BOTH = ["nag_sutskever", "sgd"]


@pytest.mark.parametrize(
    ("key", "metric", "arms"),
    [
        ("times_below.mean.tiny.gradients.sgd", "gradients", ["sgd"]),
        ("times_below.mean.tiny.sgd.epochs", "epochs", ["sgd"]),
        (
            "speed_comparisons.ratio.tiny.sgd.nag_sutskever.epochs",
            "epochs",
            ["nag_sutskever", "sgd"],
        ),
        ("comparisons.difference.tiny.sgd.nag_sutskever", "accuracy", BOTH),
        ("stability.largest_fall.tiny.sgd", "largest_fall", ["sgd"]),
        ("summary.sd.tiny.sgd", "accuracy", ["sgd"]),
    ],
)
def test_a_cell_shows_what_was_measured_of_its_runs(
    judged: tuple[Study, Tables, Selection], key: str, metric: str, arms: list[str]
) -> None:
    study, tables, selection = judged
    said = explain(key, study, "small.yaml", tables, selection, Path("records"))
    words = " ".join(said.split())
    shown = re.findall(r"of test/tiny/(\w+); (\w+) by seed", words)
    assert sorted(shown) == [(arm, metric) for arm in arms]


def test_a_value_is_shown_without_marks_of_latex() -> None:
    value = r"12\,\% of \(-\)0.5.\par 2026-11-29: A \(\pm\) B"
    assert _plain(value) == "12 % of −0.5. 2026-11-29: A ± B"


def test_a_near_miss_is_suggested(judged: tuple[Study, Tables, Selection]) -> None:
    study, tables, selection = judged
    beside = study, "small.yaml", tables, selection, Path("records")
    with pytest.raises(InputError, match=r"is tiny\.sgd\.accuracy meant\?"):
        explain("tiny.sgd.acuracy", *beside)
    said = explain("summary.sd.tiny.sgd", *beside)
    assert textwrap.dedent(said).startswith("summary.sd.tiny.sgd\n")
    assert "standard deviation between seeds" in " ".join(said.split())
