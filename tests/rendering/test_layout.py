"""Groups of optimizers, stretches of equals, and letters that the font lacks."""

import pytest
from crowd import crowd

from nagbench.rendering import layout, style
from nagbench.study.file import load_study


def test_few_stand_together_and_many_in_groups_with_the_baseline() -> None:
    optimizers = crowd(load_study("pilot"))["optimizers"]
    assert [len(group) for group in layout.groups(optimizers.head(7), "sgd")] == [7]
    groups = layout.groups(optimizers, "sgd")
    assert set().union(*(group["optimizer"] for group in groups)) == set(optimizers["optimizer"])
    for group in groups:
        assert group["optimizer"].iloc[0] == "sgd"
        assert len(group) <= 7
    members = [name for group in groups for name in group["optimizer"][1:]]
    assert len(members) == len(set(members))


def test_letters_that_the_font_has_elsewhere_are_set_as_mathematics() -> None:
    assert style.plain("a_b <5 $") == r"a$\_$b $<$5 \$"


@pytest.mark.parametrize(
    ("places", "joined"),
    [
        ([1, 2, 3], []),
        ([1, 1.4, 3, 3.2, 3.6], [(0, 1), (2, 3), (3, 4)]),
        ([1, 1.4, 1.5], [(0, 2)]),
    ],
)
def test_the_longest_stretches_of_equals(
    places: list[float], joined: list[tuple[int, int]]
) -> None:
    assert layout.runs_of_equals(places, 0.5) == joined
