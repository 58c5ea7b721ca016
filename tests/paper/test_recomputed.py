"""A second implementation finds the same verdicts: it has nothing of the first, only its page.

`docs/reference/statistics.md` says how every number is computed. `recomputed*.py` were written from
it, and follow whatever claims the committed records can test. A claim that they have no rule for is
an error. Damaged records and further claims bring what those records do not: runs that fail,
events, bands, rankings.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nagbench import step_costs
from nagbench.records import read_tables
from nagbench.statistics.result_tables import result_tables
from nagbench.study.file import load_study
from nagbench.study.model import Hypothesis
from nagbench.study.plan import units
from recomputed import comparisons, verdicts
from recomputed_records import Records
from recomputed_tuning import tried

RECORDS, REGISTERED = Path("paper/records"), Path("paper/registrations")
STUDIES = sorted(
    path.stem
    for path in REGISTERED.glob("*.json")
    if (RECORDS / path.stem / "runs.parquet").is_file()
)
# Statements and metrics of which no registered claim can be tested yet, on what was tested.
FURTHER: dict[str, dict[str, Any]] = {
    "as_accurate": {"statement": "equivalence", "reference": "adam", "margin": 0.0275},
    "not_as_accurate": {"statement": "equivalence", "reference": "nadam", "margin": 0.005},
    "perhaps_as_accurate": {"statement": "equivalence", "reference": "adam", "margin": 0.02},
    "hardly_ahead": {"statement": "at_most", "reference": "adam", "margin": 0.0275},
    "over_60": {"statement": "threshold", "value": 0.6, "direction": "greater"},
    "under_70": {"statement": "threshold", "value": 0.7, "direction": "less"},
    "alike": {"metric": "deviation", "direction": "less", "reference": "adam", "margin": 0.02},
    "sooner": {
        "statement": "ranking",
        "metric": "gradients",
        "direction": "greater",
        "optimizers": ["adam", "nadam", "nag"],
        "margin": 176.0,
    },
    "better": {"statement": "ranking", "direction": "less", "optimizers": ["sgd", "adam", "nag"]},
    "epochs": {"metric": "epochs", "direction": "less", "reference": "adam", "margin": 0.5},
    "ratio": {"metric": "gradient_ratio", "direction": "greater", "reference": "adam"},
    "lost": {"metric": "lost_by_stopping", "direction": "less", "reference": "adam"},
    "spikes": {
        "statement": "events",
        "metric": "spiked",
        "direction": "less",
        "optimizer": "adam",
        "reference": "nadam",
    },
    "as_many_spikes": {
        "statement": "events",
        "metric": "spiked",
        "direction": "greater",
        "reference": "heavy_ball",
        "margin": 0.29,
    },
    "less_lost": {
        "statement": "ranking",
        "metric": "lost_by_stopping",
        "direction": "less",
        "optimizers": ["nag", "adam", "nadam"],
        "family": "alone",
    },
}
NONE: dict[str, Any] = {
    "metric": "accuracy",
    "statement": "difference",
    "workload": "seed_cnn",
    "optimizer": "nag",
    "direction": None,
    "reference": None,
    "reference_workload": None,
    "value": None,
    "contrast": None,
    "optimizers": [],
    "workloads": [],
    "margin": 0.0,
    "family": "",
}


class Case:
    """A study's committed records, its registered claims, and further ones of families of two."""

    def __init__(self, name: str, further: Mapping[str, Any]) -> None:
        text = (REGISTERED / f"{name}.json").read_text(encoding="utf-8")
        self.definition, self.study = json.loads(text)["definition"], load_study(name)
        self.runs, self.curves = read_tables(RECORDS / name)
        self.costs = step_costs.beside(RECORDS / name)
        lists, claims = ("optimizers", "workloads"), dict(self.study.hypotheses)
        for n, (one, words) in enumerate(further.items()):
            full = {**NONE, "family": f"further {n // 2}", **words}
            self.definition["hypotheses"][one] = full
            claims[one] = Hypothesis(claim=one, **{**full, **{k: tuple(full[k]) for k in lists}})
        self.study = replace(self.study, hypotheses=claims)

    def judged(self) -> tuple[Records, dict[str, pd.DataFrame]]:
        names = ["hypotheses", "tuning", "comparisons", "speed_comparisons"]
        tables = result_tables(self.study, self.runs, self.curves, self.costs, names)
        costs = None if self.costs is None else [vars(one) for one in self.costs.costs]
        return Records(self.definition, self.runs, self.curves, costs), tables


