"""Tables that say what was compared and what it cost, on records that are known."""

import json
import math
from typing import Any

import pandas as pd
import pytest
import yaml

from nagbench.errors import InputError
from nagbench.models.size import flops, parameter_count
from nagbench.statistics import description
from nagbench.statistics.roles import select
from nagbench.study.file import study_of
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.version import __version__
from records_of import Records, joined, records_of, tuning_of

INPUTS = (3, 32, 32)


def described(small: dict[str, Any]) -> tuple[Study, Records]:
    """Two workloads, of which the second trains on some images, and is tuned on the first."""
    small["optimizers"]["adam"] = None
    small["tuning"]["points"] = 3
    small["workloads"]["second"] = {
        **yaml.safe_load(yaml.safe_dump(small["workloads"]["tiny"])),
        "label": "The second",
        "train_size": 100,
        "tuned_on": "tiny",
        "optimizers": ["sgd", "nag_sutskever"],
        "targets": {"low": 0.2, "high": 0.4, "source": "an article"},
    }
    claim = {
        "claim": "c", "workload": "tiny", "optimizer": "nag_sutskever", "reference": "sgd",
        "statement": "difference", "margin": 0.05, "metric": "accuracy", "direction": "greater",
        "family": "a",
    }  # fmt: skip
    small["hypotheses"] = {"one": claim, "two": {**claim, "workload": "second"}}
    study = study_of("small", small, "a test")
    ends = [[0.1, 0.2, 0.3], [0.1, 0.2]]
    tested = records_of(
        study,
        {("tiny", "sgd"): ends, ("tiny", "nag_sutskever"): ends, ("second", "nag_sutskever"): ends},
    )
    return study, joined(tuning_of(study), tested)


def test_the_study_in_a_row(small: dict[str, Any]) -> None:
    study, (runs, _) = described(small)
    tests = runs.index[runs["stage"] == "test"]
    runs.loc[tests[0], "status"] = "failed"
    runs.loc[tests[0], "message"] = "x"
    known = {
        "device": "b",
        "threads": 2,
        "code": "two",
        "torch": "2.11",
        "data": "0123456789abcdefg",
    }
    runs.loc[tests[1], "provenance"] = json.dumps(known)
    (row,) = description.study(study, runs).to_dict("records")
    assert row == {
        "name": "small", "title": study.title, "demo": False, "pilot": False, "remark": "",
        "edition": "synthetic", "baseline": "sgd", "level": 0.05,
        "runs": len(runs), "diverged": 3, "failed": 1, "failures": "SGD in 1 of 6 runs (x)",
        "units": len(units(study)), "workloads": 2, "optimizers": 3,
        "points": 3, "trials": 4, "search": study.tuning.search,
        "rungs": json.dumps([[rung.epochs, rung.keep] for rung in study.tuning.rungs]),
        "finalists": study.tuning.finalists, "tuning_seeds": 1, "testing_seeds": 2,
        "validation_size": 40,
        "hours": pytest.approx((runs["train_seconds"] + runs["evaluation_seconds"]).sum() / 3600),
        "device": "a test, b", "threads": "1, 2", "torch": "2.11, unknown", "codes": "2",
        "backend": "unknown", "python": "unknown", "system": "unknown",
        "data_digest": "0123456789abcdef", "version": __version__,
    }  # fmt: skip


def test_records_of_two_editions_are_refused(small: dict[str, Any]) -> None:
    study, (runs, _) = described(small)
    runs.loc[runs.index[0], "edition"] = "another"
    with pytest.raises(InputError, match="editions another, synthetic"):
        description.study(study, runs)


def test_failures_are_told_by_optimizer_with_their_commonest_message(small: dict[str, Any]) -> None:
    study, (runs, _) = described(small)
    assert description.failures(study, runs) == ""
    for name, messages in (("sgd", ["a", "b", "b"]), ("nag_sutskever", ["c"])):
        own = runs.index[runs["optimizer"] == name][: len(messages)]
        runs.loc[own, "status"] = "failed"
        runs.loc[own, "message"] = messages
    counts = runs["optimizer"].value_counts()
    said = [
        f"SGD in 3 of {counts['sgd']} runs (b)",
        f"NAG (Sutskever) in 1 of {counts['nag_sutskever']} runs (c)",
    ]
    ordered = runs.sort_values("optimizer", ascending=False)  # in the order of their runs
    assert description.failures(study, ordered) == "; ".join(said)
    assert description.failures(study, ordered[::-1]) == "; ".join(said[::-1])


def test_workloads_say_what_is_trained(small: dict[str, Any]) -> None:
    table = description.workloads(described(small)[0]).set_index("workload")
    assert list(table.index) == ["tiny", "second"]
    assert list(table["label"]) == ["tiny", "The second"]
    assert set(table["parameters"]) == {parameter_count("tiny_cnn", INPUTS, 10)}
    assert set(table["flops"]) == {flops("tiny_cnn", INPUTS, 10)}
    assert list(table["train_size"]) == [4960, 100]  # all but 40, and some
    assert list(table["targets"]) == ["[0.2]", "[0.2, 0.3, 0.4]"]
    assert list(table["targets_source"]) == ["a test", "an article"]
    assert set(table["batch_size"]) == {16}


