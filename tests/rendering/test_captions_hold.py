"""What captions say of figures holds for what is drawn; each test quotes what it checks."""

import importlib
import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

from nagbench.rendering import style
from nagbench.rendering.looks import looks
from nagbench.rendering.lookup import against, targets, tuned

Tables = Mapping[str, pd.DataFrame]


def figure_of(name: str, tables: Tables, *said: str) -> Figure:
    """The figure, whose caption says so."""
    caption = Path(f"workflow/report/{name}.rst").read_text(encoding="utf-8")
    for words in said:
        assert words in " ".join(caption.split())
    style.use()
    return importlib.import_module(f"nagbench.rendering.figures.{name}").render(tables)


def lines(axis: Axes, label: str) -> list[Line2D]:
    return [line for line in axis.lines if line.get_label() == label]


def bars(axis: Axes, place: int) -> list[list[float]]:
    """The horizontal lines in a row, without marks."""
    return [
        list(line.get_xdata())
        for line in axis.lines
        if len(line.get_xdata()) == 2 and list(line.get_ydata()) == [place, place]
    ]


def beside(axis: Axes) -> dict[float, str]:
    """What stands to the right of the rows."""
    notes = [text for text in axis.texts if isinstance(text, Annotation) and text.xy[0] == 1]
    return {text.xy[1]: text.get_text() for text in notes}


def rows(axis: Axes) -> list[str]:
    return [label.get_text() for label in axis.get_yticklabels()]


def test_learning_curves(tables: Tables) -> None:
    said = ("Lines are means over seeds, bands their 95 % intervals",)
    figure = figure_of("learning_curves", tables, *said)
    curves = tables["learning_curves"]
    for axis, metric, scale in (
        (figure.axes[0], "train_loss", 1),
        (figure.axes[1], "validation_accuracy", 100),
    ):
        bands = {tuple(np.round(band.get_facecolor()[0][:3], 6)): band for band in axis.collections}
        assert len(bands) == len(tables["optimizers"])
        for name, look in looks(tables["optimizers"]["optimizer"]).items():
            own = curves[(curves["optimizer"] == name) & (curves["metric"] == metric)]
            (line,) = lines(axis, name)
            np.testing.assert_allclose(line.get_ydata(), scale * own["mean"])
            (path,) = bands[tuple(np.round(look.colour, 6))].get_paths()
            heights = {round(y, 6) for _, y in path.vertices}
            ends = np.concatenate([scale * own["low"], scale * own["high"]])
            assert heights == {round(y, 6) for y in ends if math.isfinite(y)}


def test_the_loss_axis_ends_above_the_first_epoch(many: Tables) -> None:
    said = "that of the loss ends a tenth above the largest of their means in the first epoch"
    high = many["learning_curves"].copy()
    high.loc[(high["optimizer"] == "adam") & (high["epoch"] > 4), "mean"] = 1e6
    figure = figure_of("learning_curves", {**many, "learning_curves": high}, said)
    first = high[(high["metric"] == "train_loss") & (high["epoch"] <= 1)]
    first = first[first["workload"] == "seed_cnn"]
    assert figure.axes[0].get_ylim()[1] == pytest.approx(1.1 * first["mean"].max())


def test_survival(tables: Tables) -> None:
    said = ("reached the workload's middle target", "exact pointwise 95 % intervals")
    figure = figure_of("survival", tables, *said, "A marker ends each curve")
    axis, workload = figure.axes[0], next(tables["workloads"].itertuples())
    assert len(targets(workload)) == 3
    shown = tables["survival"]
    shown = shown[(shown["clock"] == "epochs") & (shown["kind"] == "sustained")]
    shown = shown[shown["target"] == targets(workload)[1]]
    arrived = [name for name, own in shown.groupby("optimizer") if own["arrived"].iloc[-1] > 0]
    assert len(axis.collections) == len(arrived)
    markers = [line for line in axis.lines if line.get_marker() not in ("", "None")]
    assert len(markers) == len(arrived) == len(axis.texts)
    for name in arrived:
        (line,) = lines(axis, name)
        expected = 100 * shown.loc[shown["optimizer"] == name, "arrived"]
        np.testing.assert_allclose(line.get_ydata(), expected, atol=2)


