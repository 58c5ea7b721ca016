"""Ranks and their critical difference, against published numbers and other implementations."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nagbench.statistics.intervals import holm
from nagbench.statistics.ranks import critical_difference, friedman, ranks, wilcoxon
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import ending, records_of
from small_study import on_two_workloads


@pytest.mark.parametrize(
    ("columns", "blocks", "level", "published"),
    [(4, 14, 0.05, 1.25), (4, 14, 0.10, 1.12), (5, 30, 0.05, 1.11)],
)
def test_critical_differences_are_those_of_demsar(
    columns: int, blocks: int, level: float, published: float
) -> None:
    assert critical_difference(columns, blocks, level) == pytest.approx(published, abs=0.01)


def test_friedmans_statistic_is_that_of_the_formula() -> None:
    scores = np.random.default_rng(0).normal(size=(9, 4))
    means = stats.rankdata(scores, axis=1).mean(axis=0)
    squared = 12 * 9 / (4 * 5) * (np.sum(means**2) - 4 * 5**2 / 4)
    assert friedman(scores) == pytest.approx(stats.chi2.sf(squared, 3))


def test_what_is_not_defined_is_not_a_number() -> None:
    assert math.isnan(friedman(np.ones((5, 3))))
    assert math.isnan(friedman(np.array([[1.0, 2.0, 3.0]])))
    assert math.isnan(friedman(np.arange(10.0).reshape(5, 2)))
    assert math.isnan(critical_difference(4, 1, 0.05))
    assert math.isnan(wilcoxon(pd.Series([1.0]), pd.Series([2.0])))
    assert wilcoxon(pd.Series([1.0, 2.0]), pd.Series([1.0, 2.0])) == 1


def test_two_blocks_are_enough_and_three_columns_or_two() -> None:
    rising = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])  # no column varies, all rows do
    assert friedman(rising) == pytest.approx(stats.chi2.sf(4, 2))
    # Of two columns the range's quantile is that of a difference of two normal numbers.
    wanted = math.sqrt(2) * stats.norm.ppf(0.975) * math.sqrt(2 * 3 / (12 * 2))
    assert critical_difference(2, 2, 0.05) == pytest.approx(wanted)
    assert math.isnan(critical_difference(1, 2, 0.05))
    wins, none = pd.Series([1.0, 2.0, 4.0]), pd.Series([1.0, 1.0, 1.0])
    for pair in ((wins, none), (none, wins)):
        assert wilcoxon(*pair) == pytest.approx(stats.wilcoxon(*pair).pvalue)
        assert wilcoxon(*pair) < 1


def test_the_best_ranks_first_in_every_seed(small_study: Study) -> None:
    accuracy = {
        "sgd": [[0.1, 0.2, 0.3], [0.1, 0.2, 0.4]],
        "nag_sutskever": [[0.1, 0.2, 0.5], [0.1, 0.2, 0.4]],
    }
    table = ranks(small_study, *records_of(small_study, accuracy)).set_index("optimizer")
    assert table["mean_rank"].to_dict() == {"sgd": 1.75, "nag_sutskever": 1.25}
    assert set(table["cases"]) == {2}


ENDS = {  # of three optimizers and two workloads; one seed of the last is missing
    ("tiny", "sgd"): [0.30, 0.31, 0.32, 0.33, 0.34, 0.35],
    ("tiny", "nag_sutskever"): [0.41, 0.42, 0.43, 0.44, 0.34, 0.46],
    ("tiny", "adam"): [0.20, 0.52, 0.22, 0.54, 0.24],
    ("second", "sgd"): [0.50, 0.51, 0.52, 0.53, 0.54, 0.55],
    ("second", "nag_sutskever"): [0.61, 0.50, 0.63, 0.64, 0.65, 0.66],
}


def ranked(
    small: dict[str, Any], baseline: str = "sgd", workloads: int = 2, without: Any = None
) -> pd.DataFrame:
    small = {**on_two_workloads(small), "baseline": baseline}
    if workloads == 1:
        del small["workloads"]["second"]
    study = study_of("small", small, "a test")
    ends = ending({arm: values for arm, values in ENDS.items() if arm != without})
    return ranks(study, *records_of(study, ends)).set_index(["scope", "optimizer"])


def test_in_a_workload_the_blocks_are_seeds_that_all_optimizers_have(small: dict[str, Any]) -> None:
    found = ranked(small)
    whole = pd.DataFrame({arm[1]: values[:5] for arm, values in ENDS.items() if arm[0] == "tiny"})
    tiny = found.loc["tiny"]
    assert set(tiny["cases"]) == {5}
    assert tiny.at["sgd", "mean_rank"] == pytest.approx((2 + 3 + 2 + 3 + 1.5) / 5)
    assert tiny.at["adam", "mean_rank"] == pytest.approx((3 + 1 + 3 + 1 + 3) / 5)
    assert set(tiny["friedman_p"]) == {stats.friedmanchisquare(*whole.to_numpy().T).pvalue}
    assert set(tiny["critical_difference"]) == {critical_difference(3, 5, 0.05)}
    others = ["nag_sutskever", "adam"]
    p = [stats.wilcoxon(whole[name], whole["sgd"]).pvalue for name in others]
    assert list(tiny.loc[others, "p"]) == p
    assert list(tiny.loc[others, "p_adjusted"]) == list(holm(np.array(p)))
    assert math.isnan(tiny.at["sgd", "p"])


@pytest.mark.parametrize("baseline", ["nag_sutskever", "adam"])
def test_every_other_optimizer_is_tested_against_the_baseline(
    small: dict[str, Any], baseline: str
) -> None:
    p = ranked(small, baseline, workloads=1).loc["tiny"]["p"]
    assert p.isna().to_dict() == {
        name: name == baseline for name in ("sgd", "nag_sutskever", "adam")
    }


def test_over_workloads_the_blocks_are_these_and_gaps_leave_an_optimizer_out(
    small: dict[str, Any],
) -> None:
    found = ranked(small)
    over = found.loc["all"]
    assert list(over.index) == ["sgd", "nag_sutskever"]  # adam trains on one of the two
    assert list(over["mean_rank"]) == [2, 1]
    assert set(over["cases"]) == {2}
    assert len(found) == 3 + 2 + 2


def test_where_the_baseline_has_no_runs_nobody_is_tested_against_it(small: dict[str, Any]) -> None:
    found = ranked(small, without=("second", "sgd"))
    for scope in ("second", "all"):
        assert list(found.loc[scope].index) == ["nag_sutskever"]
        assert found.loc[scope]["p"].isna().all()


def test_one_workload_is_not_also_all_of_them(small: dict[str, Any]) -> None:
    assert set(ranked(small, workloads=1).index.get_level_values("scope")) == {"tiny"}
