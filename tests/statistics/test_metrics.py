"""Every metric of a claim, on curves whose value is known."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nagbench.metrics import CLOCKS, METRICS, SPACING, band, final_accuracy
from nagbench.statistics.measures import Measured, measured
from nagbench.statistics.verdict_table import STATEMENTS
from nagbench.study import model
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import joined, records_of, selection_of, tuning_of

# Accuracies at epochs 0, 1 and 2 of three runs, of which the last one diverged, and every metric.
SGD = [[0.1, 0.3, 0.2], [0.1, 0.3, 0.4], [0.1, 0.5]]
KNOWN = {
    "accuracy": [0.2, 0.4, 0.1],
    "deviation": [0.0, 0.2, 0.1],
    "diverged": [0, 0, 1],
    "spikes": [0, 0, 0],
    "spiked": [0, 0, 0],
    "unrest": [0.1, math.sqrt(0.07 / 3), 0.4 / math.sqrt(2)],
    "largest_fall": [0.1, 0, 0],
    "gradient_ratio": [-1, -1, -1],
    "gradient_imbalance": [1, 1, 1],
    "lost_by_stopping": [-0.1, 0.1, 0],
    "epochs": [0.5, 0.5, 2],
    "gradients": [5, 5, 20],
}


def of_three(small: dict[str, Any]) -> Study:
    small["testing"]["seeds"] = [11, 12, 13]
    return study_of("small", small, "a test")


def test_every_metric_is_measured_in_one_way() -> None:
    for name, metric in METRICS.items():
        ways = (metric.of_runs, metric.of_trials, metric.clock, metric.elsewhere)
        assert sum(map(bool, ways)) == 1, name
        assert metric.better in ("greater", "less", "")
        assert metric.role in model.CHOICES
        assert not metric.clock or metric.clock in CLOCKS
        assert metric.counts or not metric.event
    assert set(model.STATEMENTS) == set(STATEMENTS)


def test_every_metric_of_runs_has_a_known_value() -> None:
    assert set(KNOWN) == {name for name, one in METRICS.items() if one.of_runs or one.clock}


@pytest.mark.parametrize(("metric", "expected"), KNOWN.items())
def test_a_metric_is_what_it_says(
    small: dict[str, Any], metric: str, expected: list[float]
) -> None:
    study = of_three(small)
    selection = selection_of(study, {"sgd": SGD, "nag_sutskever": SGD})
    (found,) = measured(study, selection, metric, [("tiny", "sgd")])
    np.testing.assert_allclose(found.measures, expected, atol=1e-9)
    fails = [False, False, not METRICS[metric].event]
    assert list(found.fails) == fails
    assert found.missing == 0


def test_rows_between_epochs_and_a_test_at_the_end_alone_change_no_metric(
    small: dict[str, Any],
) -> None:
    """Curves have half epochs, and the test set is judged once."""
    study = of_three(small)
    rising = [[0.1, 0.3, 0.5], [0.1, 0.2, 0.4], [0.1, 0.4, 0.6]]
    plain = selection_of(study, {"sgd": rising, "nag_sutskever": rising})
    curves = plain.curves
    halves = curves[curves["epoch"] > 0].copy()
    before = curves[curves["epoch"] < 2].reset_index(drop=True)
    for name in ("epoch", "validation_accuracy", "gradient_evaluations"):
        halves[name] = (halves[name].to_numpy() + before[name].to_numpy()) / 2
    halves["spikes"] = 0.0
    mixed = pd.concat([curves.assign(epoch=curves["epoch"].astype(float)), halves])
    mixed.loc[mixed["epoch"] < 2, "test_accuracy"] = np.nan
    finer = type(plain)(**{**vars(plain), "curves": mixed})
    for name in ("accuracy", "epochs", "gradients", "spikes", "gradient_ratio"):
        (one,), (other,) = (measured(study, s, name, [("tiny", "sgd")]) for s in (plain, finer))
        np.testing.assert_allclose(one.measures, other.measures, err_msg=name)


def trials(rates: list[float], accuracy: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"decades": np.log10(rates), "accuracy": accuracy, "status": "finished"})


def test_a_band_is_cut_where_accuracy_crosses_the_threshold() -> None:
    rates = [10 ** (n / 4) for n in range(4)]
    # Falls by 0.04 in the quarter above the best, half of which lies over 0.88.
    assert band(trials(rates, [0.5, 0.9, 0.86, 0.1]), 0.88, 0) == pytest.approx(
        0.25 * (0.5 + 0.02 / 0.4)
    )
    assert band(trials(rates, [0.9, 0.9, 0.9, 0.9]), 0.88, 0) == pytest.approx(0.75)
    assert band(trials(rates, [0.7, 0.8, 0.7, 0.7]), 0.88, 0) == 0


def test_a_band_between_coarse_rates_or_of_runs_left_behind_is_not_defined() -> None:
    apart = 10 ** (2 * SPACING)
    assert math.isnan(band(trials([1, apart], [0.9, 0.9]), 0.5, 0))
    left = trials([1, 1.5], [0.9, 0.9]).assign(status=["finished", "stopped"])
    assert math.isnan(band(left, 0.5, 0))
    assert math.isnan(band(trials([1], [0.9]), 0.5, 0))


def test_what_is_missing_is_counted() -> None:
    three = pd.Series([0.1, 0.2, 0.3])
    assert [Measured(three, three > 1, planned).missing for planned in (3, 6, 8)] == [0, 3, 5]
    assert Measured(three[:0], three[:0] > 1, 8).missing == 8


def test_what_tuning_saw_is_measured_seed_by_seed(small: dict[str, Any]) -> None:
    """Of seeds that trained every trial: the others would compare other trials."""
    small["tuning"] |= {"points": 2, "seeds": [1, 2], "finalists": 3}
    study = of_three(small)
    ends = {0: 0.5, 1: 0.495, 2: 0.2}
    tuned = tuning_of(study, lambda *key: ends[key[2]])
    selection = _select(study, tuned)
    (needed,) = measured(study, selection, "trials_needed", [("tiny", "sgd")])
    np.testing.assert_allclose(needed.measures, [4 / 3] * 2)
    runs, curves = tuned
    fewer = runs[~((runs["seed"] == 2) & (runs["trial"] == 2))]
    (needed,) = measured(study, _select(study, (fewer, curves)), "trials_needed", [("tiny", "sgd")])
    assert list(needed.measures.index) == [1]
    diverged = np.where(runs["trial"] == 2, "diverged", runs["status"])
    broken = runs.assign(status=diverged, stage="band")
    (share,) = measured(
        study, _select(study, (broken, curves)), "trials_diverged", [("tiny", "sgd")]
    )
    np.testing.assert_allclose(share.measures, [1 / 3] * 2)
    one = (runs["trial"] == 0) & (runs["seed"] == 2)
    raised = broken.assign(status=broken["status"].mask(one, "failed"))
    (share,) = measured(
        study, _select(study, (raised, curves)), "trials_diverged", [("tiny", "sgd")]
    )
    np.testing.assert_allclose(share.measures, [1 / 3, np.nan])


def _select(study: Study, tuned: Any) -> Any:
    from nagbench.statistics.roles import select

    tested = records_of(study, dict.fromkeys(study.optimizers, SGD))
    return select(study, *joined(tuned, tested))


def test_a_failed_run_is_chance_as_a_diverged_one_is(small: dict[str, Any]) -> None:
    """And stands in its own column: an error is no divergence."""
    study = of_three(small)
    runs, curves = records_of(study, dict.fromkeys(study.optimizers, SGD))
    failed = runs.assign(status=runs["status"].replace("diverged", "failed"))
    np.testing.assert_array_equal(final_accuracy(runs, curves), final_accuracy(failed, curves))
