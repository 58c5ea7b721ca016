"""Time below single targets: closed forms, and that its mean over the grid is what speed is."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nagbench.statistics.gains import gains
from nagbench.statistics.roles import select
from nagbench.statistics.speed_comparison import courses, speed_comparisons
from nagbench.study.file import study_of
from nagbench.study.model import Study
from nagbench.time_below import Targets
from records_of import Records, whole_records_of


@pytest.fixture
def claimed(small: dict[str, Any]) -> Study:
    return _claimed(small)


def _claimed(small: dict[str, Any], statement: str = "difference") -> Study:
    """One claim on gradients, targets from 0.3 to 0.6 in steps of 0.02, chance at 0.1."""
    small["workloads"]["tiny"]["targets"] = {"low": 0.3, "high": 0.6, "source": "a test"}
    small["hypotheses"] = {
        "fast": {
            "claim": "c", "workload": "tiny", "optimizer": "nag_sutskever", "reference": "sgd",
            "statement": statement, "margin": 1, "metric": "gradients", "family": "a",
            **({"direction": "less"} if statement == "difference" else {}),
        },
        "accurate": {
            "claim": "c", "workload": "tiny", "optimizer": "sgd", "reference": "nag_sutskever",
            "statement": "difference", "margin": 0.1, "metric": "accuracy", "direction": "less",
            "family": "b",
        },
    }  # fmt: skip
    return study_of("small", small, "a test")


def found(study: Study, ends: dict[str, list[list[float]]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    records: Records = whole_records_of(study, ends)
    selection = select(study, *records)
    every = courses(study, selection.speed, records[1])
    return gains(study, every), speed_comparisons(study, every)


def test_the_mean_over_the_grid_is_the_difference_in_speed(claimed: Study) -> None:
    noise = np.random.default_rng(0)
    curves = {
        name: [[*noise.uniform(0.1, 0.7, 2), noise.uniform(0.4, 0.7)] for _ in (1, 2)]
        for name in claimed.optimizers
    }
    table, pairs = found(claimed, curves)
    (pair,) = pairs[pairs["clock"] == "gradients"].itertuples()
    assert (pair.optimizer, pair.reference) == ("nag_sutskever", "sgd")
    grid = table[table["in_grid"]]
    assert len(grid) == 15
    assert grid["difference"].mean() == pytest.approx(pair.difference)


def test_steps_divide_the_grid_and_go_on_to_halfway_to_chance(claimed: Study) -> None:
    table, _ = found(claimed, dict.fromkeys(claimed.optimizers, [[0.1, 0.3, 0.5]] * 2))
    np.testing.assert_allclose(table["target"], np.arange(0.2, 0.59, 0.02))
    np.testing.assert_allclose(table["next_target"], np.arange(0.22, 0.61, 0.02))
    assert list(table["in_grid"]) == [False] * 5 + [True] * 15
    assert set(table["pairs"]) == {2}
    assert (table["difference"] == 0).all()


def test_times_to_single_targets_of_a_straight_line_and_of_a_run_that_never_arrives(
    claimed: Study,
) -> None:
    """One climbs from 0.2 by 0.2 an epoch; of the other one run stays at chance, and has the whole
    budget at every target."""
    straight, chance = [0.2, 0.4, 0.6], [0.1, 0.1, 0.1]
    table, pairs = found(claimed, {"nag_sutskever": [straight] * 2, "sgd": [straight, chance]})
    budget = pairs.loc[pairs["clock"] == "gradients", "horizon"].iloc[0]
    middle = (table["target"] + table["next_target"]) / 2
    takes = (middle - 0.2) / 0.2 * budget / 2
    np.testing.assert_allclose(table["difference"], (takes - budget) / 2)
    np.testing.assert_allclose(table["ratio"], 2 * takes / (takes + budget))
    assert set(table["arrived"]) == {2}
    assert set(table["reference_arrived"]) == {1}


def test_of_a_grid_that_is_one_target_there_are_no_steps(claimed: Study) -> None:
    one = replace(claimed.workloads["tiny"], targets=Targets(0.3, 0.3))
    study = replace(claimed, workloads={"tiny": one})
    assert found(study, dict.fromkeys(study.optimizers, [[0.1, 0.3, 0.5]] * 2))[0].empty


def test_pairs_are_of_common_seeds_with_students_interval(small: dict[str, Any]) -> None:
    """The reference has one seed fewer, and one of its four runs never arrives."""
    small["testing"]["seeds"] = [11, 12, 13, 14, 15]
    study = _claimed(small)
    noise = np.random.default_rng(1)
    first = [[0.1, *noise.uniform(0.2, 0.7, 2)] for _ in range(5)]
    second = [*([0.1, *noise.uniform(0.6, 0.7, 2)] for _ in range(3)), [0.1, 0.1, 0.1]]
    table, _ = found(study, {"nag_sutskever": first, "sgd": second})
    assert set(table["pairs"]) == {4}
    assert set(table["reference_arrived"]) == {3}
    times = {name: _integrated(table, runs) for name, runs in (("a", first[:4]), ("b", second))}
    differences = times["a"] - times["b"]
    np.testing.assert_allclose(table["difference"], differences.mean(axis=0), atol=1e-4)
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    np.testing.assert_allclose(table["low"], interval.low, atol=1e-3)
    np.testing.assert_allclose(table["high"], interval.high, atol=1e-3)


def _integrated(table: pd.DataFrame, runs: list[list[float]]) -> np.ndarray:
    """Runs × steps: gradients below each, summed over a fine grid of time (10 an epoch)."""
    clock = (np.arange(200_000) + 0.5) / 200_000 * 20
    low, high = (table[name].to_numpy()[:, None] for name in ("target", "next_target"))
    reached = np.array([np.interp(clock, [0, 10, 20], run) for run in runs])
    return np.array(
        [20 * np.clip((high - one) / (high - low), 0, 1).mean(axis=1) for one in reached]
    )


@pytest.mark.parametrize("statement", ["at_most", "equivalence"])
def test_claims_of_being_within_a_margin_have_no_steps(
    small: dict[str, Any], statement: str
) -> None:
    study = _claimed(small, statement)
    assert found(study, dict.fromkeys(study.optimizers, [[0.1, 0.3, 0.5]] * 2))[0].empty


@pytest.mark.parametrize(("low", "below"), [(0.1, 0), (0.12, 0), (0.15, 1)])
def test_near_chance_nothing_lies_below_the_grid(claimed: Study, low: float, below: int) -> None:
    """Half of the way to chance is rounded to whole steps, here of 0.02."""
    one = replace(claimed.workloads["tiny"], targets=Targets(low, low + 0.3))
    study = replace(claimed, workloads={"tiny": one})
    table, _ = found(study, dict.fromkeys(study.optimizers, [[0.1, 0.3, 0.5]] * 2))
    assert (~table["in_grid"]).sum() == below


def test_where_the_reference_is_there_from_the_start_no_ratio_is_known(claimed: Study) -> None:
    table, _ = found(
        claimed, {"nag_sutskever": [[0.1, 0.3, 0.7]] * 2, "sgd": [[0.7, 0.7, 0.7]] * 2}
    )
    assert table["ratio"].isna().all()
    assert (table["difference"] > 0).all()