def test_optimizers_are_in_the_studys_order(small: dict[str, Any]) -> None:
    study, _ = described(small)
    table = description.optimizers(study)
    assert list(table["optimizer"]) == ["sgd", "nag_sutskever", "adam"]
    for row in table.itertuples():
        spec = study.optimizers[row.optimizer]
        assert (row.label, row.family, row.citation) == (spec.label, spec.family, spec.citation)
        assert (row.reference, row.formula) == (spec.reference, spec.formula())


def test_costs_are_of_all_runs_of_an_arm_and_name_its_claims(small: dict[str, Any]) -> None:
    study, (runs, curves) = described(small)
    runs["train_seconds"], runs["evaluation_seconds"] = 100.0, 20.0
    runs["started"] = [f"2026-01-{n + 1:02}" for n in range(len(runs))]
    runs["ended"] = [f"2026-02-{n + 1:02}" for n in range(len(runs))]
    runs["provenance"] = '{"device": "CPU"}'
    runs.loc[runs.index[runs["optimizer"] == "adam"][0], "provenance"] = '{"device": "GPU"}'
    table = description.costs(study, runs, curves).set_index(["workload", "optimizer"])
    assert list(table.index) == [
        ("tiny", "sgd"), ("tiny", "nag_sutskever"), ("tiny", "adam"), ("second", "nag_sutskever")
    ]  # fmt: skip
    for (workload, optimizer), row in table.iterrows():
        own = runs[(runs["workload"] == workload) & (runs["optimizer"] == optimizer)]
        ends = [curves.loc[curves["run"] == run, "epoch"].max() for run in own["run"]]
        assert (row["runs"], row["epochs"]) == (len(own), sum(ends))
        assert row["hours"] == pytest.approx(len(own) / 30)
        assert (row["begun"], row["ended"]) == (own["started"].min(), own["ended"].max())
    assert list(table["claims"]) == ["one", "one", "", "two"]
    assert list(table["devices"]) == ["CPU", "CPU", "CPU and GPU", "CPU"]


def test_a_run_that_arms_share_is_counted_where_it_was_first(small: dict[str, Any]) -> None:
    """Adam's first two runs are some of SGD's too, as if its tuning had made the same choices."""
    study, (runs, curves) = described(small)
    runs["train_seconds"], runs["ended"] = 100.0, runs["optimizer"]  # Adam ends before SGD
    shared = runs[runs["optimizer"] == "adam"].iloc[:2].assign(optimizer="sgd", ended="sgd")
    more = pd.concat([runs, shared])
    before, after = (description.study(study, one).iloc[0] for one in (runs, more))
    for name in ("runs", "diverged", "failed", "hours"):
        assert after[name] == before[name]
    first, second = (description.costs(study, one, curves) for one in (runs, more))
    pd.testing.assert_frame_equal(first, second)
    more["ended"] = more["ended"].replace("adam", "then")
    third = description.costs(study, more, curves)
    moved = third["runs"] - first["runs"]
    assert dict(zip(third["optimizer"], moved, strict=True)) == {
        "sgd": 2, "nag_sutskever": 0, "adam": -2
    }  # fmt: skip


def test_settings_are_those_that_are_tested(small: dict[str, Any]) -> None:
    study, records = described(small)
    selection = select(study, *records)
    table = description.settings(study, selection)
    assert set(table["workload"]) == {"tiny", "second"}
    for row in table.itertuples():
        choice = selection.chosen[row.workload, row.optimizer]
        (entry,) = [one for one in choice["tested"] if one["trial"] == row.trial]
        assert row.roles == ", ".join(entry["roles"])
        assert row.learning_rate == entry["settings"]["lr"]
        edges = choice["edge"] if "accuracy" in entry["roles"] else []
        assert row.edge == ", ".join(edges)
        for name, domain in study.optimizers[row.optimizer].space.items():
            assert f"{name} {domain.low:g} to {domain.high:g}" in row.searched


def test_settings_are_written_as_readers_write_them(small: dict[str, Any]) -> None:
    study, records = described(small)
    selection = select(study, *records)
    settings = {"lr": 0.25, "nesterov": True, "betas": [0.9, 0.99]}
    entry = {"trial": 1, "roles": ["speed", "runner_up"], "settings": settings}
    bare = {**entry, "roles": ["accuracy"], "settings": {"eps": 1e-8}}
    chosen = {("tiny", "adam"): {"tested": [entry, bare], "edge": ["lr high", "betas low"]}}
    object.__setattr__(selection, "chosen", chosen)
    rows = description.settings(study, selection).to_dict("records")
    assert [row["others"] for row in rows] == ["betas (0.9, 0.99), nesterov True", "eps 1e-08"]
    assert [row["edge"] for row in rows] == ["", "lr high, betas low"]
    assert rows[0]["learning_rate"] == 0.25
    assert math.isnan(rows[1]["learning_rate"])