def test_times_to_target(tables: Tables) -> None:
    said = ("Bars are exact 95 % intervals, as far as they are bounded", "open where some runs")
    figure = figure_of("time_to_target", tables, *said, "An arrow names the lowest target that")
    axis, times = figure.axes[0], tables["time_to_target"]
    times = times[(times["clock"] == "epochs") & (times["kind"] == "sustained")]
    labels = tables["optimizers"].set_index("optimizer")["label"]
    for name, own in times.sort_values("target").groupby("optimizer"):
        place = rows(axis).index(labels[name])
        reached = own[np.isfinite(own["median"])]
        for mark, row in zip(lines(axis, name), reached.itertuples(), strict=True):
            hollow = mark.get_markerfacecolor() == "white"
            assert hollow == (row.reached < row.runs)
            high = row.high if np.isfinite(row.high) else row.median
            assert [row.low, high] in bars(axis, place)
        missed = own[own["median"] == np.inf]
        if missed.empty:
            assert place not in beside(axis)
        else:
            row = missed.iloc[0]
            start = f"{100 * row['target']:g} %: "
            end = f"only {row['reached']}/{row['runs']}"
            end = end if row["reached"] else f"never (0/{row['runs']})"
            assert beside(axis)[place] == start + end


def test_speedup(tables: Tables) -> None:
    said = ("with 95 % intervals over seeds", "how many pairs of runs with the same seed")
    figure = figure_of("speedup", tables, *said, "Grey: the corrected test shows no difference")
    axis, labels = figure.axes[0], tables["optimizers"].set_index("optimizer")["label"]
    found = against(tables["speed_comparisons"], "sgd", "tiny_cnn")
    assert sorted(rows(axis)) == sorted(labels[found["optimizer"]])
    for row in found.itertuples():
        place = rows(axis).index(labels[row.optimizer])
        assert beside(axis)[place] == f"{row.wins}/{row.pairs}"


def test_gains(many: Tables) -> None:
    figure = figure_of("gains", many, "under 1 it is sooner", "Shaded: the grid of targets")
    grid = many["gains"][many["gains"]["in_grid"]]
    for axis in figure.axes:
        (shade,) = axis.patches
        ends = 100 * grid["target"].min(), 100 * grid["next_target"].max()
        assert (shade.get_x(), shade.get_x() + shade.get_width()) == pytest.approx(ends)
        (one,) = (line for line in axis.lines if list(line.get_ydata()) == [1, 1])
        assert one.get_color() == "black"


@pytest.mark.parametrize("side", ["arrived", "reference_arrived"])
def test_gains_leave_out_who_never_arrives(side: str, many: Tables) -> None:
    """Its whole budget, at each target, would squeeze all that others gain."""
    gains = many["gains"]
    pairs = gains[["optimizer", "reference"]].drop_duplicates()
    name, other = pairs.iloc[0]
    never = (gains["optimizer"] == name) & (gains["reference"] == other)
    changed = many | {"gains": gains.assign(**{side: gains[side].mask(never, 0)})}
    figure = figure_of("gains", changed, "a pair of which one never arrives is left out")
    drawn = [len(axis.lines) - 1 for axis in figure.axes]
    assert sum(drawn) == len(pairs) - 1
    none = figure_of("gains", many | {"gains": gains.assign(**{side: 0})})
    assert [text.get_text() for text in none.texts] == ["No pair of a claim on speed arrives."]


def test_ranks(tables: Tables) -> None:
    figure = figure_of("ranks", tables, "on the first workload", "the bar on top shows to scale")
    ranks = tables["ranks"][tables["ranks"]["scope"] == "tiny_cnn"]
    (ruler,) = lines(figure.axes[0], "difference")
    assert np.ptp(ruler.get_xdata()) == pytest.approx(ranks["critical_difference"].iloc[0])
    for row in ranks.itertuples():
        (mark,) = lines(figure.axes[0], row.optimizer)
        assert mark.get_xdata()[0] == row.mean_rank


