"""What the tune stage tried: means over seeds of each setting."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from nagbench.statistics.sensitivity import sensitivity
from nagbench.study.model import Study
from records_of import run_of

# By optimizer, trial and seed: validation accuracy at the end, and how the run ended.
ENDS: dict[tuple[str, int, int], tuple[float, str]] = {
    ("sgd", 0, 1): (0.5, "finished"),
    ("sgd", 0, 2): (0.3, "finished"),
    ("sgd", 1, 1): (0.6, "finished"),
    ("sgd", 1, 2): (0.7, "diverged"),
    ("sgd", 2, 1): (0.2, "stopped"),
    ("nag_sutskever", 0, 1): (0.6, "failed"),
    ("nag_sutskever", 1, 1): (0.25, "finished"),
}
RATES = {0: 0.3, 1: 0.1, 2: 0.2}


def test_each_setting_that_trained_to_the_end_has_a_row(small_study: Study) -> None:
    rows, curves = [], []
    for (optimizer, trial, seed), (end, status) in ENDS.items():
        row, curve = run_of(f"{optimizer}/{trial}/{seed}", [0.1, 0.2, end], 2)
        place: dict[str, Any] = {"workload": "tiny", "optimizer": optimizer, "stage": "tune"}
        setting = {"trial": trial, "seed": seed, "settings": f"s{trial}"}
        rate = {"learning_rate": RATES[trial], "status": status}
        rows.append({**row, **place, **setting, **rate})
        curves.append(curve.assign(test_accuracy=np.nan))
    table = sensitivity(small_study, pd.DataFrame(rows), pd.concat(curves, ignore_index=True))
    # In the study's order, then by rate.
    assert list(zip(table["optimizer"], table["trial"], strict=True)) == [
        ("sgd", 1), ("sgd", 0), ("nag_sutskever", 1), ("nag_sutskever", 0)
    ]  # fmt: skip
    assert list(table["learning_rate"]) == [0.1, 0.3, 0.1, 0.3]
    assert list(table["settings"]) == ["s1", "s0", "s1", "s0"]
    assert list(table["accuracy"]) == pytest.approx([0.35, 0.4, 0.25, 0.1])
    assert list(table["worst"]) == [0.1, 0.3, 0.25, 0.1]
    assert list(table["best"]) == [0.6, 0.5, 0.25, 0.1]
    assert list(table["broken"]) == [0.5, 0, 0, 1]
    assert list(table["runs"]) == [2, 2, 1, 1]
    assert list(table["loss_against_best"]) == pytest.approx([0.05, 0, 0, 0.15])