def damaged(case: Case) -> Case:
    """Runs diverge, spike, never reach a target, or take fewer gradients than others."""
    runs, curves = case.runs, case.curves

    def some(optimizer: str, seeds: range) -> "pd.Series[bool]":
        tested = (runs["stage"] == "test") & (runs["optimizer"] == optimizer)
        return tested & runs["seed"].isin(seeds)

    for optimizer, seeds in (("nag", range(201, 204)), ("sgd", range(203, 213))):
        case.runs.loc[some(optimizer, seeds), "status"] = "diverged"
    spiking = some("nadam", range(201, 212)) | some("nag", range(210, 211))
    spiked = curves["run"].isin(runs["run"][spiking])
    case.curves.loc[spiked & (curves["epoch"] == 3), "spikes"] = 2.0
    never = curves["run"].isin(runs["run"][some("heavy_ball", range(205, 206))])
    case.curves.loc[never, "validation_accuracy"] *= 0.7
    cheaper = curves["run"].isin(runs["run"][some("adam", range(201, 213))])
    case.curves.loc[cheaper, "gradient_evaluations"] *= 0.93
    for optimizer, width in (("nag", 0.9), ("sgd", 0.6)):
        add_band(case, optimizer, width)
    return case


def add_band(case: Case, optimizer: str, width: float) -> None:
    """Made-up bands of so many decades to either side, of which the highest rate diverges."""
    noise = np.random.default_rng(int(100 * width))
    real = (case.runs["stage"] == "band") & (case.runs["optimizer"] == optimizer)
    case.runs = case.runs[~real]
    like = case.runs[(case.runs["stage"] == "test") & (case.runs["optimizer"] == optimizer)].iloc[0]
    curve = case.curves[(case.curves["run"] == like["run"]) & case.curves["epoch"].isin([0, 1, 2])]
    for seed in case.definition["seeds"][f"band/seed_cnn/{optimizer}"]:
        for trial, decades in enumerate(np.arange(-1, 1.1, 0.25)):
            name = f"{optimizer} {seed} {trial}"
            row = like.to_frame().T.assign(run=name, stage="band", trial=trial, seed=seed, epochs=2)
            row["learning_rate"], row["status"] = 10**decades, "finished"
            if trial == 8:
                row["status"] = "diverged"
            height = 0.6 - 0.1 * (decades / width) ** 2 + noise.normal(0, 0.01)
            new = curve.assign(run=name, validation_accuracy=np.linspace(0.1, height, len(curve)))
            case.runs = pd.concat([case.runs, row.astype(case.runs.dtypes)], ignore_index=True)
            case.curves = pd.concat([case.curves, new], ignore_index=True)


@pytest.fixture(scope="module", params=[*STUDIES, "damaged"])
def both(request: pytest.FixtureRequest) -> tuple[Records, dict[str, pd.DataFrame]]:
    """What the second implementation judges from, and the tables of the first."""
    name = request.param
    if name == "damaged":
        return damaged(Case("cifar10-cnn", FURTHER)).judged()
    return Case(name, FURTHER if name == "cifar10-cnn" else {}).judged()


def close(one: float, other: float) -> bool:
    unknown = math.isnan(one), math.isnan(other)
    return all(unknown) or abs(one - other) <= 1e-9 * max(1e-3, abs(other))


