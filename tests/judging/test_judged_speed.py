"""Times to a target, against closed forms and statsmodels."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_curves import PUBLIC, curves, frame, judged
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from nagbench.judging.curves import checked
from nagbench.judging.judgement import Question, judge
from nagbench.judging.names import Wanted
from nagbench.judging.readers.any_file import read
from nagbench.judging.speed import courses, grids, median
from nagbench.judging.two_groups import welch


def test_a_straight_line_arrives_where_algebra_says(tmp_path: Path) -> None:
    """From 2 at step 0 to 1 at step 100: at 1.3 after 70 steps, and below 1.5 for half."""
    table = frame({"a": [1.0, 1.0], "b": [1.5, 1.6]}, every=7, steps=98)
    found = judged(tmp_path, table, baseline="a", targets=(1.3,)).speed.set_index("optimizer")
    assert found.loc["a", "median"] == pytest.approx(0.7 * 98)
    assert found.loc["a", "arrived"] == 2
    assert found.loc["a", "time_below"] == pytest.approx(0.7 * 98)
    assert found.loc["b", "arrived"] == 0
    assert math.isinf(found.loc["b", "median"])
    assert found.loc["b", "time_below"] == 98
    assert found.loc["b", "difference"] == pytest.approx(0.3 * 98)


def test_a_grid_is_the_mean_of_its_targets(tmp_path: Path) -> None:
    table = frame({"a": [1.0, 1.1], "b": [1.2, 1.3]})
    found = judged(tmp_path, table, targets=(1.4, 1.8)).speed
    assert set(found["target"]) == {1.8, 1.6, 1.4}
    whole = found[found["target"] != found["target_from"]].set_index("optimizer")
    assert whole["target_from"].eq(1.8).all()
    ends = [100 * np.mean([(2 - t) / (2 - end) for t in (1.4, 1.8)]) for end in (1.0, 1.1)]
    assert whole.loc["a", "time_below"] == pytest.approx(np.mean(ends))
    assert whole["median"].isna().all()


def test_either_order_of_a_grids_ends_is_the_same() -> None:
    assert grids((3.2, 3.6), lower=True) == grids((3.6, 3.2), lower=True)
    assert grids((0.5, 0.7), lower=False)[-1] == (0.5, 0.7)
    assert grids((0.5,), lower=False) == [(0.5, 0.5)]


times = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=2, max_size=15).filter(
    lambda found: any(arrived for _, arrived in found)
)


@given(found=times)
def test_the_median_is_kaplan_and_meiers(found: list[tuple[int, bool]]) -> None:
    ends = np.array([end for end, _ in found], dtype=float)
    arrived = np.array([here for _, here in found])
    # By hand: at each time the share of those at risk who do not arrive.
    stays, expected = 1.0, math.inf
    for time in sorted(set(ends[arrived])):
        stays *= 1 - ((ends == time) & arrived).sum() / (ends >= time).sum()
        if stays <= 0.5 + 1e-12:
            expected = time
            break
    middle, low, high = median(np.where(arrived, ends, math.nan), ends)
    assert middle == expected
    assert not low > middle
    assert not high < middle
    theirs = SurvfuncRight(ends, arrived.astype(int)).quantile(0.5)
    if not np.isnan(theirs):  # whose median is the first time with strictly more than half
        assert middle <= theirs


def test_a_run_that_diverged_never_arrives_but_one_that_ended_might_have(tmp_path: Path) -> None:
    times_of = np.array([10.0, 20.0, math.nan, math.nan])
    assert median(times_of, np.array([50.0, 50.0, 15.0, 50.0]))[0] == 20
    assert median(times_of, np.array([50.0, 50.0, math.inf, 50.0]))[0] == 20
    assert median(times_of[1:], np.array([50.0, 15.0, 15.0]))[0] == 20
    assert math.isinf(median(times_of[1:], np.array([50.0, math.inf, math.inf]))[0])
    found = judged(
        tmp_path, frame({"a": [1.0, math.nan, math.nan], "b": [1.0, 1.0]}), targets=(1.9,)
    )
    assert list(found.speed["arrived"]) == [1, 2]
    assert math.isinf(found.speed["median"][0])


def test_nothing_that_arrives_has_no_median() -> None:
    assert median(np.full(3, math.nan), np.full(3, 9.0))[0] == math.inf


def test_the_log_rank_test_is_that_of_statsmodels(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    finals = {"a": list(noise.normal(1.3, 0.1, 9)), "b": list(noise.normal(1.4, 0.1, 7))}
    table = frame(finals, steps={"a": 100, "b": 80})
    found = judged(tmp_path, table, baseline="a", targets=(1.35,)).speed.set_index("optimizer")
    first, second = courses(curves(tmp_path, table), "")
    arrivals = [one.arrivals(-1.35) for one in (first, second)]
    ends = np.concatenate(
        [np.where(np.isnan(t), end, t) for t, end in zip(arrivals, (100, 80), strict=True)]
    )
    reached = ~np.isnan(np.concatenate(arrivals))
    assert 0 < reached.sum() < 16
    expected = survdiff(ends, reached.astype(int), np.repeat(["a", "b"], [9, 7]))[1]
    assert found.loc["b", "p"] == pytest.approx(expected)
    assert math.isnan(found.loc["a", "p"])


def test_the_horizon_is_common_and_that_of_a_pair_is_its_own(tmp_path: Path) -> None:
    table = frame(
        {"a": [1.0, 1.1], "b": [1.0, 1.2], "c": [1.1, 1.3]}, {"a": 200, "b": 160, "c": 80}
    )
    found = judged(tmp_path, table, baseline="a", targets=(1.5,)).speed.set_index("optimizer")
    assert (found["horizon"] == 80).all()
    assert found.loc["b", "pair_horizon"] == 160
    assert found.loc["c", "pair_horizon"] == 80
    own = np.array([80.0, 100.0])
    other = np.array([100.0, 200 * 0.5 / 0.9])
    assert found.loc["b", "difference"] == pytest.approx(own.mean() - other.mean())
    assert found.loc["b", "difference_p"] == pytest.approx(welch(own, other, 0.05).p)


@pytest.mark.parametrize(("finals", "reason"), [
    ({"a": [1.0, 1.1], "b": [1.0]}, "b has one run"),
    ({"a": [1.6, 1.7], "b": [1.8, 1.9]}, "no run of either arrives"),
])  # fmt: skip
def test_what_cannot_be_tested_says_why(
    tmp_path: Path, finals: dict[str, list[float]], reason: str
) -> None:
    found = judged(tmp_path, frame(finals), baseline="a", targets=(1.5,)).speed
    row = found.set_index("optimizer").loc["b"]
    assert row["reason"] == reason
    assert math.isnan(row["p"])


@pytest.mark.parametrize("path", [PUBLIC] if PUBLIC.is_file() else [Path("a file like it")])
def test_steps_to_a_target_are_counted_over_unequal_lengths(path: Path, tmp_path: Path) -> None:
    if path == PUBLIC:
        found = checked([read(path, Wanted())], only=["ema_nesterov_muon", "muon_lr035_200_fewer"])
        asked = Question(baseline="muon_lr035_200_fewer", targets=(3.28,))
        ahead, behind = "ema_nesterov_muon", "muon_lr035_200_fewer"
    else:
        table = frame({"a": [1.0, 1.1, 1.7], "b": [1.6, 1.7]}, {"a": 100, "b": 140})
        found, asked = curves(tmp_path, table), Question(baseline="b", targets=(1.5,))
        ahead, behind = "a", "b"
    speed = judge(found, asked).speed.set_index("optimizer")
    assert speed.loc[ahead, "arrived"] == speed.loc[ahead, "runs"] - 1
    assert speed.loc[behind, "arrived"] == 0
    assert pd.isna(speed.loc[behind, "latest"])
    assert speed.loc[ahead, "median_low"] <= speed.loc[ahead, "median"]
