"""Every metric of a hypothesis, on curves whose value is known."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from nagbench.errors import InputError
from nagbench.statistics import metrics
from nagbench.statistics.hypotheses import paired, verdicts
from nagbench.statistics.metrics import measure
from nagbench.statistics.speed import CLOCKS
from nagbench.study.file import load_study
from nagbench.study.model import CLOCKS as CLOCK_NAMES
from nagbench.study.model import METRICS, Study
from records_of import records_of

SGD = [[0.1, 0.3, 0.2], [0.1, 0.3, 0.4], [0.1, 0.5]]  # the last one diverged


def test_a_study_knows_the_metrics_that_there_are() -> None:
    there = {*CLOCKS, *metrics.OF_GROUPS, *metrics.OF_CURVES, *metrics.OF_TUNING}
    assert set(METRICS) == there
    assert len(METRICS) == len(there)
    assert tuple(CLOCKS) == CLOCK_NAMES


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("accuracy", [0.2, 0.4, 0.1]),
        ("best_accuracy", [0.3, 0.4, 0.5]),
        ("deviation", [0.0, 0.2, 0.1]),
        ("diverged", [0, 0, 1]),
        ("spikes", [0, 0, 0]),
        ("unrest", [0.1, math.sqrt(0.07 / 3), 0.4 / math.sqrt(2)]),
        ("largest_fall", [0.1, 0, 0]),
        ("step_cost", [math.log(2)] * 3),
        ("gradient_ratio", [-1, -1, -1]),
        ("gradient_imbalance", [1, 1, 1]),
        ("lost_by_stopping", [-0.1, 0.1, 0]),
        ("epochs", [2, 2, 2]),
    ],
)
def test_a_metric_is_what_it_says(
    small: dict[str, Any], tmp_path: Path, metric: str, expected: list[float]
) -> None:
    study = study_with(small, tmp_path, value=0)
    runs, curves = records_of(study, {"sgd": SGD, "nag_sutskever": SGD})
    curves["gradient_ratio"] = curves["gradient_ratio"].where(curves["epoch"] > 0)
    found = measure(study, metric, runs, curves, "tiny", "sgd", 0.2)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def tuned(study: Study, accuracies: list[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = []
    for trial, accuracy in enumerate(accuracies):
        runs, curves = records_of(
            study, dict.fromkeys(study.optimizers, [[0.1, 0.1, accuracy]] * 2)
        )
        name = runs["run"] + f"t{trial}"
        runs = runs.assign(stage="tune", trial=trial, learning_rate=10.0**trial, run=name)
        parts.append((runs, curves.assign(run=curves["run"] + f"t{trial}")))
    return pd.concat([runs for runs, _ in parts]), pd.concat([curves for _, curves in parts])


def test_what_tuning_saw_is_measured_seed_by_seed(small_study: Study) -> None:
    runs, curves = tuned(small_study, [0.1, 0.5, 0.495, 0.1])
    band = measure(small_study, "band", runs, curves, "tiny", "sgd")
    # One decade between the good ones, and what lies within 0.02 of the best at either side.
    expected = 1 + 0.02 / 0.4 + (0.495 - 0.48) / 0.395
    np.testing.assert_allclose(band, [expected] * 2)
    needed = measure(small_study, "trials_needed", runs, curves, "tiny", "sgd")
    np.testing.assert_allclose(needed, [5 / 3] * 2)
    runs.loc[runs["trial"] == 0, "status"] = "diverged"
    assert list(measure(small_study, "trials_diverged", runs, curves, "tiny", "sgd")) == [0.25] * 2


def study_with(small: dict[str, Any], tmp_path: Path, **claim: Any) -> Study:
    small["workloads"]["other"] = dict(small["workloads"]["tiny"])
    words = {"claim": "c", "workload": "tiny", "optimizer": "nag_sutskever", "metric": "accuracy"}
    small["hypotheses"] = {"h": {**words, "direction": "greater", **claim}}
    small["testing"]["seeds"] = [11, 12, 13]
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    return load_study(str(path))


def records(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """NAG gains 0.2 on the first workload and 0.1 on the other."""
    runs, curves = records_of(
        study,
        {"sgd": [[0.1, 0.1, 0.3]] * 3, "nag_sutskever": [[0.1, 0.1, 0.5]] * 3},
    )
    less = curves["run"].str.startswith("test/other/nag") & (curves["epoch"] == 2)
    curves.loc[less, "test_accuracy"] = 0.4
    return runs, curves


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ({"value": 0.45}, 0.05),
        ({"reference": "sgd"}, 0.2),
        ({"reference": "sgd", "contrast": "other"}, 0.1),
        ({"reference": "nag_sutskever", "reference_workload": "other"}, 0.1),
    ],
)
def test_a_claim_may_be_of_a_number_another_workload_or_a_growing_gain(
    small: dict[str, Any], tmp_path: Path, claim: dict[str, Any], expected: float
) -> None:
    study = study_with(small, tmp_path, **claim)
    found = paired(study, study.hypotheses["h"], *records(study))
    np.testing.assert_allclose(found, [expected] * 3)


@pytest.mark.parametrize(
    ("claim", "named"),
    [
        ({}, "reference"),
        ({"reference": "sgd", "value": 0.1}, "reference"),
        ({"reference": "sgd", "contrast": "huge"}, "contrast"),
        ({"reference": "nag_sutskever"}, "reference"),
        ({"reference": "sgd", "direction": "at_most"}, "margin"),
        ({"reference": "sgd", "metric": "beauty"}, "metric"),
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused(
    small: dict[str, Any], tmp_path: Path, claim: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=f"hypotheses.h.{named}"):
        study_with(small, tmp_path, **claim)


@pytest.mark.parametrize(("margin", "verdict"), [(0.3, "supported"), (0.1, "refuted")])
def test_at_most_is_judged_on_one_side(
    small: dict[str, Any], tmp_path: Path, margin: float, verdict: str
) -> None:
    study = study_with(small, tmp_path, reference="sgd", direction="at_most", margin=margin)
    small["testing"]["seeds"] = list(range(11, 21))
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small))
    study = load_study(str(tmp_path / "small.yaml"))
    accuracy = {
        "sgd": [[0.1, 0.1, 0.3]] * 10,
        "nag_sutskever": [[0.1, 0.1, 0.5 + n / 1000] for n in range(10)],
    }
    assert list(verdicts(study, *records_of(study, accuracy))["verdict"]) == [verdict]


def test_a_value_that_is_not_defined_leaves_the_claim_open(
    small: dict[str, Any], tmp_path: Path
) -> None:
    study = study_with(small, tmp_path, reference="sgd", metric="gradient_ratio")
    runs, curves = records(study)
    curves["gradient_ratio"] = math.nan  # a network without any gradient
    (row,) = verdicts(study, runs, curves).to_dict("records")
    assert math.isnan(row["p"])
    assert row["verdict"] == "inconclusive"


def test_two_that_never_arrive_are_not_shown_to_be_equal(
    small: dict[str, Any], tmp_path: Path
) -> None:
    claim = {"metric": "epochs", "target": 0.2, "margin": 0.5, "direction": "less"}
    study = study_with(small, tmp_path, reference="sgd", **claim)
    never = {"sgd": [[0.1] * 3] * 3, "nag_sutskever": [[0.1] * 3] * 3}
    (row,) = verdicts(study, *records_of(study, never)).to_dict("records")
    assert math.isnan(row["effect"])
    assert row["verdict"] == "inconclusive"
