"""What computes beside what is timed: as many processes as asked, for as long as asked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import psutil
import pytest

from nagbench.engine.recipe import Recipe
from nagbench.errors import InputError
from nagbench.runner import estimate as estimates
from nagbench.runner.estimate import estimate
from nagbench.runner.neighbours import neighbours
from nagbench.step_costs import StepCost, StepCosts
from nagbench.study.model import Study
from nagbench.study.plan import units
from small_runs import recipe_of
from waiting import wait_for


def test_they_work_inside_and_are_gone_outside() -> None:
    recipes = [recipe_of("logistic", batch_size=8), recipe_of("tiny_cnn", "adam", batch_size=8)]
    with neighbours(recipes, 2) as started:
        assert len(started) == 2
        for one in started:
            process = psutil.Process(one.pid)
            before = process.cpu_times().user
            wait_for(lambda process=process, before=before: process.cpu_times().user > before + 0.1)
    assert not any(one.is_alive() for one in started)


def test_they_are_gone_after_an_error_too() -> None:
    with pytest.raises(ZeroDivisionError), neighbours([recipe_of(batch_size=8)], 1) as started:
        raise ZeroDivisionError
    assert not started[0].is_alive()


def test_one_that_cannot_work_is_reported() -> None:
    broken = replace(recipe_of(batch_size=8), network="nagbench.models:NoSuchNetwork")
    with pytest.raises(InputError, match="beside what is timed"), neighbours([broken], 1):
        pass


@pytest.mark.parametrize("lanes", [1, 3])
def test_every_other_core_computes_while_steps_are_timed(
    small_study: Study, lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    @contextmanager
    def beside(recipes: Sequence[Recipe], count: int) -> Iterator[None]:
        asked.append((len(recipes), count))
        yield

    monkeypatch.setattr(estimates, "neighbours", beside)
    monkeypatch.setattr(estimates, "cores", lambda: lanes)
    planned = units(small_study)
    estimate(planned, "cpu")
    names = {(unit.workload, unit.optimizer) for unit in planned}
    costs = [StepCost(*name, "eager", 1, 1, (0.5,)) for name in names]
    judging = {workload: 1e-3 for workload, _ in names}
    estimate(planned, "cpu", StepCosts({"backend": "cpu"}, costs, judging))
    assert asked == [(1, lanes - 1), (1, 0)]
