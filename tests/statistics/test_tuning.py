"""What trials buy, against enumeration."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nagbench.statistics.tuning import choice_losses, expected_best, tuning_price
from nagbench.study.file import load_study
from records_of import records_of


@given(values=st.lists(st.integers(0, 9), min_size=1, max_size=7), data=st.data())
def test_the_expected_best_is_the_mean_over_all_draws(
    values: list[int], data: st.DataObject
) -> None:
    trials = data.draw(st.integers(1, len(values)))
    draws = [max(draw) for draw in itertools.combinations(values, trials)]
    assert expected_best(np.array(values), trials) == pytest.approx(np.mean(draws))


@pytest.fixture
def tuned(small: dict[str, Any], tmp_path: Path) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """Three trials of each optimizer on two workloads: at trial t it ends at 0.2 + t / 10 on the
    first and at 0.5 - t / 10 on the second."""
    small["workloads"]["other"] = dict(small["workloads"]["tiny"])
    small["testing"]["seeds"] = [11, 12]
    path = tmp_path / "two.yaml"
    path.write_text(yaml.safe_dump(small))
    study = load_study(str(path))
    runs, curves = [], []
    for trial in range(3):
        ends = {"tiny": 0.2 + trial / 10, "other": 0.5 - trial / 10}
        for workload, end in ends.items():
            accuracy = {name: [[0.1, 0.1, end]] * 2 for name in study.optimizers}
            rows, lines = records_of(study, accuracy)
            rows = rows[rows["workload"] == workload]
            lines = lines[lines["run"].isin(rows["run"])]
            runs.append(rows.assign(trial=trial, stage="tune", run=rows["run"] + f"t{trial}"))
            curves.append(lines.assign(run=lines["run"] + f"t{trial}"))
    return study, pd.concat(runs), pd.concat(curves)


def test_more_trials_never_cost_accuracy(
    tuned: tuple[Any, pd.DataFrame, pd.DataFrame],
) -> None:
    study, runs, curves = tuned
    table = tuning_price(study, runs, curves)
    first = table[(table["workload"] == "tiny") & (table["optimizer"] == "sgd")]
    np.testing.assert_allclose(first["expected"], [0.3, (0.3 + 0.4 + 0.4) / 3, 0.4])
    assert (table["low"] <= table["expected"] + 1e-12).all()
    # The target is reached by nobody three times in a row: the whole budget, whatever the trials.
    assert set(table["expected_time"]) == {2.0}


def test_another_workloads_choice_costs_what_it_loses_here(
    tuned: tuple[Any, pd.DataFrame, pd.DataFrame],
) -> None:
    _, runs, curves = tuned
    best = {"tiny": 2, "other": 0}
    tested = runs[runs["trial"] == runs["workload"].map(best)]
    table = choice_losses(runs, tested, curves).set_index(["workload", "optimizer", "choice"])
    assert table.loc[("tiny", "sgd", "other"), "loss"] == pytest.approx(0.2)
    assert table.loc[("tiny", "sgd", "default"), "loss"] == pytest.approx(0.2)
    assert table.loc[("other", "sgd", "tiny"), "loss"] == pytest.approx(0.2)
    assert table.loc[("other", "sgd", "default"), "loss"] == 0


def test_one_tuning_seed_has_no_interval(
    tuned: tuple[Any, pd.DataFrame, pd.DataFrame],
) -> None:
    study, runs, curves = tuned
    table = tuning_price(study, runs[runs["seed"] == 11], curves)
    assert table["low"].isna().all()
    assert not math.isnan(table["expected"].iloc[0])
