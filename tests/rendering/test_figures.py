"""Figures show what their tables say, the same each time."""

import importlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nagbench.cli import main
from nagbench.errors import InputError
from nagbench.rendering import style
from nagbench.rendering.excerpt import Excerpt
from nagbench.rendering.figure_files import write_figure
from nagbench.rendering.figures import NAMES
from nagbench.rendering.result_tables import ResultTables
from nagbench.rendering.table_files import TABLES

FIGURES = pytest.mark.parametrize("name", NAMES)


@FIGURES
def test_the_same_tables_make_the_same_bytes(name: str, folder: Path, tmp_path: Path) -> None:
    made = []
    for place in ("a", "b"):
        outputs = [tmp_path / place / f"{name}.{kind}" for kind in ("pdf", "png")]
        write_figure(name, ResultTables(folder), outputs)
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


def test_the_band_of_few_runs_does_not_squeeze_curves(tables: Mapping[str, pd.DataFrame]) -> None:
    """Two runs that are left, of many, have a band of dozens of their spreads."""
    from nagbench.rendering.figures import learning_curves

    style.use()
    before = [axis.get_ylim() for axis in learning_curves.render(tables).axes]
    curves = tables["learning_curves"]
    nag = curves["optimizer"] == "nag"
    wide = curves.assign(low=curves["low"].mask(nag, -3), high=curves["high"].mask(nag, 5))
    few = wide.assign(runs=curves["runs"].mask(nag, 2), of=curves["of"].mask(nag, 9))
    broken = learning_curves.render({**tables, "learning_curves": few})
    for axis, limits in zip(broken.axes, before, strict=True):
        np.testing.assert_allclose(axis.get_ylim(), limits, rtol=0.1, atol=0.05)
    # That of whole runs is shown, as far as values can be.
    loss, accuracy = learning_curves.render({**tables, "learning_curves": wide}).axes
    assert loss.get_ylim()[0] == pytest.approx(0, abs=0.3)
    assert accuracy.get_ylim() == (pytest.approx(0, abs=5.1), pytest.approx(100, abs=5.1))


def test_an_unknown_figure_names_those_there_are(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'pie'.*learning_curves"):
        write_figure("pie", ResultTables(folder), [tmp_path / "pie.pdf"])


def test_an_unknown_type_of_file_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.gif"):
        write_figure("sensitivity", ResultTables(folder), [tmp_path / "x.gif"])


def test_missing_result_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sensitivity\.parquet: no such file"):
        write_figure("sensitivity", ResultTables(tmp_path), [tmp_path / "x.pdf"])
    assert not (tmp_path / "x.pdf").exists()


def test_a_figure_of_ones_own_size_and_names(folder: Path, tmp_path: Path) -> None:
    """Half as wide, two optimizers alone, under other names, in a larger type."""
    whole, part = tmp_path / "whole.svg", tmp_path / "part.svg"
    place = ["learning_curves", "--statistics", str(folder), "--output"]
    assert main(["figure", *place, str(whole)]) == 0
    words = ["--optimizers", "nag,adam", "--label", "nag=Ours & <best>"]
    size = ["--width", "4", "--font-size", "9"]
    assert main(["figure", *place, str(part), *words, *size]) == 0
    sizes = [
        [float(re.search(rf'<svg[^>]* {side}="([\d.]+)pt"', path.read_text()).group(1))  # type: ignore[union-attr]
         for side in ("width", "height")]
        for path in (whole, part)
    ]  # fmt: skip
    assert sizes[1][0] == 4 * 72
    assert sizes[1][1] == pytest.approx(sizes[0][1], rel=0.2)  # the legend has fewer lines
    lines = [len(re.findall('id="line2d_', path.read_text())) for path in (whole, part)]
    assert lines[1] < lines[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--optimizers", "nag,adma"], "--optimizers: found 'adma' (is adam meant?)"),
        (["--workloads", "tiny"], "--workloads: found 'tiny' (is tiny_cnn meant?)"),
        (["--label", "nag"], "--label: found 'nag'; allowed: NAME=TEXT"),
        (["--label", "nga=NAG"], "--label: found 'nga' (is nag meant?)"),
        (["--width", "0"], "--width: found 0; allowed: 0.5 to 40"),
        (["--width", "nan"], "--width: found nan"),
        (["--width", "0.5", "--font-size", "40"], "figure ranks: 0.5 × "),
        (["--font-size", "100"], "--font-size: found 100; allowed: 4 to 40"),
    ],
)
def test_a_figure_that_cannot_be_is_one_message(
    folder: Path, tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--statistics", str(folder), "--output", str(tmp_path / "f.pdf")]
    assert main(["figure", "ranks", *place, *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "f.pdf").exists()


def test_figures_are_listed_and_written_where_one_is(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for kind, names in (("figure", NAMES), ("table", TABLES)):
        assert main([kind]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines if line[0] != " "] == list(names)
        assert all(20 < len(line) <= 80 for line in lines)
    monkeypatch.chdir(tmp_path)
    assert main(["figure", "ranks"]) == 2
    assert "no result tables in results/" in capsys.readouterr().err
    shutil.copytree(folder, tmp_path / "results/demo/statistics")
    assert main(["figure", "ranks", "--format", "png,svg"]) == 0
    assert main(["table", "results", "--study", "demo", "--optimizers", "adam,nag"]) == 0
    assert {path.name for path in tmp_path.iterdir()} >= {"ranks.png", "ranks.svg", "results.tex"}
    text = (tmp_path / "results.tex").read_text(encoding="utf-8")
    assert text.startswith("% needs \\usepackage{booktabs, siunitx}")
    assert [row in text for row in ("Adam", "NAG", "SGD", "Heavy ball")] == [
        True,
        True,
        False,
        False,
    ]


def test_several_figures_are_drawn_side_by_side(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same bytes as one by one."""
    names = ("ranks", "claims", "theory")
    for place, more in (("alone", []), ("beside", ["--processes", "2"])):
        said = [
            "--statistics",
            str(folder),
            "--folder",
            str(tmp_path / place),
            "--format",
            "pdf,png",
        ]
        assert main(["figure", *names, *said, *more]) == 0
    made = [sorted((tmp_path / place).iterdir()) for place in ("alone", "beside")]
    assert len(made[0]) == 2 * len(names)
    assert [file.read_bytes() for file in made[0]] == [file.read_bytes() for file in made[1]]
    assert main(["figure", "ranks", "claims", "--output", "f.pdf"]) == 2
    assert "--output: found 2 names; allowed: one" in capsys.readouterr().err
    wrong = ["--statistics", str(tmp_path), "--folder", str(tmp_path), "--processes", "2"]
    assert main(["figure", *names, *wrong]) == 2


@FIGURES
@pytest.mark.parametrize("optimizers", [["adam"], ["nag", "sgd"], ["sgd"]])
def test_every_figure_of_few_optimizers_is_drawn(
    name: str, optimizers: list[str], tables: Mapping[str, pd.DataFrame]
) -> None:
    """With the study's baseline and without."""
    style.use()
    module = importlib.import_module(f"nagbench.rendering.figures.{name}")
    module.render(Excerpt(tables, optimizers))
