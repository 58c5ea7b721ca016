"""How many runs are trained side by side: as long as one more pays, fits and can be captured."""

from collections.abc import Callable, Sequence

import pytest
import torch

from nagbench.data.images import ImageSet
from nagbench.engine.graph import LANES, NotCapturable
from nagbench.engine.splits import place_splits
from nagbench.runner.parallel_runs import measured_lanes
from small_runs import CPU, recipe_of


class Machine:
    """A device whose replay takes a second, and more with each lane; it holds `room` of them."""

    def __init__(self, a_lane: float = 0.0, room: int = LANES, refuses: bool = False) -> None:
        self.a_lane, self.room, self.refuses, self.seconds = a_lane, room, refuses, 0.0

    def capture(
        self, branches: Sequence[Callable[[], object]], _: torch.device
    ) -> Callable[[], None]:
        if self.refuses:
            raise NotCapturable("no")
        if len(branches) > self.room:
            raise torch.OutOfMemoryError("full")
        took: list[None] = []

        def replay() -> None:
            self.seconds += 1 + self.a_lane * len(branches)
            if not took:  # once is enough to see that it trains
                took.extend([branch() for branch in branches])  # type: ignore[misc]

        return replay

    def clock(self, _: torch.device) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("machine", "recipes", "lanes"),
    [
        (Machine(), 20, 16),  # each doubling is worth it
        (Machine(), 40, 16),  # torch has no streams for 32
        (Machine(), 3, 2),
        (Machine(a_lane=100), 20, 1),  # side by side is one after another
        (Machine(a_lane=1), 20, 8),  # 4 lanes win a fifth, 8 a ninth, 16 a seventeenth
        (Machine(room=5), 20, 4),
        (Machine(refuses=True), 20, 1),
    ],
)
def test_lanes_are_doubled_while_it_pays(
    images: ImageSet, machine: Machine, recipes: int, lanes: int
) -> None:
    some = [recipe_of("logistic", epochs=1, seed=seed) for seed in range(recipes)]
    splits = place_splits(images, some[0], CPU)
    found = measured_lanes(some, splits, CPU, machine.capture, machine.clock)
    assert found == lanes


def test_what_is_not_captured_whole_trains_alone(images: ImageSet) -> None:
    """Adam counts on the host, unless it is asked not to: nothing is captured to be measured."""
    some = [recipe_of("logistic", "adam", epochs=1, seed=seed) for seed in range(4)]
    machine = Machine()
    assert measured_lanes(some, place_splits(images, some[0], CPU), CPU, machine.capture) == 1
    assert machine.seconds == 0
