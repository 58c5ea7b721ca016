"""The paper's sources: no result typed by hand, every key, caption and citation there."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from nagbench.judging import quoted
from nagbench.rendering.figures import NAMES as FIGURES
from nagbench.rendering.latex import escape
from nagbench.rendering.numbers import numbers
from nagbench.rendering.origins import origin
from nagbench.rendering.table_files import TABLES

PAPER = Path("paper")
SECTIONS = sorted(PAPER.glob("sections/*.tex"))
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in [PAPER / "main.tex", *SECTIONS])

# What may hold digits in a section without being a result: mathematics, commands with their keys,
# labels, citations, lengths, and the name of the data set.
_NO_RESULTS = (
    r"%.*",
    r"\\begin\{equation\}.*?\\end\{equation\}",
    r"\\(?:result|resultfigure|resultfigures|resulttable\*?|captiontext|label|ref|cite|input|includegraphics)\{[^}]*\}",
    r"\\ifresult\{[^}]*\}\{[^}]*\}",
    r"\\setlength\{[^}]*\}\{[^}]*\}",
    r"[\d.]+(?:pt|\\columnwidth|\\linewidth)",
    r"CIFAR-10",
)


def typed_numbers(text: str) -> list[str]:
    """Digits in running text."""
    for pattern in _NO_RESULTS:
        text = re.sub(pattern, " ", text, flags=re.DOTALL if "begin" in pattern else 0)
    return re.findall(r"\S*\d\S*", text)


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.stem)
def test_no_result_is_typed_by_hand(path: Path) -> None:
    assert typed_numbers(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    ["an accuracy of 91.3 points", "by 12 epochs", r"94\,\% of runs", "p = 0.03", "$91.3$ points"],
)
def test_the_scanner_finds_a_typed_result(text: str) -> None:
    assert typed_numbers(text)


@pytest.mark.parametrize(
    "text",
    [r"\result{main.nag.sd} points on CIFAR-10", "half of $n$ % in 1983", r"\cite{a2013b}"],
)
def test_the_scanner_passes_what_is_no_result(text: str) -> None:
    assert typed_numbers(text) == []


def test_every_key_is_written(tables: Mapping[str, pd.DataFrame]) -> None:
    used = {*re.findall(r"\\result\{([^}]*)\}", TEXT), *re.findall(r"\\ifresult\{([^}]*)\}", TEXT)}
    assert used
    assert used <= {*numbers(tables), *quoted.numbers(PAPER / "beyond")}


@pytest.mark.parametrize(
    "missing",
    [("adam",), ("adam", "heavy_ball", "nag"), ("sgd", "heavy_ball", "nag", "adam", "nadam")],
)
def test_a_study_under_way_has_every_key(
    tables: Mapping[str, pd.DataFrame], missing: tuple[str, ...]
) -> None:
    """What was not trained yet, or is not in the study, is said to be missing, and no more."""
    there = {name: without(table, missing) for name, table in tables.items()}
    found = numbers(there)
    used = set(re.findall(r"\\(?:if)?result\{(?!beyond)([^}]*)\}", TEXT))
    assert used - {"key"} <= found.keys()
    assert found["main.nag.adam.direction"] == found["main.adam.nag.time.direction"]
    assert found["main.nag.adam.direction"] == "not compared with"
    whole, kept = numbers(tables), "nag_sutskever"
    assert found[f"main.{kept}.sd"] == whole[f"main.{kept}.sd"]
    for key in found:
        assert origin(key, there) is not None, key


def test_a_workload_without_runs_has_its_facts(tables: Mapping[str, pd.DataFrame]) -> None:
    later = tables["workloads"].assign(workload="later")
    found = numbers({**tables, "workloads": pd.concat([tables["workloads"], later])})
    assert found["later.epochs"] == found["main.epochs"]
    assert found["later.leader.label"] == "no optimizer"
    nothing = {name: table[:0] if "workload" in table else table for name, table in tables.items()}
    alone = numbers({**nothing, "workloads": tables["workloads"]})
    assert set(re.findall(r"\\result\{(main[^}]*)\}", TEXT)) <= alone.keys()


def without(table: pd.DataFrame, optimizers: tuple[str, ...]) -> pd.DataFrame:
    for column in ("optimizer", "reference"):
        if column in table and "formula" not in table:
            table = table[~table[column].isin(optimizers)]
    return table


def test_no_direction_is_typed_by_hand() -> None:
    """Which optimizer is ahead depends on the results, so the words come with them."""
    results = (PAPER / "sections" / "results.tex").read_text(encoding="utf-8")
    assert not re.findall(
        r"\b(?:faster|slower|better|worse|steadier|ahead|outperform\w*)\b", results
    )


def test_every_caption_figure_and_table_is_made() -> None:
    assert set(re.findall(r"\\captiontext\{([^}]*)\}", TEXT)) <= {
        *FIGURES,
        *TABLES,
    }
    assert placed("figure") == set(FIGURES)
    assert placed("table") == set(TABLES)


def placed(kind: str) -> set[str]:
    """The figures or tables that the text has."""
    found = re.findall(rf"\\result(?:long)?{kind}(?:here|s)?\*?\{{(\w+)\}}(?:\{{(\w+)\}})?", TEXT)
    return {name for names in found for name in names} - {""}


def test_every_reference_has_its_label() -> None:
    labels = set(re.findall(r"\\label\{([^}]*)\}", TEXT))
    labels |= {f"fig:{name}" for name in placed("figure")}
    labels |= {f"tab:{name}" for name in placed("table")}
    assert set(re.findall(r"\\ref\{([^}]*)\}", TEXT)) <= labels


def entries() -> dict[str, str]:
    text = (PAPER / "references.bib").read_text(encoding="utf-8")
    return {
        match[2]: match[1].lower() + match[3]
        for match in re.finditer(r"@(\w+)\{(\w+),(.*?)\n\}", text, re.DOTALL)
    }


def test_every_citation_has_an_entry() -> None:
    cited = {key for group in re.findall(r"\\cite\{([^}]*)\}", TEXT) for key in group.split(",")}
    assert cited
    assert cited <= entries().keys()


@pytest.mark.parametrize(("key", "entry"), entries().items(), ids=entries())
def test_an_entry_is_complete(key: str, entry: str) -> None:
    fields = set(re.findall(r"^\s*(\w+)\s*=", entry, re.MULTILINE))
    kind = re.match(r"[a-z]+", entry)[0]  # type: ignore[index]
    assert {"author", "title"} <= fields
    assert ("year" in fields) == (kind != "online")  # the five articles bear no date
    venues = {
        "article": {"journal"},
        "inproceedings": {"booktitle"},
        "techreport": {"institution"},
        "book": {"publisher"},
        "misc": {"eprint", "url", "note"},
        "online": {"url", "note"},
    }
    assert venues[kind] & fields
    if kind != "online":
        assert re.search(r"year\s*=\s*\{(\d+)\}", entry)[1] in key  # type: ignore[index]


DOCUMENT = r"""\documentclass{article}
\usepackage{results}
\setresult{there}{42}
\begin{document}
\ifresult{there}{42}{yes}{no} %s
\end{document}
"""


def compiled(folder: Path) -> subprocess.CompletedProcess[str]:
    """What LaTeX made of the folder's x.tex, and what it said."""
    return subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "x.tex"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs TeX")
