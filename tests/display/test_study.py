"""Speeds and times left, from epochs as they come."""

import io
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from nagbench.display.bars import SHOWN, picture, study_bars
from nagbench.display.lines import (
    WIDTH,
    Seldom,
    left_of_all,
    read_unit_line,
    study_line,
    unit_line,
)
from nagbench.display.study import StudyState

NAMES = ("tune/cnn/nag", "test/cnn/nag", "tune/a_long_workload/nag_sutskever", "band/cnn/sgd")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> StudyState:
    """A unit of ten epochs, one of twenty of the same pair, and one of another workload."""
    made = StudyState("demo", clock)
    for name, epochs in (("tune/cnn/nag", 10), ("test/cnn/nag", 20), ("tune/big/nag", 5)):
        made.add(name, 1000, 0, epochs)
    return made


def test_nothing_is_said_before_an_epoch_is_timed(state: StudyState, clock: Clock) -> None:
    state.begin("tune/cnn/nag")
    state.update("tune/cnn/nag", 4, 10, 0)  # kept from before
    clock.now = 30  # processes start
    state.update("tune/cnn/nag", 4, 10, 1)
    clock.now = 32
    state.update("tune/cnn/nag", 5, 10, 1)
    unit = state.units["tune/cnn/nag"]
    assert (state.left(unit), state.left_of_all(), left_of_all(state)) == (None, None, "")
    assert unit_line(state, unit) == "tune/cnn/nag: 5 of 10 epochs"
    clock.now = 34
    state.update("tune/cnn/nag", 6, 10, 1)
    assert state.left(unit) == pytest.approx(4 * 2)
    assert unit_line(state, unit) == "tune/cnn/nag: 6 of 10 epochs, 500 images/s, 0:08 left"


def test_what_was_kept_and_the_start_of_processes_are_not_taken_for_speed(
    state: StudyState, clock: Clock
) -> None:
    state.begin("test/cnn/nag")
    state.update("test/cnn/nag", 10, 20, 0)
    clock.now = 100
    for epoch in range(10, 16):
        state.update("test/cnn/nag", epoch, 20, 1)
        clock.now += 3
    clock.now -= 3
    assert state.units["test/cnn/nag"].rate() == pytest.approx(1 / 3)


def test_other_units_are_timed_by_their_workload_and_what_is_not_known_is_said(
    state: StudyState, clock: Clock
) -> None:
    state.begin("tune/cnn/nag")
    for epoch in range(11):
        state.update("tune/cnn/nag", epoch, 10, 1)
        clock.now += 2
    clock.now -= 2
    state.end("tune/cnn/nag")
    assert unit_line(state, state.units["tune/cnn/nag"]).endswith("10 of 10 epochs, done in 0:20")
    left = state.left_of_all()
    assert left is not None
    assert left.seconds == pytest.approx(20 * 2)
    assert not left.whole, "nothing tells how fast the big one trains"
    assert study_line(state) == "demo: 1 of 3 units, 10 of 35 epochs, >0:40 left"
    state.begin("tune/big/nag")
    for epoch in range(3):
        state.update("tune/big/nag", epoch, 5, 1)
        clock.now += 10
    clock.now -= 10
    assert study_line(state) == "demo: 1 of 3 units, 12 of 35 epochs, ~1:10 left"


def test_units_side_by_side_share_what_is_ahead(state: StudyState, clock: Clock) -> None:
    for name in ("tune/cnn/nag", "test/cnn/nag"):
        state.begin(name)
    del state.units["tune/big/nag"]
    for epoch in range(6):
        for name, epochs in (("tune/cnn/nag", 10), ("test/cnn/nag", 20)):
            state.update(name, epoch, epochs, 1)
        clock.now += 1
    clock.now -= 1
    left = state.left_of_all()
    assert left is not None
    assert left.seconds == pytest.approx(15), "no sooner than the longest"


def test_time_left_runs_down_and_waits_for_the_epoch(state: StudyState, clock: Clock) -> None:
    state.begin("tune/cnn/nag")
    for epoch in range(3):
        state.update("tune/cnn/nag", epoch, 10, 1)
        clock.now += 4
    unit = state.units["tune/cnn/nag"]
    found = []
    for clock.now in (8, 10, 12, 100):
        found.append(state.left(unit))
    assert found == pytest.approx([32, 30, 28, 28])


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(("begin", "update", "end", "stop")),
        st.integers(0, 10**7),
        st.integers(0, 10**7),
        st.integers(0, 64),
        st.floats(0, 1e6),
    ),
    max_size=30,
)


@given(EVENTS, st.integers(40, 200))
def test_whatever_happens_it_fits_and_counts_never_go_back(events: list, width: int) -> None:
    clock = Clock()
    state = StudyState("a_study_of_a_rather_long_name", clock)
    for name in NAMES:
        state.add(name, 50_000, 0, 300)
    before = 0
    for name, what, done, epochs, runs, seconds in events:
        clock.now += seconds
        if what == "begin":
            state.begin(name)
        elif what == "update":
            state.update(name, done, epochs, runs)
        else:
            state.end(name, complete=what == "end")
        now, whole = state.epochs()
        assert before <= now <= whole
        before = now
        times = [state.left(unit) for unit in state.units.values()]
        if (left := state.left_of_all()) is not None:
            times.append(left.seconds)
        assert all(time is None or (math.isfinite(time) and time >= 0) for time in times)
        plain = Console(file=(text := io.StringIO()), width=width, no_color=True)
        plain.print(picture(study_bars(state), width, "and what else there is " * 9))
        assert max(cell_len(line) for line in text.getvalue().splitlines()) <= min(width, WIDTH)


def test_a_line_says_what_is_read_again(state: StudyState) -> None:
    state.begin("tune/cnn/nag")
    state.update("tune/cnn/nag", 3, 10)
    said = unit_line(state, state.units["tune/cnn/nag"])
    assert read_unit_line(said) == ("tune/cnn/nag", 3, 10)
    assert read_unit_line("nagbench train: stopped early; 3 of 10 epochs") is None
    assert read_unit_line("") is None


def test_lines_come_at_first_often_and_then_seldom() -> None:
    """A second of clock for each call: of four hours, some hundred and forty lines."""
    seldom = Seldom()
    times = [now for now in range(4 * 3600) if seldom.due(float(now))]
    assert times[:4] == [0, 2, 4, 6]
    assert len(times) < 150
    gaps = [later - now for now, later in pairwise(times)]
    assert gaps == sorted(gaps)
    assert all(gap <= 3 + 0.05 * later for gap, later in zip(gaps, times[1:], strict=True))


def test_of_many_units_some_are_drawn_and_the_others_counted(clock: Clock) -> None:
    state = StudyState("demo", clock)
    for n in range(SHOWN + 2):
        state.add(f"tune/cnn/o{n}", 1000, 1, 4)
        state.begin(f"tune/cnn/o{n}")
    (*_, last) = bars = study_bars(state)
    assert len(bars) == 1 + SHOWN + 1
    assert (last.name, last.counted) == ("and 2 more", "2/8")


def test_a_unit_begun_again_is_timed_anew(state: StudyState, clock: Clock) -> None:
    state.begin("tune/cnn/nag")
    state.update("tune/cnn/nag", 3, 10)
    state.end("tune/cnn/nag", complete=False)
    clock.now = 1000
    state.begin("tune/cnn/nag")
    for epoch in range(3, 6):
        state.update("tune/cnn/nag", epoch, 10)
        clock.now += 2
    assert state.units["tune/cnn/nag"].rate() == pytest.approx(1 / 2)
