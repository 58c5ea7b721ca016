"""What chance decides depends on (seed, purpose, epoch) and on nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nagbench.engine.randomness import PURPOSES, EpochPlan, epoch_plan, generator, split, word
from small_runs import recipe_of

SEEDS = st.integers(0, 2**32 - 1)
SIDES = 32, 20


def planned(seed: int, epoch: int, count: int, features: list[int], **options: object) -> EpochPlan:
    return epoch_plan(seed, epoch, count, SIDES, recipe_of(**options), features)


@given(seed=SEEDS, epoch=st.integers(0, 100))
def test_the_same_key_gives_the_same_tables(seed: int, epoch: int) -> None:
    first, second = (planned(seed, epoch, 50, [3], cutout=8) for _ in range(2))
    assert len(first.tables()) == 6
    for one, other in zip(first.tables(), second.tables(), strict=True):
        np.testing.assert_array_equal(one, other)


@given(seed=SEEDS, epoch=st.integers(1, 100), padding=st.integers(0, 8))
def test_tables_stay_in_their_ranges(seed: int, epoch: int, padding: int) -> None:
    plan = planned(seed, epoch, 50, [3], padding=padding, cutout=8)
    assert sorted(plan.order) == list(range(50))
    for corner in (plan.rows, plan.columns):
        assert corner.min() >= 0
        assert corner.max() <= 2 * padding
    assert plan.dropout[0].dtype == np.uint8
    assert plan.holes is not None
    assert plan.holes.min() >= 0
    assert (plan.holes.max(0) < SIDES).all()


def test_options_do_not_disturb_one_another() -> None:
    """Dropout, flips or cutout on or off leave order and crops as they are."""
    plain = planned(7, 3, 1000, [], flip=False)
    full = planned(7, 3, 1000, [64], cutout=16)
    assert plain.holes is None
    np.testing.assert_array_equal(plain.order, full.order)
    np.testing.assert_array_equal(plain.rows, full.rows)
    assert not plain.flips.any()
    assert 0.4 < full.flips.mean() < 0.6


def test_seeds_epochs_and_purposes_have_streams_of_their_own() -> None:
    streams = [
        generator(seed, purpose, epoch).random(4).tobytes()
        for seed in range(5)
        for epoch in range(5)
        for purpose in PURPOSES
    ]
    assert len(set(streams)) == len(streams)


@given(seed=SEEDS, epoch=st.integers(0, 100))
def test_seeds_for_other_generators_fit_into_them(seed: int, epoch: int) -> None:
    assert 0 <= word(seed, "optimizer", epoch) < 2**63
    assert word(seed, "optimizer", epoch) != word(seed, "optimizer", epoch + 1)


def test_crops_reach_every_corner_evenly() -> None:
    rows = planned(1, 1, 90_000, []).rows
    counts = np.bincount(rows, minlength=9)
    assert len(counts) == 9
    assert np.abs(counts / 10_000 - 1).max() < 0.05


def test_the_split_is_one_for_all_and_leaves_nothing_out() -> None:
    train, validation = split(100, 20)
    assert sorted([*train, *validation]) == list(range(100))
    assert len(validation) == 20
    np.testing.assert_array_equal(split(100, 20)[1], validation)
