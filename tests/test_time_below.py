"""The mean time below a grid of targets: closed forms, a fine sum, and what fails."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.time_below import Targets, TimesBelow, times_below

TARGETS = Targets(0.4, 0.6)


def below(
    accuracy: Any,
    clock: Any = None,
    horizon: float | None = None,
    diverged: bool = False,
    targets: Targets = TARGETS,
) -> tuple[float, bool]:
    """Of a single run, evaluated at each epoch."""
    clocks = np.arange(len(accuracy), dtype=float) if clock is None else np.array(clock, float)
    found = times_below(
        clocks,
        np.array(accuracy, float),
        np.array([len(accuracy)]),
        np.array([diverged]),
        targets,
        clocks[-1] if horizon is None else horizon,
    )
    return float(found.times[0]), bool(found.fails[0])


@pytest.mark.parametrize(
    ("accuracy", "time"),
    [
        ([0.1, 0.1, 0.1], 2.0),  # below all targets
        ([0.7, 0.7, 0.9], 0.0),  # above all
        ([0.5, 0.5, 0.5], 1.0),  # above half of them
        ([0.4, 0.6], 0.5),
        ([0.2, 0.8], 1 / 3 + 1 / 6),  # a third below all, a third rising through them
        ([0.8, 0.2], 1 / 3 + 1 / 6),  # falling counts as rising does
        ([0.3, 0.5], 0.5 + 0.5 * 0.75),
        ([0.2, 0.8, 0.2], 1.0),
    ],
)
def test_closed_forms(accuracy: list[float], time: float) -> None:
    assert below(accuracy)[0] == pytest.approx(time)


ACCURACIES = st.lists(st.floats(0, 1), min_size=2, max_size=9)


@given(accuracy=ACCURACIES, horizon=st.floats(0.1, 1), low=st.floats(0.1, 0.5))
def test_it_is_the_integral(accuracy: list[float], horizon: float, low: float) -> None:
    """Added up at a hundred thousand places."""
    targets, end = Targets(low, low + 0.2), horizon * (len(accuracy) - 1)
    places = (np.arange(100_000) + 0.5) / 100_000 * end
    a = np.interp(places, np.arange(len(accuracy)), accuracy)
    expected = end * (1 - np.clip((a - targets.low) / 0.2, 0, 1)).mean()
    found, _ = below(accuracy, horizon=end, targets=targets)
    assert found == pytest.approx(expected, abs=1e-4 * end)


@given(accuracy=ACCURACIES)
def test_it_is_the_mean_time_below_over_the_targets_of_the_grid(accuracy: list[float]) -> None:
    clock, fine = np.arange(len(accuracy)), np.linspace(0, len(accuracy) - 1, 4001)
    a = np.interp(fine, clock, accuracy)
    grid = np.linspace(0.4, 0.6, 401)
    shares = [(a < target).mean() for target in grid]
    expected = np.mean(shares) * (len(accuracy) - 1)
    assert below(accuracy)[0] == pytest.approx(expected, abs=0.02)


@given(accuracy=ACCURACIES, scale=st.floats(0.01, 1000))
def test_a_clock_that_runs_faster_scales_it(accuracy: list[float], scale: float) -> None:
    clock = scale * np.arange(len(accuracy))
    assert below(accuracy, clock)[0] == pytest.approx(scale * below(accuracy)[0])


def test_more_evaluations_on_the_same_line_change_nothing() -> None:
    plain = below([0.1, 0.9], [0, 4])
    assert below([0.1, 0.2, 0.3, 0.5, 0.9], [0, 0.5, 1, 2, 4]) == pytest.approx(plain)


def test_tiny_steps_lose_no_digits() -> None:
    """A difference quotient of the integral would: here all but some 1e-16 cancels."""
    accuracy = 0.5 + 1e-13 * np.arange(11)
    assert below(accuracy)[0] == pytest.approx(5.0, abs=1e-10)


@pytest.mark.parametrize(
    ("accuracy", "horizon", "fails"),
    [
        ([0.1, 0.3999, 0.1], 2.0, True),
        ([0.1, 0.4, 0.1], 2.0, False),  # reached at one evaluation
        ([0.1, 0.1, 0.4], 1.9999, True),
        ([0.1, 0.1, 0.4], 2.0, False),
        ([0.1, 0.1, 0.7], 1.5, False),  # 0.4 at the horizon
        ([0.1, 0.1, 0.7], 1.49, True),
    ],
)
def test_a_run_fails_that_does_not_reach_the_lowest_target_in_time(
    accuracy: list[float], horizon: float, fails: bool
) -> None:
    assert below(accuracy, horizon=horizon)[1] is fails


def test_a_diverged_run_fails_and_takes_the_horizon() -> None:
    """Whatever it reached before, and though its curve is short."""
    assert below([0.1, 0.9], horizon=7.0, diverged=True) == (7.0, True)


def test_an_evaluation_that_was_not_made_is_left_out() -> None:
    """In a first hit, a NaN moved the hit to the next evaluation without a word."""
    nan = math.nan
    assert below([0.2, nan, 0.8]) == pytest.approx(below([0.2, 0.8], [0, 2]))
    assert below([nan, 0.8, 0.8])[0] == pytest.approx(1.0)  # unknown counts as below
    assert below([0.8, 0.8, nan])[0] == pytest.approx(1.0)
    assert below([nan, nan, nan]) == (2.0, True)


def test_noise_is_not_rewarded() -> None:
    """Two arms of one expected curve: the best so far and its first hit prefer the noisier one."""
    noise = np.random.default_rng(4)
    clock = np.arange(21.0)
    expected = 0.3 + 0.02 * clock
    times, hits = [], []
    for scale in (0.004, 0.02):
        runs = expected + scale * noise.normal(size=(400, len(clock)))
        times.append([below(run)[0] for run in runs])
        hits.append([np.argmax(np.maximum.accumulate(run) >= 0.5) for run in runs])
    apart = np.mean(times, axis=1)
    error = np.std(times) / math.sqrt(400)
    assert abs(apart[0] - apart[1]) < 4 * error
    assert np.mean(hits[0]) - np.mean(hits[1]) > 4 * np.std(hits) / math.sqrt(400)


def test_runs_are_measured_as_each_alone() -> None:
    curves = [[0.1, 0.5, 0.7], [0.2, 0.9], [0.1, 0.2, 0.3, 0.4]]
    clocks = [[0.0, 1, 2], [0.0, 2], [0.0, 0.5, 1, 2]]
    diverged = np.array([False, True, False])
    found = times_below(
        np.concatenate(clocks),
        np.concatenate(curves),
        np.array([3, 2, 4]),
        diverged,
        TARGETS,
        2.0,
    )
    assert isinstance(found, TimesBelow)
    for n in range(3):
        alone = below(curves[n], clocks[n], 2.0, bool(diverged[n]))
        assert (found.times[n], found.fails[n]) == pytest.approx(alone)
