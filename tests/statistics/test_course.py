"""The course of runs: in which order, to which budget, and whose horizon arms share."""

import math

import numpy as np
import pandas as pd
import pytest

from nagbench.statistics.course import Course, course, horizon
from nagbench.time_below import Targets
from records_of import run_of

EPOCHS = 4


def records(*accuracy: list[float], gradients: float = 10.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs c, b, a and so on, backwards, of seeds 1, 2, 3, with `gradients` an epoch; a list that
    is shorter than the budget diverged."""
    names = [chr(ord("a") + n) for n in reversed(range(len(accuracy)))]
    rows, curves = zip(
        *(run_of(name, values, EPOCHS) for name, values in zip(names, accuracy, strict=True)),
        strict=True,
    )
    runs = pd.DataFrame(rows).assign(seed=range(1, len(rows) + 1))
    found = pd.concat(curves, ignore_index=True)
    return runs, found.assign(gradient_evaluations=gradients * found["epoch"])


def test_evaluations_are_in_the_order_of_runs_and_epochs() -> None:
    runs, curves = records([0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.3, 0.5, 0.7, 0.9])
    more = pd.concat([curves, curves.assign(run="another's")])  # which are passed over
    found = course(runs, more.sample(frac=1, random_state=0), "gradients")
    assert list(found.seeds) == [2, 1]
    assert list(found.lengths) == [5, 5]
    assert list(found.clock) == 2 * [0, 10, 20, 30, 40]
    assert list(found.accuracy) == [0.1, 0.3, 0.5, 0.7, 0.9, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert list(found.broken) == [False, False]
    assert found.planned == 40
    assert list(course(runs, curves, "epochs").clock) == 2 * [0, 1, 2, 3, 4]
    assert course(runs, curves, "epochs").planned == EPOCHS


def test_a_broken_run_tells_the_budget_only_where_all_broke() -> None:
    whole, broken = [0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.2, 0.3, 0.3]
    runs, curves = records(whole, broken)
    own = curves["run"] == runs["run"].iloc[1]
    curves.loc[own, "gradient_evaluations"] *= 0.5  # its epochs cost less
    found = course(runs, curves, "gradients")
    assert list(found.broken) == [True, False]
    assert found.planned == 40
    assert course(runs.iloc[1:], curves, "gradients").planned == 20
    failed = runs.assign(status=["finished", "failed"])
    assert list(course(failed, curves, "gradients").broken) == [True, False]


def test_of_whole_runs_that_differ_the_least_is_planned() -> None:
    runs, curves = records([0.1] * 5, [0.1] * 5)
    curves.loc[curves["run"] == "a", "gradient_evaluations"] *= 3
    assert course(runs, curves, "gradients").planned == 40


def test_a_run_without_an_evaluation_has_none_and_tells_nothing() -> None:
    runs, curves = records([0.1] * 5, [0.1])
    curves = curves[curves["run"] != runs["run"].iloc[1]]
    found = course(runs, curves, "gradients")
    assert list(found.lengths) == [0, 5]
    assert found.planned == 40
    alone = course(runs.iloc[1:], curves, "gradients")
    assert (list(alone.lengths), len(alone.clock), alone.planned) == ([0], 0, math.inf)


def made(planned: float) -> Course:
    return Course(*(np.array([]) for _ in range(5)), planned)


@pytest.mark.parametrize(
    ("planned", "shared"),
    [([40, 20, 30], 20), ([40, math.inf], 40), ([math.inf, math.inf], math.nan), ([], math.nan)],
)
def test_arms_share_the_cheaper_ones_budget(planned: list[float], shared: float) -> None:
    assert horizon(map(made, planned)) == pytest.approx(shared, nan_ok=True)


def test_times_are_of_the_runs_of_the_course() -> None:
    runs, curves = records([0.1, 0.3, 0.5, 0.7, 0.9], [0.1, 0.2])
    found = course(runs, curves, "epochs").times(Targets(0.4, 0.4), 4.0)
    assert list(found.fails) == [True, False]
    np.testing.assert_allclose(found.times, [4, 1.5])
