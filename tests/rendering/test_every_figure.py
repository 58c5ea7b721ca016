"""Every figure holds what studies bring: forty optimizers or two, pairs that nobody trained, values
that are not defined."""

import itertools
import math

import pytest
from matplotlib.text import Text
from rendered import Tables, render

from nagbench.rendering.figures import NAMES

FIGURES = pytest.mark.parametrize("name", [name for name in NAMES if name != "theory"])


@FIGURES
@pytest.mark.parametrize("size", ["two", "many", "most"])
@pytest.mark.parametrize("workload", ["", "A network with a name, batch 32, no augmentation"])
def test_words_lie_neither_on_each_other_nor_outside(
    name: str,
    size: str,
    workload: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables = request.getfixturevalue(size)
    if workload:
        tables = tables | {"workloads": tables["workloads"].assign(label=workload)}
    figure = render(name, tables)
    texts: list[Text] = []
    monkeypatch.setattr(Text, "draw", lambda text, _: texts.append(text))
    figure.draw_without_rendering()
    boxes = []
    for text in texts:
        if text.get_visible() and text.get_text().strip():
            box = Text.get_window_extent(text)  # without the leader to a line's end
            assert -2 <= box.x0 < box.x1 <= figure.bbox.x1 + 2, text.get_text()
            assert -2 <= box.y0 < box.y1 <= figure.bbox.y1 + 2, text.get_text()
            boxes.append((box.padded(-1.5), text.get_text()))
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        assert not one.overlaps(other), (first, second)


@FIGURES
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_not_defined_leave_gaps(name: str, value: float, many: Tables) -> None:
    kept = ("target", "next_target", "epoch", "level")
    tables = {
        table: frame.assign(
            **{column: value for column in frame.select_dtypes(float).columns if column not in kept}
        )
        for table, frame in many.items()
    }
    tables["profiles"] = many["profiles"].assign(area=value)
    render(name, tables).draw_without_rendering()


@FIGURES
def test_rows_that_are_missing_leave_gaps(name: str, many: Tables) -> None:
    kept = ("study", "workloads", "optimizers")
    half = {table: frame if table in kept else frame.iloc[::2] for table, frame in many.items()}
    none = {table: frame if table in kept else frame.iloc[:0] for table, frame in many.items()}
    for tables in (half, none):
        render(name, tables).draw_without_rendering()


@FIGURES
@pytest.mark.parametrize("size", ["two", "many", "most"])
def test_no_panel_is_empty_and_no_letter_below_six_points(
    name: str, size: str, request: pytest.FixtureRequest
) -> None:
    """Of workloads that nobody has trained on yet there is none."""
    tables = request.getfixturevalue(size)
    first = tables["workloads"]["workload"].iloc[0]
    under_way = {
        table: frame[frame["workload"] == first]
        if "workload" in frame and table != "workloads"
        else frame
        for table, frame in tables.items()
    }
    figure = render(name, under_way)
    figure.draw_without_rendering()
    for axis in figure.axes:
        assert axis.lines or axis.collections or axis.patches, axis.get_title()
    assert min(text.get_size() for text in figure.findobj(Text)) >= 6
    if name != "claims":  # of which there may be many
        assert max(figure.get_size_inches()) <= 9.5
