"""Each figure's marks lie where its table says."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation, Text
from rendered import Tables, render

from nagbench.rendering import layout, style
from nagbench.rendering.lookup import against, middle, middle_target, targets


def drawn(axis: Axes, label: str) -> np.ndarray:
    """The points of the last line with this label; those before it may be background."""
    lines = [line for line in axis.lines if line.get_label() == label]
    return np.asarray(lines[-1].get_xydata())


def coloured(axis: Axes) -> dict[str, Line2D]:
    """The labelled lines in front."""
    return {
        str(line.get_label()): line
        for line in axis.lines
        if not str(line.get_label()).startswith("_") and line.get_color() != style.GREY
    }


def said(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(Text))


def note(figure: Figure) -> str:
    return " ".join(figure.get_supxlabel().split())


def rows_of(axis: Axes) -> list[str]:
    return [label.get_text() for label in axis.get_yticklabels()]


def test_members_of_a_group_can_be_told_apart_in_colour_and_in_grey(many: Tables) -> None:
    looks = style.looks(list(many["optimizers"]["optimizer"]))
    for group in layout.groups(many["optimizers"], "sgd"):
        for one, other in itertools.combinations(group["optimizer"], 2):
            first, second = looks[one], looks[other]
            assert first.colour != second.colour
            greys = [np.dot(look.colour, (0.299, 0.587, 0.114)) for look in (first, second)]
            lines = [(look.marker, str(look.dashes)) for look in (first, second)]
            assert abs(greys[0] - greys[1]) > 0.1 or lines[0] != lines[1]


def test_the_middle_target_is_that_of_the_tables(many: Tables) -> None:
    for workload in many["workloads"].itertuples():
        assert middle(targets(workload)) == middle_target(many, workload.workload)


def test_survival_steps_where_runs_arrive(two: Tables) -> None:
    figure = render("survival", two)
    curve = drawn(figure.axes[0], "nag")
    rows = two["survival"]
    rows = rows[(rows["workload"] == "seed_cnn") & (rows["optimizer"] == "nag")]
    rows = rows[rows["target"] == 0.4]
    np.testing.assert_allclose(curve[:, 0], rows["time"])
    np.testing.assert_allclose(curve[:, 1], 100 * rows["arrived"], atol=1)  # apart by a hair
    assert figure.axes[0].get_title("left") == "Article CNN: 40 %"
    assert len(figure.axes[0].collections) == 2  # the bands
    plain = two["survival"].drop(columns=["low", "high"])
    assert not render("survival", two | {"survival": plain}).axes[0].collections


def test_each_panel_of_many_shows_its_group_before_all_others(many: Tables) -> None:
    """And names those in front at their ends, and nobody else."""
    figure = render("survival", many)
    panels = [axis for axis in figure.axes if "Article CNN: " in axis.get_title("left")]
    arrived = many["optimizers"]["optimizer"][:-1]  # but for the last
    named = dict(zip(many["optimizers"]["optimizer"], many["optimizers"]["label"], strict=True))
    assert len(panels) == len(layout.groups(many["optimizers"].iloc[:-1], "sgd"))
    for axis in panels:
        assert {str(line.get_label()) for line in axis.lines} >= set(arrived)
        labels = {" ".join(text.get_text().split()) for text in axis.texts}
        assert labels == {style.plain(named[name]) for name in coloured(axis)}
        assert len(labels) <= 8


def test_who_never_arrives_is_named_below(many: Tables, two: Tables) -> None:
    last = many["optimizers"]["label"].iloc[-1]
    assert f"Never arrived on Article CNN (0/4): {last}." in note(render("survival", many))
    assert not note(render("survival", two))
    nobody = two["time_to_target"].assign(reached=0)
    assert "No run reached" in said(render("survival", two | {"time_to_target": nobody}))


def test_runs_that_broke_off_are_counted_below_and_draw_no_axis_out(many: Tables) -> None:
    labels = list(many["optimizers"]["label"])
    figure = render("learning_curves", many)
    one, all_four = (style.plain(label) for label in labels[-3:-1])
    assert note(figure) == f"Broke off on Article CNN: {one} 1/4; {all_four} 4/4."
    names = {str(line.get_label()) for axis in figure.axes for line in axis.lines}
    assert set(many["optimizers"]["optimizer"]) - names == {
        many["optimizers"]["optimizer"].iloc[-2]
    }
    high = many["learning_curves"].copy()
    high.loc[(high["optimizer"] == "adam") & (high["epoch"] > 4), "mean"] = 1e6
    for axis in render("learning_curves", many | {"learning_curves": high}).axes[::2]:
        assert axis.get_ylim()[1] < 3


def test_panels_of_one_workload_have_the_same_axes(many: Tables) -> None:
    axes = render("learning_curves", many).axes
    groups = len(layout.groups(many["optimizers"].drop(index=19), "sgd"))
    for column in (axes[: 2 * groups : 2], axes[1 : 2 * groups : 2]):
        assert len({axis.get_ylim() for axis in column}) == 1


def test_times_to_targets_stand_in_their_rows(many: Tables) -> None:
    axis = render("time_to_target", many).axes[0]
    place = rows_of(axis).index("NAG")
    rows = many["time_to_target"]
    rows = rows[(rows["workload"] == "seed_cnn") & (rows["optimizer"] == "nag")]
    marks = [line for line in axis.lines if line.get_label() == "nag"]
    assert [float(mark.get_xdata()[0]) for mark in marks] == list(rows["median"])
    assert {float(mark.get_ydata()[0]) for mark in marks} == {place}
    sizes = [mark.get_markersize() for mark in marks]
    assert sizes == sorted(sizes)
    assert {mark.get_markerfacecolor() for mark in marks} == {"white"}  # a run never arrived
    last = many["optimizers"]["optimizer"].iloc[-1]
    assert last not in coloured(axis)  # nobody arrived
    (arrow,) = (text for text in axis.texts if isinstance(text, Annotation) and text.arrow_patch)
    assert (arrow.get_text(), arrow.xy[1]) == ("never (0/4)", 20)


def test_ratios_are_to_the_baseline_whichever_comes_first(many: Tables) -> None:
    pairs = many["speed_comparisons"]
    first = against(pairs, "sgd", "seed_cnn").set_index("optimizer")
    assert first.at["nag", "ratio"] == pytest.approx(1.2)
    other = against(pairs, "nag", "seed_cnn").set_index("optimizer")
    assert other.at["sgd", "ratio"] == pytest.approx(1 / 1.2)
    assert other.at["sgd", "low"] == pytest.approx(1 / (1.3 * 1.2))
    assert other.at["sgd", "high"] == pytest.approx(1 / (0.8 * 1.2))
    assert other.at["nag_sutskever", "ratio"] == pytest.approx(1.3 / 1.2)


def test_gains_are_drawn_in_the_middle_of_their_steps_until_neither_arrives(many: Tables) -> None:
    gains = many["gains"]
    sides = ["arrived", "reference_arrived"]
    nobody = gains[sides].mask(gains["target"] > 0.4, 0)
    figure = render("gains", many | {"gains": gains.assign(**nobody)})
    panels = [axis.get_title("left") for axis in figure.axes]
    own = gains[gains["workload"] == many["workloads"]["workload"].iloc[0]]
    named = many["optimizers"].set_index("optimizer")["label"]
    assert panels == list(named[own["optimizer"].unique()])
    for axis, (_, lines) in zip(figure.axes, own.groupby("optimizer", sort=False), strict=True):
        for reference, steps in lines.groupby("reference"):
            shown = steps[steps["target"] <= 0.4]
            middle = 50 * (shown["target"] + shown["next_target"])
            np.testing.assert_allclose(
                drawn(axis, str(reference)), np.column_stack([middle, shown["ratio"]])
            )


def test_speedups_are_drawn_at_their_ratios_and_grey_where_not_shown(many: Tables) -> None:
    figure = render("speedup", many)
    axis = figure.axes[0]
    named = dict(zip(many["optimizers"]["optimizer"], many["optimizers"]["label"], strict=True))
    for row in against(many["speed_comparisons"], "sgd", "seed_cnn").itertuples():
        (x, y) = drawn(axis, row.optimizer)[0]
        assert x == pytest.approx(row.ratio)
        assert rows_of(axis)[int(y)] == named[row.optimizer]
        assert (row.optimizer in coloured(axis)) == row.differs
    assert [rows_of(axis) for axis in figure.axes[1:]] == [["NAG"], ["NAG"]]


def test_where_a_run_fails_no_ratio_is_drawn(two: Tables) -> None:
    """Bars show the pairs won where no row of the block has a ratio, else an arrow the runs that
    fail."""
    speeds = two["speed_comparisons"]
    none = render("speedup", two | {"speed_comparisons": speeds.assign(ratio=math.nan)})
    assert said(none).count("2/21") == 3
    np.testing.assert_allclose(drawn(none.axes[0], "nag, won"), [[0, 0], [2 / 21, 0]])
    assert not none.axes[-1].get_xlabel()
    third = speeds["optimizer"].eq("nag") & speeds["workload"].eq("seed_cnn")
    more = pd.concat([speeds, speeds[third].assign(optimizer="adam", ratio=math.nan, fails=21)])
    optimizers = two["optimizers"].iloc[[0]].assign(optimizer="adam", label="Adam")
    named = pd.concat([two["optimizers"], optimizers])
    some = render("speedup", two | {"speed_comparisons": more, "optimizers": named})
    assert "fails 21/21" in said(some)
    assert "adam" not in coloured(some.axes[0])


def test_profiles_are_the_tables_steps(two: Tables) -> None:
    axis = render("profiles", two).axes[0]
    row = two["profiles"].set_index("optimizer").loc["nag"]
    curve = drawn(axis, "nag")
    np.testing.assert_allclose(curve[:, 0], row["within"])
    np.testing.assert_allclose(curve[:, 1], 100 * np.array(row["share"]), atol=1)
    nobody = two["profiles"].assign(area=math.nan)
    assert "No optimizer reached" in said(render("profiles", two | {"profiles": nobody}))


def test_stability_is_drawn_beside_its_names(many: Tables) -> None:
    spread, spikes, diverged = render("steadiness", many).axes[:3]
    row = many["stability"].set_index(["workload", "optimizer"]).loc[("seed_cnn", "nag_sutskever")]
    place = rows_of(spread).index("NAG (Sutskever)")
    np.testing.assert_allclose(drawn(spread, "nag_sutskever"), [[100 * row["sd"], place]])
    np.testing.assert_allclose(drawn(spikes, "nag_sutskever"), [[row["spikes"], place]])
    np.testing.assert_allclose(drawn(diverged, "nag_sutskever"), [[30, place]])
    ends = [line.get_xdata() for line in diverged.lines if line.get_ydata()[0] == place]
    np.testing.assert_allclose(ends[0], [100 * row["diverged_low"], 100 * row["diverged_high"]])


def test_ranks_are_joined_within_the_critical_difference(many: Tables) -> None:
    axis = render("ranks", many).axes[0]
    assert rows_of(axis)[2] == "NAG"
    np.testing.assert_allclose(drawn(axis, "nag"), [[3, 2]])
    ruler = drawn(axis, "difference")
    assert ruler[1, 0] - ruler[0, 0] == 5
    bars = [line.get_ydata() for line in axis.lines if line.get_label() == "equals"]
    assert [round(high - low - 0.5) for low, high in bars] == [5] * 16
    assert "4 seeds, Friedman p = 0.012" in said(axis.figure)


def test_one_case_has_ranks_but_no_critical_difference(many: Tables) -> None:
    one = many["ranks"].assign(cases=1, critical_difference=math.nan, friedman_p=math.nan)
    axis = render("ranks", many | {"ranks": one}).axes[0]
    assert "1 seed: no critical difference" in said(axis.figure)
    assert len(coloured(axis)) == 21


def test_cost_shows_accuracy_and_says_gradients(two: Tables) -> None:
    axis = render("cost", two).axes[0]
    row = two["summary"].set_index("optimizer").loc["nag"].iloc[0]
    place = rows_of(axis).index("NAG")
    np.testing.assert_allclose(drawn(axis, "nag"), [[100 * row["accuracy"], place]])
    beside = {text.xy[1]: text.get_text() for text in axis.texts if text.xy[0] == 1}
    assert beside[place] == f"{row['gradients']:.0f}"
    many = two["summary"].assign(gradients=7020.0)
    assert "7.0k" in said(render("cost", two | {"summary": many}))


def test_an_arrow_stands_for_less_than_half_of_the_best(two: Tables) -> None:
    low = two["summary"].copy()
    low.loc[low["optimizer"] == "nag", "accuracy"] = 0.1
    axis = render("cost", two | {"summary": low}).axes[0]
    assert "nag" not in coloured(axis)
    assert "10.0" in said(axis.figure)
    assert axis.get_xlim()[0] > 80


def test_every_hypothesis_has_the_colour_of_its_verdict(many: Tables) -> None:
    from nagbench.rendering.figures.claims import COLOURS

    axis = render("claims", many).axes[0]
    cells = {patch.get_gid(): patch for patch in axis.patches if isinstance(patch, Rectangle)}
    assert len(cells) == 40
    for row in many["hypotheses"].itertuples():
        assert to_rgb(cells[row.hypothesis].get_facecolor()) == to_rgb(COLOURS[row.verdict][0])
    assert "−" not in said(axis.figure)  # which the font lacks
    assert "C3 part" in said(axis.figure)
    assert "+0.02 points [$-$2.20, +11.00]" in said(axis.figure)  # no difference: the inner one
    assert "+0.06 points [$-$7.38, +12.30]" in said(axis.figure)
    assert said(axis.figure).count("not tested yet") == 1
    none = render("claims", many | {"hypotheses": many["hypotheses"].iloc[:0]})
    assert said(none) == "The study states no hypotheses."


def test_gains_by_batch_size_join_the_first_workloads_of_each(many: Tables) -> None:
    axis = render("acceleration", many).axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["128", "512"]
    np.testing.assert_allclose(drawn(axis, "nag"), [[128, 1 / 1.2], [512, 1 / 1.2]])


def test_without_several_batch_sizes_acceleration_says_so(many: Tables) -> None:
    one = many["workloads"].iloc[:2]
    assert "only batch size 128" in said(render("acceleration", many | {"workloads": one}))
    study = many["study"].assign(baseline="nag")
    assert "another baseline" in said(render("acceleration", many | {"study": study}))


def test_settings_may_lack_pairs_and_rates(many: Tables) -> None:
    """A panel an optimizer; trials are joined where nothing but the rate differs."""
    tried = many["sensitivity"].copy()
    tried.loc[tried["optimizer"] == "adam", "learning_rate"] = math.nan
    axes = {
        axis.get_title(): axis for axis in render("sensitivity", many | {"sensitivity": tried}).axes
    }
    assert len(axes) == 20
    assert "Adam" not in axes
    rows = tried[(tried["workload"] == "seed_cnn") & (tried["optimizer"] == "nag")]
    np.testing.assert_allclose(drawn(axes["NAG"], "nag")[:, 0], sorted(rows["learning_rate"]))
    np.testing.assert_allclose(
        drawn(axes["NAG"], "nag, tested")[:, 0], rows["learning_rate"].iloc[1]
    )
    lines = {name: coloured(axes[label])[name].get_linestyle()
             for label, name in (("NAG", "nag"), ("Heavy ball", "heavy_ball"))}  # fmt: skip
    assert lines == {"nag": "-", "heavy_ball": "None"}


def test_the_answer_shows_no_optimizer_that_never_arrives(many: Tables) -> None:
    """It would stretch the axis down to chance; if none arrives all are shown."""
    outcomes, names = many["outcomes"], list(many["optimizers"]["optimizer"])[:3]
    never = outcomes["optimizer"].isin(names[1:2]) & (outcomes["metric"] == "gradients")

    def shown(fails: pd.Series) -> set[str]:
        kept = outcomes.assign(fails=fails)[outcomes["optimizer"].isin(names)]
        figure = render("answer", many | {"outcomes": kept})
        return {text.get_text() for text in figure.axes[0].get_yticklabels()}

    labels = dict(zip(many["optimizers"]["optimizer"], many["optimizers"]["label"], strict=True))
    assert shown(never) == {labels[names[0]], labels[names[2]]}
    assert len(shown(outcomes["metric"] == "gradients")) == 3
