"""Successive halving: what it costs, what it finds, and that it can be told again."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.plain_data import made
from nagbench.study.halving import Halving, Progress, Rung, Scores, Strip, planned, progress

RUNGS = (Rung(2, 8), Rung(6, 3))
POINTS = tuple(range(1, 17))
PROTOCOL = Halving(space=POINTS, beside=(0,), rungs=RUNGS, finalists=2)
SEEDS, EPOCHS = (1, 2, 3), 20
Accuracy = Callable[[int, int, int], float]  # of a trial and seed after an epoch


def played(halving: Halving, accuracy: Accuracy) -> tuple[Progress, dict[tuple[int, int], int]]:
    """Train what is wanted until nothing more is; what was decided, and what was trained."""
    trained: dict[tuple[int, int], int] = {}
    for _ in range(20):
        found = progress(halving, SEEDS, EPOCHS, scores_of(trained, accuracy))
        if found.decided:
            assert dict(found.epochs) == trained
            return found, trained
        assert all(found.epochs[pair] >= epochs for pair, epochs in trained.items())
        assert found.epochs != trained
        trained = dict(found.epochs)
    raise AssertionError("it never ends")


def scores_of(trained: Mapping[tuple[int, int], int], accuracy: Accuracy) -> Scores:
    return {
        (trial, seed): [(accuracy(trial, seed, epoch), 1.0) for epoch in range(epochs + 1)]
        for (trial, seed), epochs in trained.items()
    }


def test_the_protocol_costs_206_epochs() -> None:
    found, trained = played(PROTOCOL, lambda trial, _, epoch: (trial + epoch) / 100)
    assert sum(trained.values()) == 206
    assert found.best == (16, 15)
    assert [trained[trial, 1] for trial in range(17)] == [20, *[2] * 8, *[6] * 5, *[20] * 3]
    assert {pair for pair, epochs in trained.items() if pair[1] > 1} == {
        (trial, seed) for trial in (15, 16) for seed in (2, 3)
    }


def test_five_that_enter_at_the_end_cost_200() -> None:
    late = Halving(space=(1, 2, 3, 4, 5), beside=(0,), finalists=2)
    found, trained = played(late, lambda trial, *_: -abs(trial - 3) / 10)
    assert sum(trained.values()) == 200
    assert found.best == (3, 2)


def test_without_rungs_all_train_to_the_end_at_once() -> None:
    plain = Halving(space=(1, 2), beside=(0,), finalists=2)
    first = progress(plain, SEEDS, EPOCHS, {})
    assert dict(first.epochs) == {(trial, 1): 20 for trial in range(3)}


def test_the_default_can_win_and_is_then_a_finalist() -> None:
    found, _ = played(PROTOCOL, lambda trial, *_: 0.9 if trial == 0 else trial / 100)
    assert found.best == (0, 16)


def test_further_seeds_decide_between_the_finalists() -> None:
    """With the first seed 16 leads; over three seeds 15 does."""

    def accuracy(trial: int, seed: int, epoch: int) -> float:
        return trial / 100 + (0.05 if trial == 15 and seed > 1 else 0)

    found, _ = played(PROTOCOL, accuracy)
    assert found.best == (15, 16)


def test_ties_go_to_the_lower_loss_and_then_to_the_earlier_trial() -> None:
    scores: Scores = {(0, 1): [(0.5, 2.0)] * 2, (1, 1): [(0.5, 1.0)] * 2, (2, 1): [(0.5, 1.0)] * 2}
    found = progress(Halving(space=(0, 1, 2)), (1,), 1, scores)
    assert found.best == (1,)


HIGH = Strip("lr high", near=(15, 16), trials=(17, 18, 19), outer=(19,))
LOW = Strip("lr low", near=(1, 2), trials=(20, 21, 22), outer=(22,))
GROWING = Halving(POINTS, (0,), RUNGS, (HIGH, LOW), finalists=2)


@pytest.mark.parametrize(
    ("peak", "best", "grown", "edge"),
    [
        (8, (8, 7), (), ()),
        (14, (14, 13), (), ()),
        (15, (15, 14), ("lr high",), ()),
        (18, (18, 17), ("lr high",), ()),
        (99, (19, 18), ("lr high",), ("lr high",)),
    ],
)
def test_the_space_grows_once_where_the_best_is_near_its_border(
    peak: int, best: tuple[int, ...], grown: tuple[str, ...], edge: tuple[str, ...]
) -> None:
    found, trained = played(GROWING, lambda trial, *_: -abs(trial - peak + 0.1) / 100)
    assert (found.best, found.grown, found.edge) == (best, grown, edge)
    assert all((trial, 1) not in trained for trial in (20, 21, 22))
    assert any((trial, 1) in trained for trial in (17, 18, 19)) == bool(grown)


def test_where_it_cannot_grow_the_best_is_at_the_edge() -> None:
    fixed = Halving(POINTS, (0,), RUNGS, (Strip("lr high", near=(16,)),), finalists=2)
    found, trained = played(fixed, lambda trial, *_: trial / 100)
    assert (found.grown, found.edge) == ((), ("lr high",))
    assert sum(trained.values()) == 206


def test_after_growing_elsewhere_the_other_border_is_an_edge() -> None:
    """Trial 16 leads with the first seed, so the upper border moves; over all seeds 1 leads."""

    def accuracy(trial: int, seed: int, epoch: int) -> float:
        return {16: 0.9, 1: 0.89}.get(trial, 0.1) + (0.1 if trial == 1 and seed > 1 else 0)

    found, _ = played(GROWING, accuracy)
    assert (found.best, found.grown, found.edge) == ((1, 16), ("lr high",), ("lr low",))


@given(seed=st.integers(0, 10**6))
def test_whatever_the_curves_no_more_trains_than_the_rules_allow(seed: int) -> None:
    noise = np.random.default_rng(seed).random((40, 4, EPOCHS + 1))
    found, trained = played(GROWING, lambda trial, seed, epoch: float(noise[trial, seed, epoch]))
    # At most two strips of three join; each of what is kept at a rung may be new.
    assert 206 <= sum(trained.values()) <= 206 + 6 * 2 + 6 * 4 + 3 * 14
    assert len(found.best) == 2
    mean = {trial: noise[trial, 1:4, EPOCHS].mean() for trial in found.best}
    assert found.best == tuple(sorted(mean, key=lambda trial: -mean[trial]))


def test_it_survives_json() -> None:
    assert made(Halving, json.loads(json.dumps(GROWING.definition()))) == GROWING


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_plan_follows_the_scores(seed: int, grows: bool) -> None:
    """It never asks for less than has trained; unless the space grows it holds from the start."""
    noise = np.random.default_rng(seed).random((24, 4, EPOCHS + 1))
    strips = (Strip("lr high", (15, 16), (17, 18, 19), (19,)),) if grows else ()
    halving = replace(PROTOCOL, strips=strips)
    trained: dict[tuple[int, int], int] = {}
    totals = []
    while True:
        scores = scores_of(trained, lambda *place: float(noise[place]))
        plan = planned(halving, SEEDS, EPOCHS, scores)
        totals.append(sum(plan.values()))
        assert all(plan[pair] >= epochs for pair, epochs in trained.items())
        found = progress(halving, SEEDS, EPOCHS, scores)
        if found.decided:
            break
        trained = dict(found.epochs)
    assert dict(plan) == trained
    if not found.grown:
        assert set(totals) == {206}
