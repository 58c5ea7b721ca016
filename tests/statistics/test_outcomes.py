"""What each test run came to, by metric."""

from typing import Any

import pandas as pd
import pytest

from nagbench.statistics.outcomes import SHOWN, outcomes
from nagbench.statistics.roles import select
from nagbench.study.file import study_of
from records_of import whole_records_of


def test_each_run_has_its_accuracy_and_its_time_below(small: dict[str, Any]) -> None:
    """Of one workload, with a target of 0.2 and ten gradients an epoch; the other has no runs."""
    small["workloads"]["second"] = small["workloads"]["tiny"]
    study = study_of("small", small, "a test")
    ends: dict[Any, list[list[float]]] = {
        ("tiny", "sgd"): [[0.1, 0.3, 0.5], [0.1, 0.15]],
        ("tiny", "nag_sutskever"): [[0.1, 0.1, 0.1], [0.1, 0.1, 0.3]],
    }
    records = whole_records_of(study, ends)
    runs, curves = (frame.sample(frac=1, random_state=3) for frame in records)
    found = outcomes(study, select(study, runs, curves))
    assert set(found["workload"]) == {"tiny"}
    assert list(found.index) == list(range(8))
    assert SHOWN == ("accuracy", "gradients")
    keys = found[["metric", "optimizer", "seed"]].to_records(index=False).tolist()
    assert keys == [
        (metric, name, seed)
        for metric in SHOWN
        for name in ("sgd", "nag_sutskever")
        for seed in (11, 12)
    ]
    assert list(found["value"]) == pytest.approx([0.5, 0.1, 0.1, 0.3, 5, 20, 20, 15])
    assert list(found["fails"]) == [False, True, False, False, False, True, True, False]


def test_without_runs_there_is_nothing(small: dict[str, Any]) -> None:
    study = study_of("small", small, "a test")
    runs, curves = whole_records_of(study, {"sgd": [[0.1, 0.3, 0.5]]})
    none = select(study, runs[runs["stage"] == "tune"], curves)
    pd.testing.assert_frame_equal(outcomes(study, none), pd.DataFrame(), check_column_type=False)
