"""The calibration finds what holds, and what was broken on purpose."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nagbench.cli import main
from nagbench.errors import InputError
from nagbench.statistics.power import power
from nagbench.validation.calibration import (
    Case,
    calibration,
    cases,
    family,
    holds,
    rows,
)
from nagbench.validation.chance import correlated, normal, times

ALL = {(case.claim, case.procedure, case.situation, case.seeds): case for case in cases()}
GOOD = [
    ("level", "sign flips", "normal", 12),
    ("level", "sign flips", "heavy tails", 12),
    ("level", "time below", "a third at the horizon", 12),
    ("level", "pair wins", "one run in ten fails", 12),
    ("level", "Brown-Forsythe", "normal", 12),
    ("level", "deviation", "normal, pairs", 12),
    ("level", "event rates", "half", 20),
    ("level", "equivalence", "normal, at the margin", 12),
    ("level", "Holm", "ten pairs, one ahead", 12),
    ("level", "shared level", "ten pairs, one ahead", 12),
    ("coverage", "sign flips", "normal", 12),
    ("coverage", "mean", "normal", 6),
    ("coverage", "rate", "half", 12),
    ("coverage", "rate difference", "a tenth and three tenths", 12),
    ("coverage", "median", "times, half never come", 12),
    ("coverage", "ratio", "pairs", 6),
    ("power", "sign flips", "1 SD", 6),
    ("power", "sign flips", "1 SD, one of ten", 12),
    ("power", "equivalence", "margin of 1 SD", 12),
]


@pytest.mark.parametrize("key", GOOD, ids=str)
def test_what_is_promised_holds(key: tuple[str, str, str, int]) -> None:
    (row,) = rows(300, [ALL[key]])
    assert row["holds"], row
    assert row["trials"] == 300


def test_every_claim_is_measured_of_every_number_of_seeds() -> None:
    assert len(ALL) == len(cases())  # a name, and so its chance, belongs to one case
    found = pd.DataFrame(dataclasses.asdict(case) for case in cases())
    assert set(found["claim"]) == {"level", "coverage", "power"}
    for _, group in found.groupby(["claim", "procedure"]):
        assert set(group["seeds"]) == {6, 12, 20}


def z_test(noise: np.random.Generator, trials: int) -> np.ndarray:
    """Few seeds, and a deviation that is taken for known."""
    values = normal(noise, (trials, 5))
    return np.abs(values.mean(axis=1)) > 1.96 * stats.sem(values, axis=1)


def unpaired_test(noise: np.random.Generator, trials: int) -> np.ndarray:
    """Where a seed that helps one group harms the other."""
    of_seed, own = normal(noise, (trials, 12)), normal(noise, (2, trials, 12))
    return stats.ttest_ind(own[0] + 2 * of_seed, own[1] - 2 * of_seed, axis=1).pvalue <= 0.05


def bootstrap(noise: np.random.Generator, trials: int) -> np.ndarray:
    """The percentile bootstrap of a mean of five."""
    values = normal(noise, (trials, 5))
    means = values[:, noise.integers(0, 5, (400, 5))].mean(axis=2)
    low, high = np.quantile(means, [0.025, 0.975], axis=1)
    return (low <= 0) & (high >= 0)


def weaker(noise: np.random.Generator, trials: int) -> np.ndarray:
    return stats.ttest_1samp(0.8 + normal(noise, (trials, 12)), 0, axis=1).pvalue <= 0.05


@pytest.mark.parametrize(
    ("claim", "stated", "simulate"),
    [
        ("level", 0.05, family(14, adjust=lambda p: p)),
        ("level", 0.05, z_test),
        ("level", 0.05, unpaired_test),
        ("coverage", 0.95, bootstrap),
        ("power", power(1.0, 12, 0.05), weaker),
    ],
    ids=["no correction", "z for t", "unpaired", "bootstrap of five", "smaller effect"],
)
def test_what_is_broken_is_caught(
    claim: str, stated: float, simulate: Callable[[np.random.Generator, int], np.ndarray]
) -> None:
    (row,) = rows(300, [Case("broken", "on purpose", 5, claim, stated, simulate)])
    assert not row["holds"], row


@pytest.mark.parametrize(
    ("claim", "stated", "found", "error", "expected"),
    [
        ("level", 0.05, 0.064, 0.005, True),
        ("level", 0.05, 0.066, 0.005, False),
        ("level", 0.05, 0.0, 0.0, True),
        ("coverage", 0.95, 0.936, 0.005, True),
        ("coverage", 0.95, 0.934, 0.005, False),
        ("coverage", 0.95, 1.0, 0.0, True),
        ("power", 0.8, 0.844, 0.005, True),
        ("power", 0.8, 0.846, 0.005, False),
        ("power", 0.8, 0.754, 0.005, False),
        ("coverage", 0.95, math.nan, math.nan, False),
    ],
)
def test_a_claim_holds_within_three_errors(
    claim: str, stated: float, found: float, error: float, expected: bool
) -> None:
    assert holds(claim, stated, found, error) == expected


def test_the_same_name_has_the_same_chance_whatever_runs_beside_it() -> None:
    names = [("level", "sign flips", "normal", 12), ("coverage", "mean", "normal", 6)]
    chosen = [ALL[name] for name in [*names, ("coverage", "rate", "half", 6)]]
    table = calibration(50, chosen)
    pd.testing.assert_frame_equal(table, calibration(50, chosen))
    pd.testing.assert_frame_equal(
        table.iloc[[1]].reset_index(drop=True), calibration(50, chosen[1:2])
    )
    assert list(table["trials"]) == [50] * 3
    expected = np.sqrt(table["found"] * (1 - table["found"]) / 50)
    np.testing.assert_allclose(table["error"], expected)


def test_where_a_procedure_is_not_defined_it_promises_nothing() -> None:
    case = Case("p", "s", 5, "coverage", 0.5, lambda _, __: np.array([1, math.nan, 0, 1]))
    row = case.row(4)
    assert row["trials"] == 3
    assert row["found"] == pytest.approx(2 / 3)


def test_made_up_times_share_what_they_say() -> None:
    noise = np.random.default_rng(0)
    drawn = times(noise, (50_000, 2, 1), 6.0)[:, :, 0]
    # Exponential and cut off at 7: the mean is the area under the survival curve.
    assert drawn.mean() == pytest.approx(6 * (1 - math.exp(-7 / 6)), abs=0.03)
    assert (drawn == 7).mean() == pytest.approx(math.exp(-7 / 6), abs=0.01)
    one, other = correlated(normal, 0.7)(noise, (50_000, 2, 1))[:, :, 0].T
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(0.7, abs=0.01)
    assert one.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("trials", ["0", "-5"])
def test_too_few_trials_are_one_clear_error(
    trials: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "--trials", trials]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"nagbench calibrate: --trials: found {trials}; allowed: a number above 1\n"
    )
    with pytest.raises(InputError):
        calibration(int(trials))
