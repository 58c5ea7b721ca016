"""Tables, numbers and captions: marks that respect the tests, and words that follow results."""

import csv
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from nagbench.errors import InputError
from nagbench.rendering.captions import captions
from nagbench.rendering.figures import NAMES as FIGURES
from nagbench.rendering.latex import escape
from nagbench.rendering.lookup import leading
from nagbench.rendering.numbers import numbers, write_numbers
from nagbench.rendering.result_tables import ResultTables
from nagbench.rendering.table import Cell, Table, p_value
from nagbench.rendering.table_files import TABLES, write_table
from nagbench.rendering.tables.outcomes import results

REPORT = Path("workflow/report")


def test_marks_go_to_the_best_and_to_those_not_told_from_it(
    tables: Mapping[str, pd.DataFrame],
) -> None:
    assert leading(tables, "tiny_cnn") == {"heavy_ball", "nag"}
    marked = [row[0].text for row in results(tables).rows if row[1].marked]
    assert marked == ["Heavy ball", "NAG"]


def test_a_note_behind_a_marked_value_is_not_bold() -> None:
    rows = [[Cell("supported", True, note="(edge: -1 & more)")], [Cell("open", note="(wide)")]]
    table = Table(["Verdict"], "l", rows)
    assert "{\\bfseries {supported}} (edge: \\(-\\)1 \\& more) \\\\\n{{open}} (wide)" in table.tex()
    assert table.csv().splitlines()[1:] == ["supported (edge: -1 & more)", "open (wide)"]
    assert "| **supported** (edge: -1 & more) |\n| open (wide) |" in table.markdown()


@pytest.mark.parametrize("name", TABLES)
def test_all_formats_hold_the_same_cells(name: str, folder: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / f"t.{kind}" for kind in ("tex", "csv", "md")]
    write_table(name, ResultTables(folder), outputs)
    tex, comma, markdown = (path.read_text(encoding="utf-8") for path in outputs)
    rows = list(csv.reader(comma.splitlines()))
    assert tex.count(r"\\") == len(rows)
    piped = [line.strip("| \n").split(" | ") for line in markdown.splitlines()]
    plain = [[cell.replace("**", "") for cell in row] for row in (piped[0], *piped[2:])]
    assert plain == rows
    for row in rows[1:]:
        assert escape(row[0]) in tex or name == "rules"


def test_broken_runs_are_shown(tables: Mapping[str, pd.DataFrame]) -> None:
    (row,) = [row for row in results(tables).rows if row[0].text == "SGD"]
    assert [cell.text for cell in row[-2:]] == ["1/10", "0/10"]  # diverged, and failed


def test_words_follow_the_results(tables: Mapping[str, pd.DataFrame]) -> None:
    found = numbers(tables)
    assert found["main.nag.sgd.direction"] == "more accurate than"
    assert found["main.sgd.nag.direction"] == "less accurate than"
    assert found["main.nag.heavy_ball.direction"] == "not distinguishable from"
    assert found["main.above_baseline"] == "Heavy ball, NAG, NAG (Sutskever), Adam and NAdam"
    assert found["study.demo"] == "true"
    assert found["main.sgd.sustained.median"] == "never"
    assert found["main.sgd.nag.difference"] == "--"  # a run of SGD diverged: no mean is formed
    assert found["main.nadam.nag.difference"].startswith(r"\(-\)")
    assert found["main.nag.nadam.time.direction"] == "sooner than"
    assert found["main.nadam.nag.time.direction"] == "later than"
    assert found["main.nag.sgd.time.ratio"] == "not formed: a run fails"


def test_the_engine_is_told_beside_a_plain_loop(tables: Mapping[str, pd.DataFrame]) -> None:
    said = numbers(tables)["check.engine"]
    assert r"from 3 seeds to 62.0 \(\pm\) 1.0\,\% test accuracy" in said
    # Welch's interval of means of three with deviations of 1: 0.5 ± 2.776 · √(2/3).
    assert (
        r"62.5 \(\pm\) 1.0\,\% in float32 (+0.5 points, 95\,\% interval \(-\)1.8 to +2.8)" in said
    )
    without = {name: table for name, table in tables.items() if name != "cross_check"}
    assert numbers(without)["check.engine"] == ""


def test_keys_are_written_for_latex(folder: Path, tmp_path: Path) -> None:
    write_numbers(folder, tmp_path / "numbers.tex")
    lines = (tmp_path / "numbers.tex").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"\\setresult\{[a-z0-9_.]+\}\{.*\}% \w+: .+", line) for line in lines)


