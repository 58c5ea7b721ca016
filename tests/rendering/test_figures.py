"""Figures show what their tables say, the same each time."""

import importlib
import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors

from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.rendering import style
from nagbench.rendering.figure_files import write_figure
from nagbench.rendering.figures import NAMES

FIGURES = pytest.mark.parametrize("name", NAMES)


@FIGURES
def test_the_same_tables_make_the_same_bytes(name: str, folder: Path, tmp_path: Path) -> None:
    made = []
    for place in ("a", "b"):
        outputs = [tmp_path / place / f"{name}.{kind}" for kind in ("pdf", "png")]
        write_figure(name, folder, outputs)
        made.append([output.read_bytes() for output in outputs])
    assert made[0] == made[1]
    assert made[0][0].startswith(b"%PDF")
    assert b"/FontFile2" in made[0][0]  # fonts are embedded as TrueType


@FIGURES
def test_it_declares_the_tables_that_it_reads(
    name: str, tables: Mapping[str, pd.DataFrame]
) -> None:
    module = importlib.import_module(f"nagbench.rendering.figures.{name}")
    style.use()
    module.render({table: tables[table] for table in module.TABLES})


def test_curves_are_drawn_at_their_values(tables: Mapping[str, pd.DataFrame]) -> None:
    from nagbench.rendering.figures import learning_curves

    style.use()
    figure = learning_curves.render(tables)
    drawn = {line.get_label(): line.get_xydata() for line in figure.axes[1].lines}
    for name in ("sgd", "heavy_ball", "nag"):
        rows = tables["learning_curves"]
        rows = rows[(rows["optimizer"] == name) & (rows["metric"] == "validation_accuracy")]
        np.testing.assert_allclose(drawn[name][:, 0], rows["epoch"])
        np.testing.assert_allclose(drawn[name][:, 1], 100 * rows["mean"])


def test_every_optimizer_has_a_look_of_its_own_wherever_it_appears() -> None:
    looks = style.looks(list(CATALOGUE))
    assert len({(look.colour, look.marker) for look in looks.values()}) == len(CATALOGUE)
    assert style.looks(["nag", "adam"])["nag"] == looks["nag"]
    assert style.looks(["adam", "mine"])["mine"] not in looks.values()


def test_neighbours_can_be_told_apart_in_grey() -> None:
    """By lightness, or else by marker and dashes."""
    looks = list(style.looks(list(CATALOGUE)).values())
    for first, second in itertools.combinations(looks, 2):
        greys = [
            np.dot(colors.to_rgb(look.colour), (0.299, 0.587, 0.114)) for look in (first, second)
        ]
        lines = [(look.marker, str(look.dashes)) for look in (first, second)]
        assert abs(greys[0] - greys[1]) > 0.1 or lines[0] != lines[1]


def test_an_unknown_figure_names_those_there_are(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'pie'.*learning_curves"):
        write_figure("pie", folder, [tmp_path / "pie.pdf"])


def test_an_unknown_type_of_file_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.gif"):
        write_figure("sensitivity", folder, [tmp_path / "x.gif"])


def test_missing_result_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sensitivity\.parquet: no such file"):
        write_figure("sensitivity", tmp_path, [tmp_path / "x.pdf"])
    assert not (tmp_path / "x.pdf").exists()
