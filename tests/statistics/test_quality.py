"""Means over seeds, with Student's intervals, and what stands beside them."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nagbench.statistics.quality import learning_curves, summary
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import Records, records_of

ENDS = [0.3, 0.34, 0.42, 0.5]


def study_and_records(small: dict[str, Any]) -> tuple[Study, Records]:
    """SGD's four runs; NAG's, of which one diverged after an epoch and two failed; a third
    optimizer has none, nor has the first workload."""
    small["testing"]["seeds"] = [11, 12, 13, 14]
    small["optimizers"]["adam"] = None
    small["workloads"] = {"bare": small["workloads"]["tiny"], **small["workloads"]}
    study = study_of("small", small, "a test")
    curves: dict[Any, list[list[float]]] = {
        ("tiny", "sgd"): [[0.1, 0.2 + n / 100, end] for n, end in enumerate(ENDS)],
        ("tiny", "nag_sutskever"): [[0.1, 0.2, 0.6], [0.1, 0.3], [0.1, 0.2, 0.8], [0.1, 0.2, 0.7]],
    }
    runs, rows = records_of(study, curves)
    raised = (runs["optimizer"] == "nag_sutskever") & (runs["seed"] >= 13)
    runs["status"] = runs["status"].mask(raised, "failed")
    rows["spikes"] = np.where(rows["epoch"] == 2, 3.0, 1.0)
    runs["learning_rate"] = [0.3] * 4 + [0.5] * 4
    runs["gradient_evaluations"] = [20, 22, 26, 30, 20, 10, 20, 20]
    return study, (runs, rows)


def test_the_summary_is_of_final_test_accuracies(small: dict[str, Any]) -> None:
    study, records = study_and_records(small)
    table = summary(study, *records).set_index("optimizer")
    assert list(table.index) == ["sgd", "nag_sutskever"]
    assert set(table["workload"]) == {"tiny"}
    for name, ends in (("sgd", ENDS), ("nag_sutskever", [0.6, 0.1, 0.1, 0.1])):
        row, interval = table.loc[name], stats.ttest_1samp(ends, 0).confidence_interval(0.95)
        assert list(row[["accuracy", "low", "high"]]) == pytest.approx(
            [np.mean(ends), interval.low, interval.high]
        )
        assert row["sd"] == pytest.approx(pd.Series(ends).std())
        assert (row["worst"], row["best"], row["runs"]) == (min(ends), max(ends), 4)
    assert list(table["learning_rate"]) == [0.3, 0.5]
    assert list(table["diverged"]) == [0, 1]
    assert list(table["failed"]) == [0, 2]
    for row in table.itertuples():
        exact = stats.binomtest(row.diverged, 4).proportion_ci(0.95, "exact")
        assert (row.diverged_low, row.diverged_high) == pytest.approx((exact.low, exact.high))
    assert list(table["spikes"]) == pytest.approx([5.0, (5 + 2 + 5 + 5) / 4])
    assert list(table["gradients"]) == [24.0, 20.0]


def test_one_run_has_no_spread(small_study: Study) -> None:
    table = summary(small_study, *records_of(small_study, {"sgd": [[0.1, 0.2, 0.3]]}))
    assert table["accuracy"].tolist() == [0.3]
    assert table[["sd", "low", "high"]].isna().all(axis=None)
    two = [[0.1, 0.2, 0.3], [0.1, 0.2, 0.5]]
    table = summary(small_study, *records_of(small_study, {"sgd": two}))
    assert table["sd"].tolist() == pytest.approx([0.2 / math.sqrt(2)])


def test_curves_are_of_the_runs_that_were_still_there(small: dict[str, Any]) -> None:
    study, records = study_and_records(small)
    table = (
        learning_curves(study, *records).set_index(["optimizer", "metric", "epoch"]).sort_index()
    )
    assert set(table["workload"]) == {"tiny"}
    assert set(table["of"]) == {4}
    own = table.loc["nag_sutskever", "validation_accuracy"]
    assert own["runs"].to_dict() == {0: 4, 1: 4, 2: 3}
    assert own["mean"].to_dict() == pytest.approx({0: 0.1, 1: 0.225, 2: 0.7})
    interval = stats.ttest_1samp([0.6, 0.8, 0.7], 0).confidence_interval(0.95)
    assert list(own.loc[2, ["low", "high"]]) == pytest.approx([interval.low, interval.high])
    # Before training no loss of training is known.
    assert list(table.loc["sgd", "train_loss"].index) == [1, 2]
    assert table.loc[("sgd", "train_loss", 2), "mean"] == pytest.approx(1 - np.mean(ENDS))
    assert table.loc[("sgd", "validation_loss", 0), "mean"] == pytest.approx(0.1)