def test_a_label_of_any_characters_is_set(tmp_path: Path) -> None:
    """All that may stand in one: the letters that are set as they are, and some of all others."""
    letters = [chr(n) for n in (*range(0x20, 0x7F), *range(0xA0, 0x3FF), *range(0x2010, 0x20B0))]
    others = ["\N{ROCKET}", "\u4e2d", "\u05d0", "\u200b", "\ufffd", "\U0010ffff"]
    shown = "\n\n".join(f"x{escape(one)}x" for one in [*letters, *others])
    head = (PAPER / "main.tex").read_text(encoding="utf-8").partition(r"\begin{document}")[0]
    packages = re.findall(
        r"\\(?:documentclass|usepackage)\S*\{(?:extarticle|\w*enc|lmodern)\}", head
    )
    text = "\n".join([*packages, r"\begin{document}", shown, r"\end{document}"])
    (tmp_path / "x.tex").write_text(text, encoding="utf-8")
    found = compiled(tmp_path)
    assert found.returncode == 0, found.stdout[-2000:]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs TeX")
@pytest.mark.parametrize(
    ("text", "status"),
    [
        (r"\result{there}", 0),
        (r"\result{not.there}", 1),
        (r"\ifresult{not.there}{42}{yes}{no}", 1),
    ],
)
def test_a_number_that_is_not_there_stops_the_build(tmp_path: Path, text: str, status: int) -> None:
    (tmp_path / "x.tex").write_text(DOCUMENT % text)
    shutil.copy(PAPER / "results.sty", tmp_path)
    found = compiled(tmp_path)
    assert found.returncode == status, found.stdout
    assert (tmp_path / "x.pdf").exists() == (status == 0)
    if status:
        assert "There is no result `not.there'" in found.stdout


LONG_TABLES = r"""\documentclass{article}
\usepackage{booktabs, longtable, caption, graphicx}
\usepackage[hidelinks]{hyperref}
\usepackage{results}
\setcaption{one}{Of two pages}
\setcaption{two}{Of one}
\begin{document}
\resultlongtable{one}
\resultlongtable{two}
\begin{table}\caption{That floats}\label{tab:three}\end{table}
\end{document}
"""


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs TeX")
def test_long_tables_are_numbered_with_the_others(tmp_path: Path) -> None:
    (tmp_path / "x.tex").write_text(LONG_TABLES)
    shutil.copy(PAPER / "results.sty", tmp_path)
    (tmp_path / "tables").mkdir()
    for name, rows in (("one", 80), ("two", 3)):
        body = "\n".join([r"\toprule", r"a \\", r"\midrule", *[r"1 \\"] * rows, r"\bottomrule"])
        text = f"\\begin{{tabular}}{{l}}\n{body}\n\\end{{tabular}}\n"
        (tmp_path / "tables" / f"{name}.tex").write_text(text)
    found = compiled(tmp_path)
    assert found.returncode == 0, found.stdout
    assert "same identifier" not in found.stdout
    labels = re.findall(r"newlabel\{tab:(\w+)\}\{\{(\d+)\}", (tmp_path / "x.aux").read_text())
    assert dict(labels) == {"one": "1", "two": "2", "three": "3"}