def test_every_figure_and_table_has_a_caption(tables: Mapping[str, pd.DataFrame]) -> None:
    found = captions(tables, REPORT)
    assert found.keys() == {*FIGURES, *TABLES}
    for name, text in found.items():
        if name in ("theory", "rates", "calibration", "rules", "computing", "checklist"):
            assert "Data:" not in text
        elif name in ("workloads", "headlines", "verdicts", "untested", "elsewhere", "claims"):
            assert text.endswith("Data: synthetic.")
        elif name in ("sensitivity", "settings", "tuning"):
            assert text.endswith("Data: synthetic; 1 tuning seed.")
        else:
            assert text.endswith("Data: synthetic; 10 seeds.")
    fewer = tables["outcomes"].query("optimizer != 'nag' or seed < 105")
    found = captions({**tables, "outcomes": fewer}, REPORT)
    assert found["results"].endswith("Data: synthetic; 4 to 10 seeds.")
    elsewhere = tables["outcomes"].query("seed < 103").assign(workload="another")
    outcomes = pd.concat([tables["outcomes"], elsewhere])
    found = captions({**tables, "outcomes": outcomes}, REPORT)
    assert found["results"].endswith("Data: synthetic; 2 to 10 seeds.")
    assert found["ranks"].endswith("Data: synthetic; 10 seeds.")  # of the first workload alone


def test_an_empty_caption_is_refused(tables: Mapping[str, pd.DataFrame], tmp_path: Path) -> None:
    (tmp_path / "x.rst").write_text("\n")
    with pytest.raises(InputError, match="empty caption"):
        captions(tables, tmp_path)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("50 % & more_or_less", r"50\,\% \& more\_or\_less"),
        ("{a}^b~c\\", r"\{a\}\textasciicircum{}b\textasciitilde{}c\textbackslash{}"),
        ("1 – 2 × 3 ≥ −4", r"1 -- 2 \(\times\) 3 \(\ge\) \(-\)4"),
        ("Ω-Müller, α µ μ", r"\(\Omega\)-Müller, \(\alpha\) \(\mu\) \(\mu\)"),
        ("rocket 🚀, 中, Α", "rocket [U+1F680], [U+4E2D], [U+0391]"),
    ],
)
def test_text_is_printed_literally(text: str, latex: str) -> None:
    assert escape(text) == latex


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0009, "< 0.001"), (0.001, "0.001"), (0.04999, "0.050"), (float("nan"), "–")],
)
def test_p_values_as_papers_print_them(p: float, text: str) -> None:
    assert p_value(p) == text


def test_an_unknown_table_names_those_there_are(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'pie'.*results"):
        write_table("pie", ResultTables(folder), [tmp_path / "pie.tex"])


def test_print_sets_groups_apart_and_plain_text_keeps_the_order() -> None:
    rows = [[Cell(name)] for name in ("nag", "sgd", "printed", "nag", "sgd")]
    table = Table(["Optimizer"], "l", rows, [*3 * ["one"], *2 * ["two"]], [1, 0, 2, 1, 0])
    body = table.tex().partition("\\midrule\n")[2].partition("\\bottomrule")[0]
    assert body.splitlines() == [
        r"\multicolumn{1}{l}{\itshape one} \\",
        r"{sgd} \\",
        r"\cmidrule[0.2pt]{1-1}",
        r"{nag} \\",
        r"\cmidrule[0.2pt]{1-1}",
        r"{printed} \\",
        r"\addlinespace",
        r"\multicolumn{1}{l}{\itshape two} \\",
        r"{sgd} \\",
        r"\cmidrule[0.2pt]{1-1}",
        r"{nag} \\",
    ]
    assert [line.split(",")[1] for line in table.csv().splitlines()[1:]] == [
        "nag", "sgd", "printed", "nag", "sgd",
    ]  # fmt: skip


def test_markdown_shows_what_a_label_says() -> None:
    """Nothing in it becomes an element, a link or another cell; what is no markup stays."""
    label = "<script>a</script> [b](javascript:c) | p < 0.05 [1, 2]"
    (row,) = Table(["a"], "l", [[Cell(label)]]).markdown().splitlines()[2:]
    assert row == (r"| &lt;script>a&lt;/script> [b]\(javascript:c) \| p < 0.05 [1, 2] |")
