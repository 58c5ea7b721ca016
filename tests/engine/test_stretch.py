"""When a run is judged, what each row of its curve covers, and that judging changes no step."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from test_capture import Capture
from test_loop import noisy

from nagbench.data.images import ImageSet
from nagbench.engine import evaluation
from nagbench.engine.capture import Capture as CaptureOf
from nagbench.engine.loop import step, train, train_steps
from nagbench.engine.outcome import HALVED, count_spikes, evaluation_points
from nagbench.engine.recipe import Recipe
from nagbench.engine.run import LiveRun
from nagbench.engine.splits import place_splits
from small_runs import CPU, assert_same_outcomes, ended, outcomes, recipe_of, untimed

POINTS = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6]


def run_of(recipe: Recipe, images: ImageSet, capture: CaptureOf | None = None) -> LiveRun:
    *_, ((run,), _) = train([recipe], place_splits(images, recipe, CPU), CPU, [None], capture)
    return run


def test_points_of_evaluation() -> None:
    assert evaluation_points(6) == POINTS
    for epochs in range(1, 9):
        assert evaluation_points(epochs) == [p for p in evaluation_points(9) if p <= epochs]


@pytest.mark.parametrize("capture", [None, Capture()])
def test_each_row_of_a_curve_covers_the_steps_since_the_row_before(
    images: ImageSet, capture: CaptureOf | None
) -> None:
    """Thirteen steps an epoch: six in the first half, seven in the second."""
    run = run_of(recipe_of(batch_size=12, epochs=6), images, capture)
    curve, steps = run.outcome.curve, run.steps
    assert steps == 13
    assert curve["epoch"] == POINTS
    ends = [int(point * steps) for point in POINTS]
    assert curve["gradient_evaluations"] == ends
    for n, (first, end) in enumerate(pairwise(ends), 1):
        part = run.losses[first:end]
        assert curve["train_loss"][n] == part.mean()
        assert curve["loss_variance"][n] == part.var(ddof=1)
        rises = np.diff(run.losses[max(first - 1, 0) : end])
        assert curve["largest_jump"][n] == max(rises.max(), 0)
    assert len(set(curve["validation_loss"])) == len(POINTS)
    seconds = curve["train_seconds"]
    assert seconds == sorted(seconds)
    assert seconds[-1] == run.outcome.train_seconds


def test_the_spikes_of_halves_are_those_of_epochs(images: ImageSet) -> None:
    run = run_of(recipe_of(settings={"lr": 0.6}, epochs=4, batch_size=8), images)
    whole = [sum(run.outcome.curve["spikes"][n : n + 2]) for n in (1, 3, 5, 7)]
    assert sum(whole) > 0
    ends = range(0, len(run.losses) + 1, run.steps)
    counted = [count_spikes(run.losses[:end], end - run.steps) for end in ends[1:]]
    assert whole == counted


def test_an_epoch_of_one_step_has_no_half(images: ImageSet) -> None:
    run = run_of(recipe_of(batch_size=160, epochs=3), images)
    assert run.steps == 1
    assert run.outcome.curve["epoch"] == [0, 1, 2, 3]


WATCHED = {
    "draws random numbers": noisy(1),
    "judged at other weights": recipe_of("resnet20", "schedule_free_sgd", epochs=2),
    "with dropout": recipe_of("seed_cnn", "nag", epochs=1, train_size=48),
    "on a schedule": recipe_of("tiny_cnn", "nag", schedule="plateau", epochs=3),
}


@pytest.mark.parametrize("which", WATCHED)
def test_judging_changes_no_step(images: ImageSet, which: str) -> None:
    """The losses are those of a run that nobody judges."""
    recipe = WATCHED[which]
    run = run_of(recipe, images)
    splits = place_splits(images, recipe, CPU)
    alone, losses = LiveRun(recipe, splits.train, CPU), []
    for epoch in range(1, recipe.epochs + 1):
        alone.epoch = epoch - 1
        if recipe.schedule == "plateau":  # which looks at whole epochs
            alone.outcome = run.outcome.until(epoch - 1)
            alone.outcome.status = "finished"
        alone.begin_epoch(alone.plan(epoch))
        train_steps(alone, alone.steps, step)
        losses += alone.measured()[:, 0].tolist()
    assert run.losses.tolist() == losses


def test_the_test_set_is_evaluated_once_at_the_end_of_a_run_that_finishes(
    images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    honest = evaluation.evaluate

    def watched(run: LiveRun, data: Any) -> tuple[float, float]:
        seen.append((run.recipe.seed, len(data)))
        return honest(run, data)

    monkeypatch.setattr(evaluation, "evaluate", watched)
    test, validation = len(images.test_labels), 40
    recipe = recipe_of(epochs=2, judged_on_test=True)
    curve = outcomes([recipe], images)[recipe.id][0]
    assert [size for _, size in seen] == [validation] * 5 + [test]
    assert np.isnan(curve["curve_test_accuracy"]).tolist() == [True] * 4 + [False]
    assert np.isnan(curve["curve_test_loss"]).tolist() == [True] * 4 + [False]
    for other in (
        replace(recipe, judged_on_test=False),
        replace(recipe, settings={"lr": 1e30}),
    ):
        seen.clear()
        row = outcomes([other], images)[other.id][0]
        assert test not in [size for _, size in seen]
        assert np.isnan(row["curve_test_accuracy"]).all()
    assert row["status"] == "diverged"


@pytest.mark.parametrize("capture", [None, Capture()])
def test_runs_of_other_epochs_side_by_side_are_judged_each_by_its_own(
    images: ImageSet, capture: CaptureOf | None
) -> None:
    """One in its third epoch and one in its sixth, which has no half."""
    recipes = [recipe_of("tiny_cnn", epochs=7, seed=seed) for seed in (1, 2)]
    whole = outcomes(recipes, images)
    splits = place_splits(images, recipes[0], CPU)
    states = []
    for recipe, behind in zip(recipes, (2, HALVED + 1), strict=True):
        *_, ((run,), _) = train([recipe], splits, CPU, [None], epochs=behind)
        states.append(run.state())
    assert_same_outcomes(whole, ended(train(recipes, splits, CPU, states, capture)))


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("epochs", [1, 2, 3, 5])
def test_stopped_and_gone_on_it_is_the_run_in_one_go(
    images: ImageSet, lanes: int, epochs: int
) -> None:
    recipes = [
        recipe_of("tiny_cnn", "nag_sutskever", epochs=6, seed=n, judged_on_test=True)
        for n in range(lanes)
    ]
    splits = place_splits(images, recipes[0], CPU)
    whole = outcomes(recipes, images)
    *_, (stopped, _) = train(recipes, splits, CPU, [None] * lanes, epochs=epochs)
    for run in stopped:
        assert run.outcome.status == "stopped"
        assert run.outcome.curve["epoch"] == evaluation_points(epochs)
        assert np.isnan(run.outcome.curve["test_accuracy"]).all()
        for name, values in run.outcome.curve.items():
            if "seconds" not in name and not name.startswith("test"):
                first = whole[run.recipe.id][0][f"curve_{name}"][: len(values)]
                np.testing.assert_array_equal(values, first)
    states = [run.state() for run in stopped]
    assert_same_outcomes(whole, ended(train(recipes, splits, CPU, states)))


def test_what_was_trained_further_is_cut_to_what_stopping_had_left(images: ImageSet) -> None:
    recipe = recipe_of("tiny_cnn", epochs=6)
    splits = place_splits(images, recipe, CPU)
    rows = []
    for epochs in (2, 3, 5):
        *_, ((run,), _) = train([recipe], splits, CPU, [None], epochs=epochs)
        cut = run.outcome.until(2)
        assert cut.train_seconds == cut.curve["train_seconds"][-1]
        assert cut.evaluation_seconds == cut.curve["evaluation_seconds"][-1]
        rows.append({recipe.id: (untimed(cut), "")})
    assert rows[0][recipe.id][0]["status"] == "stopped"
    for row in rows[1:]:
        assert_same_outcomes(rows[0], row)
