"""Runs of two places: the baseline's shift between them, and what may then be compared."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nagbench.statistics.comparison import compared
from nagbench.statistics.contrast import contrast
from nagbench.statistics.measures import Measured, measured
from nagbench.statistics.roles import Selection
from nagbench.statistics.shift import beside, shift
from nagbench.study.model import Study
from records_of import selection_of

MARGINS = {"accuracy": 0.01, "gradients": 5.0}
SEEDS = tuple(range(11, 19))


@pytest.fixture
def study(small_study: Study) -> Study:
    return replace(small_study, testing=replace(small_study.testing, seeds=SEEDS))


def place(study: Study, **ends: np.ndarray) -> Selection:
    """Records in which optimizers end at these accuracies, by seed; NaN: it diverges."""
    return selection_of(
        study,
        {
            name: [
                [0.1, value, value] if np.isfinite(value) else [0.1] for value in values.tolist()
            ]
            for name, values in ends.items()
        },
    )


@pytest.fixture
def base() -> np.ndarray:
    return 0.6 + 0.02 * np.random.default_rng(3).standard_normal(len(SEEDS))


def shift_of(study: Study, here: np.ndarray, there: np.ndarray) -> pd.DataFrame:
    found = shift(study, place(study, sgd=here), place(study, sgd=there), "sgd", MARGINS)
    return found.set_index("metric")


def test_equal_runs_may_be_compared(study: Study, base: np.ndarray) -> None:
    for row in shift_of(study, base, base).itertuples():
        assert (row.pairs, row.difference, row.low, row.high) == (8, 0, 0, 0)
        assert row.equal
        assert row.comparable


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("size", "comparable"), [(0.0078125, True), (0.015625, False)])
def test_a_shift_within_the_margin_may_be_compared(
    study: Study, sign: int, size: float, comparable: bool
) -> None:
    """Powers of two: differences are exact, and the interval is a point but for rounding."""
    there = np.arange(128, 136) / 256
    row = shift_of(study, there + sign * size, there).loc["accuracy"]
    assert row["difference"] == sign * size
    assert [row["low"], row["high"]] == pytest.approx([sign * size] * 2, rel=1e-9)
    assert row["correlation"] == pytest.approx(1)
    assert not row["equal"]
    assert row["comparable"] == comparable


def test_the_interval_is_held_against_the_margin(study: Study) -> None:
    there = np.arange(128, 136) / 256
    for factor, comparable in ((1 + 1e-9, True), (1 - 1e-9, False)):
        margins = {"accuracy": factor / 128}
        sides = place(study, sgd=there + 1 / 128), place(study, sgd=there)
        found = shift(study, *sides, "sgd", margins)
        assert found["comparable"].tolist() == [comparable]


def test_noise_between_places_is_told_by_interval_and_correlation(
    study: Study, base: np.ndarray
) -> None:
    here = base + 0.05 * np.random.default_rng(4).standard_normal(len(base))
    row = shift_of(study, here, base).loc["accuracy"]
    assert row["difference"] == pytest.approx((here - base).mean())
    assert row["correlation"] == pytest.approx(stats.pearsonr(here, base).statistic)
    assert row["low"] < row["difference"] < row["high"]
    assert not row["comparable"]


def test_a_run_that_diverges_there_forbids_comparing(study: Study, base: np.ndarray) -> None:
    broken = base.copy()
    broken[2] = np.nan
    found = shift_of(study, base, broken)
    assert found["difference"].isna().all()
    assert not found["comparable"].any()


def test_runs_that_fail_alike_are_equal(study: Study, base: np.ndarray) -> None:
    base[2] = np.nan
    found = shift_of(study, base, base)
    assert found["difference"].isna().all()
    assert found["equal"].all()
    assert found["comparable"].all()


def test_no_runs_there_forbid_comparing(study: Study, base: np.ndarray) -> None:
    found = shift_of(study, base, base[:0])
    assert found["pairs"].tolist() == [0, 0]
    assert not found["comparable"].any()
    assert not found["equal"].any()


def test_seeds_that_both_places_have_are_compared(study: Study, base: np.ndarray) -> None:
    assert shift_of(study, base, base[:6])["pairs"].tolist() == [6, 6]
    assert shift_of(study, base, base[:1])["equal"].tolist() == [True, True]


def against(study: Study, here: Selection, there: Selection) -> pd.DataFrame:
    shifts = shift(study, here, there, "sgd", MARGINS)
    return beside(study, here, there, "nag_sutskever", ["nag_sutskever"], shifts).set_index(
        "metric"
    )


def test_committed_rows_stand_beside_as_if_all_had_trained_here(
    study: Study, base: np.ndarray
) -> None:
    better = base + 0.03 + 0.01 * np.random.default_rng(5).standard_normal(len(base))
    here, there = (place(study, sgd=base, nag_sutskever=one) for one in (better, base))
    found = against(study, here, there).loc["accuracy"]
    pair = contrast(*([one] for one in measured_in(study, here, there)))
    wanted = compared(pair, study.level)
    for name in ("pairs", "difference", "low", "high", "better", "p"):
        assert found[name] == wanted[name]
    assert found["p_adjusted"] == found["p"] == 2 / 2 ** len(base)
    assert found["differs"]


def measured_in(study: Study, *places: Selection) -> list[Measured]:
    arms = [("tiny", "nag_sutskever")]
    return [measured(study, one, "accuracy", arms)[0] for one in places]


@pytest.mark.parametrize("broken", [None, 2])
def test_who_is_faster_is_better_whether_or_not_a_mean_decides(
    study: Study, base: np.ndarray, broken: int | None
) -> None:
    faster = base + 0.1
    if broken is not None:
        faster[broken] = np.nan
    here, there = (place(study, sgd=base, nag_sutskever=one) for one in (faster, base))
    found = against(study, here, there)["better"]
    assert found.to_dict() == {"accuracy": 1, "gradients": 1}


def test_what_may_not_be_compared_has_no_difference(study: Study, base: np.ndarray) -> None:
    here = place(study, sgd=base + 0.2, nag_sutskever=base + 0.3)
    found = against(study, here, place(study, sgd=base, nag_sutskever=base)).loc["accuracy"]
    assert not found["comparable"]
    assert found["mean"] == pytest.approx(base.mean())
    assert found[["difference", "low", "high", "p", "p_adjusted"]].isna().all()
    assert found["better"] == 0
    assert not found["differs"]
