"""Ranks and their critical difference, against published numbers."""

import math

import numpy as np
import pandas as pd
import pytest

from nagbench.statistics.ranks import critical_difference, friedman, ranks, wilcoxon
from nagbench.study.model import Study
from records_of import records_of


@pytest.mark.parametrize(
    ("columns", "blocks", "level", "published"),
    [(4, 14, 0.05, 1.25), (4, 14, 0.10, 1.12), (5, 30, 0.05, 1.11)],
)
def test_critical_differences_are_those_of_demsar(
    columns: int, blocks: int, level: float, published: float
) -> None:
    assert critical_difference(columns, blocks, level) == pytest.approx(published, abs=0.01)


def test_friedmans_statistic_is_that_of_the_formula() -> None:
    from scipy import stats

    scores = np.random.default_rng(0).normal(size=(9, 4))
    means = stats.rankdata(scores, axis=1).mean(axis=0)
    squared = 12 * 9 / (4 * 5) * (np.sum(means**2) - 4 * 5**2 / 4)
    assert friedman(scores) == pytest.approx(stats.chi2.sf(squared, 3))


def test_what_is_not_defined_is_not_a_number() -> None:
    assert math.isnan(friedman(np.ones((5, 3))))
    assert math.isnan(friedman(np.ones((1, 3))))
    assert math.isnan(friedman(np.arange(10.0).reshape(5, 2)))
    assert math.isnan(critical_difference(4, 1, 0.05))
    assert math.isnan(wilcoxon(pd.Series([1.0]), pd.Series([2.0])))
    assert wilcoxon(pd.Series([1.0, 2.0]), pd.Series([1.0, 2.0])) == 1


def test_the_best_ranks_first_in_every_seed(small_study: Study) -> None:
    accuracy = {
        "sgd": [[0.1, 0.2, 0.3], [0.1, 0.2, 0.4]],
        "nag_sutskever": [[0.1, 0.2, 0.5], [0.1, 0.2, 0.4]],
    }
    table = ranks(small_study, *records_of(small_study, accuracy)).set_index("optimizer")
    assert table["mean_rank"].to_dict() == {"sgd": 1.75, "nag_sutskever": 1.25}
    assert set(table["cases"]) == {2}