def test_steadiness(many: Tables) -> None:
    figure = figure_of("steadiness", many, "Where all runs broke off, only that share is drawn")
    spread, spikes, diverged = figure.axes[:3]
    own = many["stability"][many["stability"]["workload"] == "seed_cnn"]
    for row in own.itertuples():
        drawn = [len(lines(axis, row.optimizer)) for axis in (spread, spikes, diverged)]
        whole = row.diverged + row.failed < row.runs
        assert drawn == [whole, whole, 1]
    assert {axis.get_xscale() for axis in figure.axes} == {"linear"}


def test_sensitivity(tables: Tables) -> None:
    said = ("thin lines reach from the worst seed to the best", "Filled points are the settings")
    figure = figure_of("sensitivity", tables, *said)
    tried = tuned(tables["sensitivity"].dropna(subset=["learning_rate"]))
    labels = tables["optimizers"].set_index("optimizer")["label"]
    panels = {" ".join(axis.get_title().split()): axis for axis in figure.axes}
    assert set(panels) == set(labels[tried["optimizer"].unique()])
    for name, own in tried.groupby("optimizer"):
        axis = panels[labels[name]]
        (points,) = lines(axis, name)
        np.testing.assert_allclose(sorted(points.get_ydata()), sorted(100 * own["accuracy"]))
        (ranges,) = (one for one in axis.collections if isinstance(one, LineCollection))
        ends = {tuple(np.round(segment[:, 1], 6)) for segment in ranges.get_segments()}
        assert ends == {(round(100 * low, 6), round(100 * high, 6))
                        for low, high in zip(own["worst"], own["best"], strict=True)}  # fmt: skip
        settings = tables["settings"]
        chosen = set(settings.loc[settings["optimizer"] == name, "trial"]) & set(own["trial"])
        (filled,) = lines(axis, f"{name}, tested")
        assert len(filled.get_xdata()) == len(chosen)
        others = {json.dumps(json.loads(text) | {"lr": 0}) for text in own["settings"]}
        assert (points.get_linestyle() == "-") == (len(others) == 1)


def test_cost(tables: Tables) -> None:
    said = ("with its 95 % interval, the most accurate on top", "in the median", "less than half")
    axis = figure_of("cost", tables, *said).axes[0]
    labels = tables["optimizers"].set_index("optimizer")["label"]
    ordered = tables["summary"].sort_values("accuracy", ascending=False)
    assert rows(axis) == list(labels[ordered["optimizer"]])
    half = ordered["accuracy"].iloc[0] / 2
    for place, row in enumerate(ordered.itertuples()):
        assert beside(axis)[place] == f"{row.gradients:.0f}"
        ends = [100 * row.low, 100 * row.high]
        assert bars(axis, place) == ([] if row.accuracy < half else [ends])


def test_calibration(many: Tables) -> None:
    said = ("hollow in the figure, whose bars are three standard errors",)
    figure = figure_of("calibration", many, *said)
    table = many["calibration"]
    for axis, claim in zip(figure.axes, ("level", "coverage", "power"), strict=True):
        own = table[table["claim"] == claim]
        for container in axis.containers:
            assert isinstance(container, ErrorbarContainer)
            points, _, (ranges,) = container.lines
            kept = own[own["holds"] == (points.get_markerfacecolor() != "white")]
            drawn = points.get_ydata() if claim == "power" else points.get_xdata()
            np.testing.assert_allclose(sorted(drawn), sorted(kept["found"]))
            along = 1 if claim == "power" else 0
            lengths = [np.ptp(segment[:, along]) for segment in ranges.get_segments()]
            np.testing.assert_allclose(sorted(lengths), sorted(6 * kept["error"]), atol=1e-12)


def test_theory_draws_methods_in_their_colours(tables: Tables) -> None:
    figure = figure_of("theory", tables, "Thin lines fall by the factor that is proven")
    (legend,) = figure.legends
    shown = {str(line.get_label()) for axis in figure.axes for line in axis.lines}
    methods = tables["theory"][tables["theory"]["curve_step"].map(len) > 0]
    names = methods.drop_duplicates("method").set_index("method")["label"]
    assert {name for name in shown if name[0] != "_"} <= set(names.index)
    assert [text.get_text() for text in legend.get_texts()] == list(names)
    for axis in figure.axes:
        for line in axis.lines:
            if line.get_label() in names.index:
                assert to_rgb(line.get_color()) == style.colour(str(line.get_label()))
