"""`nagbench.draw`: a figure of some optimizers, for a paper of one's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.text import Text

import nagbench
from nagbench.cli import main
from nagbench.errors import InputError
from nagbench.rendering.figures import NAMES
from nagbench.rendering.style import COLUMN, looks

SIX = ["nag", "sgd", "adam", "nadam", "heavy_ball", "nag_sutskever"]


def named(figure: Figure) -> list[str]:
    """What the lines of the last panel are called at their ends."""
    return [" ".join(text.get_text().split()) for text in figure.axes[-1].texts]


def test_an_excerpt_under_names_of_ones_own(
    folder: Path, tables: Mapping[str, pd.DataFrame]
) -> None:
    figure = nagbench.draw(
        "learning_curves", study="demo", statistics=folder, optimizers=["nag", "sgd"],
        labels={"nag": "Ours", "tiny_cnn": "Our network"}, width="single",
    )  # fmt: skip
    assert named(figure) == ["Ours", "SGD"]
    assert figure.axes[0].get_title("left") == "Our network"
    assert figure.get_figwidth() == COLUMN
    rows = tables["learning_curves"]
    rows = rows[(rows["optimizer"] == "nag") & (rows["metric"] == "validation_accuracy")]
    line = figure.axes[1].lines[0]
    np.testing.assert_allclose(line.get_ydata(), 100 * rows["mean"])
    assert line.get_color() == looks(["nag"])["nag"].colour


def test_without_result_tables_it_is_computed_from_the_records() -> None:
    """Means over seeds, as they are computed here from the loaded table."""
    figure = nagbench.draw(
        "learning_curves", study="pilot", records="paper/records/pilot", optimizers="nag",
        workloads="seed_cnn",
    )  # fmt: skip
    table = nagbench.load("pilot", records="paper/records/pilot")
    own = table[(table["stage"] == "test") & (table["roles"].str.contains("accuracy"))]
    own = own[(own["workload"] == "seed_cnn") & (own["optimizer"] == "nag")]
    means = own.groupby("epoch")["validation_accuracy"].mean()
    np.testing.assert_allclose(
        figure.axes[1].lines[0].get_xydata(), np.column_stack([means.index, 100 * means])
    )


def test_what_was_validated_is_drawn_from_what_is_committed() -> None:
    figure = nagbench.draw("theory", study="pilot", records="paper/records/pilot")
    assert figure.axes


def test_matplotlib_stays_as_it_was(folder: Path) -> None:
    before, backend = dict(mpl.rcParams), mpl.get_backend()
    open_before = plt.get_fignums()
    figure = nagbench.draw("ranks", study="demo", statistics=folder, style="ggplot", font_size=11)
    assert dict(mpl.rcParams) == before
    assert mpl.get_backend() == backend
    assert plt.get_fignums() == open_before
    assert figure.axes


def test_it_is_saved_in_the_style_in_which_it_was_drawn(folder: Path, tmp_path: Path) -> None:
    """As the command saves it, whatever matplotlib has in force: with TrueType fonts."""
    with mpl.rc_context({"pdf.fonttype": 3, "font.size": 20, "savefig.bbox": "tight"}):
        figure = nagbench.draw("learning_curves", study="demo", statistics=folder)
        figure.savefig(tmp_path / "api.png", dpi=200)
        figure.savefig(tmp_path / "api.pdf")
    command = tmp_path / "command.png"
    words = ["learning_curves", "--statistics", str(folder), "--output", str(command)]
    assert main(["figure", *words]) == 0
    ours, theirs = plt.imread(tmp_path / "api.png"), plt.imread(command)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).mean() < 0.01
    assert b"/FontFile2" in (tmp_path / "api.pdf").read_bytes()
    assert b"/Type3" not in (tmp_path / "api.pdf").read_bytes()


@pytest.mark.parametrize("over", ["default", "ggplot", {"font.family": "DejaVu Sans"}])
@pytest.mark.parametrize("width", ["single", "double", 5])
@pytest.mark.parametrize("name", ["learning_curves", "theory"])
def test_no_name_is_cut_off(name: str, width: Any, over: Any, folder: Path) -> None:
    """Six at lines' ends, and a legend, in a style with larger letters too."""
    figure = nagbench.draw(
        name, study="demo", statistics=folder, optimizers=SIX, width=width, style=over
    )
    inches = {"single": COLUMN, "double": 2 * COLUMN}.get(width, width)
    assert figure.get_figwidth() == inches
    words = [Text.get_window_extent(text) for text in figure.axes[-1].texts]
    legends = [one.get_window_extent() for one in figure.legends]
    for box in legends:
        assert box.y1 < min(axis.xaxis.label.get_window_extent().y0 for axis in figure.axes)
    assert len(words) == (len(SIX) if name == "learning_curves" else 0)
    assert len(legends) == (name == "theory")
    for box in words + legends:
        assert 0 <= box.x0 < box.x1 <= figure.bbox.x1


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_fits_a_column(name: str, folder: Path) -> None:
    figure = nagbench.draw(name, study="demo", statistics=folder, width="single", font_size=7)
    assert figure.get_figwidth() == COLUMN
    for one in figure.legends:
        assert one.get_window_extent().x0 >= 0
        assert one.get_window_extent().x1 <= figure.bbox.x1


def test_a_style_decides_what_the_project_does_not(folder: Path) -> None:
    words: dict[str, Any] = {"study": "demo", "statistics": folder}
    over = {"axes.grid": False, "lines.linewidth": 3, "figure.constrained_layout.use": False}
    figure = nagbench.draw("learning_curves", **words, style=["ggplot", over], font_size=6)
    assert figure.axes[0].lines[0].get_linewidth() == 3
    assert figure.axes[0].xaxis.label.get_size() == 6  # what is said here counts most
    assert figure.get_layout_engine() is not None  # the legend's place is its matter


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"name": "learning_curve"}, "figure: found 'learning_curve' (is learning_curves meant?)"),
        ({"optimizers": ["nag", "adma"]}, "optimizers: found 'adma' (is adam meant?)"),
        ({"workloads": "tiny"}, "workloads: found 'tiny' (is tiny_cnn meant?)"),
        ({"labels": {"nga": "NAG"}}, "labels: found 'nga' (is nag meant?)"),
        ({"labels": {"nag": 3}}, "labels of nag: found 3; allowed: a text"),
        (
            {"width": "triple"},
            "width: found triple; allowed: 0.5 to 40 inches, or single or double",
        ),
        ({"width": 0}, "width: found 0; allowed: 0.5 to 40"),
        ({"font_size": 100}, "font_size: found 100; allowed: 4 to 40 points"),
        ({"width": 0.5, "font_size": 40}, "figure ranks: 0.5 × "),
        ({"style": "seaborn-paper"}, "style: "),
        ({"style": {"lines.width": 1}}, "style: "),
        ({"style": {"lines.linewidth": "wide"}}, "style: "),
        ({"study": "dmeo"}, "study 'dmeo': none of that name (is demo meant?)"),
    ],
)
def test_what_cannot_be_drawn_is_one_clear_error(
    words: dict[str, Any], said: str, folder: Path
) -> None:
    asked = {"name": "ranks", "study": "demo", "statistics": folder, **words}
    with pytest.raises(InputError) as error:
        nagbench.draw(**asked)
    assert str(error.value).startswith(said)
    assert not plt.get_fignums()
