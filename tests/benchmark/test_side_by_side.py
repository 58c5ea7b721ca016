"""Steps of a study's optimizers take turns, and each is told for every workload."""

import sys

import pytest

from nagbench.benchmark import side_by_side
from nagbench.benchmark.progress import Progress
from nagbench.benchmark.side_by_side import measure, recipes_of
from nagbench.errors import InputError
from nagbench.step_costs import FEWEST
from nagbench.study.model import Study
from nagbench.study.plan import units


def test_each_optimizer_has_a_turn_in_every_round(
    small_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[str] = []
    original = side_by_side._Stepper.turn

    def turn(self: side_by_side._Stepper) -> float:
        turns.append(self._runs[0].recipe.optimizer)
        return original(self)

    monkeypatch.setattr(side_by_side._Stepper, "turn", turn)
    planned = units(small_study)
    found, missing = measure(planned, "cpu", 1, FEWEST + 2, 0.0, Progress())
    pairs = [(cost.workload, cost.optimizer) for cost in found.costs]
    assert sorted(pairs) == sorted(recipes_of(planned))
    assert {unit.workload for unit in planned} == found.images.keys()
    assert not missing
    for cost in found.costs:  # there was no time: the fewest rounds
        assert len(cost.seconds) == FEWEST
        assert min(cost.seconds) > 0
        assert (cost.execution, cost.lanes, cost.gradients) == ("eager", 1, 1)
    here = len([pair for pair in pairs if pair[0] == pairs[0][0]])
    rounds = [turns[n : n + here] for n in range(0, here * FEWEST, here)]
    assert len({tuple(sorted(one)) for one in rounds}) == 1
    assert len({one[0] for one in rounds}) == len(set(rounds[0]))  # everybody begins once


def test_the_baseline_is_plain_and_rates_move_nothing(small_study: Study) -> None:
    recipes = recipes_of(units(small_study))
    for workload in {workload for workload, _ in recipes}:
        base = recipes[workload, "sgd"]
        assert (base.optimizer, dict(base.settings)) == ("torch.optim:SGD", {"lr": 1e-6})
    assert all(recipe.settings.get("lr", 0) <= 1e-6 for recipe in recipes.values())


def test_too_few_rounds_are_refused_before_any_work(small_study: Study) -> None:
    with pytest.raises(InputError, match="--rounds"):
        measure(units(small_study), "cpu", 1, FEWEST - 1, 1.0, Progress())


def test_progress_is_a_line_a_round_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    for doing in ("a: round 1, x", "a: round 1, y", "a: round 2, x"):
        progress(doing)
    progress.done()
    assert capsys.readouterr().err == "a: round 1\na: round 2\n"


def test_progress_is_one_line_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress = Progress()
    progress("round 1, long")
    progress("round 2")
    progress.done()
    shown = capsys.readouterr().err
    assert "\n" not in shown
    assert shown.split("\r")[1:3] == ["round 1, long", "round 2      "]
    assert shown.endswith("\r")