def differing(name: str, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    """What two rows do not have alike, in words."""
    for column, value in mine.items():
        if column in ("shown", "same", "said", "obstacle"):
            continue  # the remark has them
        if column == "bound":
            bound = "no rate" if math.isnan(value) else f"at most {100 * value:.0f} "
            same = bound in theirs["remark"]
        elif column == "wins":
            same = theirs["statistic"] == "pair wins {} : {}".format(*value)
        elif column == "remark":
            said = [one for one in (value, *mine.get("said", [])) if one]
            parts = [one for one in theirs["remark"].split("; ") if one]
            if "shown" in mine:  # two neighbours are named too
                parts = [one for one in parts if " and " not in one]
            same = parts == said or (not value and theirs["verdict"].startswith("not "))
        elif isinstance(value, str):
            same = value == theirs[column]
        else:
            same = close(float(value), float(theirs[column]))
        if not same:
            yield f"{name}: {column} is {theirs.get(column)!r}, recomputed {value!r}"


def test_every_claim_is_judged_alike(both: tuple[Records, dict[str, pd.DataFrame]]) -> None:
    records, tables = both
    found = tables["hypotheses"].set_index("hypothesis").to_dict("index")
    recomputed = verdicts(records)
    assert recomputed.keys() == found.keys()
    assert any(not row["waits"] for row in recomputed.values())
    wrong = [
        words for name, row in recomputed.items() for words in differing(name, row, found[name])
    ]
    assert not wrong, "\n".join(wrong)


def test_tuning_chose_the_same(both: tuple[Records, dict[str, pd.DataFrame]]) -> None:
    records, tables = both
    for arm, rows in tables["tuning"].groupby(["workload", "optimizer"]):
        found = records.chosen(arm)
        assert found.roles == dict(zip(rows["role"], rows["trial"], strict=True)), arm
        assert set(rows["grown"]) == {", ".join(found.grown)}, arm
        assert set(rows["edge"]) == {", ".join(found.edge)}, arm


@pytest.mark.parametrize("name", STUDIES)
def test_the_same_settings_may_be_tried(name: str) -> None:
    """Of every optimizer: the points of the sequence, and the borders where its space may grow."""
    case = Case(name, {})
    for unit in units(case.study, "tune"):
        tuning = case.definition["workloads"][unit.workload]["tuning"] or case.definition["tuning"]
        settings, strips = tried(case.definition["optimizers"][unit.optimizer], tuning)
        assert settings == [dict(one) for one in unit.trials]
        assert unit.halving is not None
        found = [(one.border, one.near, one.trials, one.outer) for one in unit.halving.strips]
        assert [(s.border, *map(tuple, (s.near, s.new, s.outer))) for s in strips] == found
        own = case.runs[(case.runs["stage"] == "tune") & (case.runs["workload"] == unit.workload)]
        own = own[own["optimizer"] == unit.optimizer]
        for trial, text in zip(own["trial"], own["settings"], strict=True):
            assert json.loads(text) == settings[trial]


@pytest.mark.parametrize("metric", ["accuracy", "gradients"])
def test_every_pair_is_compared_alike(
    both: tuple[Records, dict[str, pd.DataFrame]], metric: str
) -> None:
    """With p times the number of others."""
    records, tables = both
    table = tables["comparisons" if metric == "accuracy" else "speed_comparisons"]
    if metric != "accuracy":
        table = table[table["clock"] == metric]
    for workload, rows in table.groupby("workload"):
        found = comparisons(records, workload, metric)
        assert list(found) == list(zip(rows["optimizer"], rows["reference"], strict=True))
        for row in rows.to_dict("records"):
            pair = row["optimizer"], row["reference"]
            assert not list(differing(str(pair), found[pair], row))


def test_what_the_page_does_not_describe_is_refused() -> None:
    """A claim that can be tested, with a metric or a statement that has no rule."""
    for words in ({"metric": "unrest", "reference": "sgd"}, {"statement": "new", "value": 0.5}):
        case = Case("cifar10-cnn", {})
        case.definition["hypotheses"] = {"one": {**NONE, "direction": "less", **words}}
        with pytest.raises(LookupError, match="no rule"):
            verdicts(Records(case.definition, case.runs, case.curves, None))
