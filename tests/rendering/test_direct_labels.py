"""Names at the ends of lines: as near to them as they can be, none on another."""

import itertools

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

from nagbench.rendering import style
from nagbench.rendering.direct_labels import End, label_ends, spread
from nagbench.rendering.looks import looks

ONES = np.ones(3)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([1.0, 5, 9], [1.0, 5, 9]),  # apart
        ([9.0, 1, 5], [9.0, 1, 5]),  # in any order
        ([5.0, 5, 5], [6.0, 5, 4]),  # the first on top
        ([5.0, 5.5, 9], [4.75, 5.75, 9]),  # each gives way by as much
        ([0.0, 0, 0], [2.5, 1.5, 0.5]),  # within the axes
        ([10.0, 10, 10], [9.5, 8.5, 7.5]),
        ([10.0, 8.9, 3], [9.5, 8.5, 3]),
    ],
)
def test_labels_give_way(wanted: list[float], found: list[float]) -> None:
    np.testing.assert_allclose(spread(np.array(wanted), ONES, 0, 10), found)


def test_taller_ones_take_more_room() -> None:
    found = spread(np.array([5.0, 5.0]), np.array([1.0, 3.0]), 0, 10)
    assert found[0] - found[1] == 2


def test_of_too_many_none_lies_on_another() -> None:
    found = spread(np.full(5, 2.0), np.ones(5), 0, 3)
    np.testing.assert_allclose(-np.diff(found), 1)


def test_names_follow_the_axes_whatever_becomes_of_them() -> None:
    style.use()
    figure, axis = plt.subplots(figsize=(3, 2))
    names = ["sgd", "heavy_ball", "nag", "adam"]
    ends = [End(1, n / 100, name, look) for n, (name, look) in enumerate(looks(names).items())]
    labels = label_ends(axis, ends)
    for change in (
        lambda: None,
        lambda: axis.set_ylim(-1, 2),
        lambda: figure.set_size_inches(4, 3),
    ):
        change()
        axis.plot([0, 1], [0, 1])
        figure.draw_without_rendering()
        boxes = [Text.get_window_extent(label) for label in labels]  # without leaders
        middles = [(box.y0 + box.y1) / 2 for box in boxes]
        assert middles == sorted(middles)  # as the lines end
        assert all(box.x0 > axis.get_window_extent().x1 for box in boxes)
        assert all(box.x1 <= figure.bbox.x1 for box in boxes)
        for one, other in itertools.combinations(boxes, 2):
            assert not one.padded(-1.5).overlaps(other)
    plt.close(figure)
