"""What the command writes and prints: whole, self-contained, and of every optimizer."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_curves import PUBLIC, frame, judged, made_up_file, noisy, written

from nagbench.cli import main
from nagbench.errors import InputError
from nagbench.judging import output
from nagbench.judging.columns import TABLES, documentation
from nagbench.judging.terminal import printed

FILES = ["made up", *(["public"] if PUBLIC.is_file() else [])]
NAMES = ("<script>alert(1)</script>", "a&b", '50 % "off"', "under_score^2", "ünïcödé", "$x$")


class Page(HTMLParser):
    """The rows of each table as texts, the page's whole text, and what it refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[str]] = []
        self.text, self.tags, self.ids, self.links = "", [], [], []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append("")
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif name in ("href", "src", "xlink:href"):
                self.links.append(value)

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.tables and self.tables[-1]:
            self.tables[-1][-1] += data


@pytest.fixture(scope="module", params=FILES)
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, pd.DataFrame]:
    """A folder that the command made, and the table that it judged."""
    folder = tmp_path_factory.mktemp("judge")
    path = made_up_file(folder) if request.param == "made up" else PUBLIC
    said = ("b", "1.5") if request.param == "made up" else ("muon_lr035", "3.28")
    options = ["--baseline", said[0], "--target", said[1], "--output", str(folder / "out")]
    assert main(["judge", str(path), *options]) == 0
    return folder / "out", pd.read_csv(path)


def test_everything_is_there(made: tuple[Path, pd.DataFrame]) -> None:
    folder, _ = made
    figures = {
        f"{name}.{kind}"
        for name in ("learning_curves", "final_values", "time_to_target")
        for kind in ("pdf", "svg")
    }
    tables = {f"{name}.csv" for name in TABLES} | {"COLUMNS.md"}
    latex = {"final_values.tex", "comparisons.tex", "speed.tex"}
    assert {path.name for path in folder.iterdir()} == {*figures, *tables, *latex, "report.html"}
    for name, columns in TABLES.items():
        assert list(pd.read_csv(folder / f"{name}.csv").columns) == list(columns)


def test_the_page_needs_nothing_beside_it(made: tuple[Path, pd.DataFrame]) -> None:
    folder, _ = made
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert all(str(link).startswith("#") for link in page.links)
    assert "@import" not in text
    assert "url(http" not in text
    assert len(page.ids) == len(set(page.ids))
    assert set(page.links) <= {f"#{name}" for name in page.ids}
    assert 'name=viewport content="width=device-width' in text


def test_the_answer_comes_first_and_each_optimizer_has_one_line(
    made: tuple[Path, pd.DataFrame],
) -> None:
    folder, table = made
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    summary = pd.read_csv(folder / "summary.csv")
    best = summary.loc[summary["best_of_all"], "optimizer"].iloc[0]
    assert page.text.index(f"{best} has the lowest mean") < page.text.index("Final values")
    head, *rows = page.tables[0]
    assert "Optimizer" in head
    assert len(rows) == table["optimizer"].nunique()
    for row, name in zip(rows, summary["optimizer"], strict=True):
        assert name in row
    assert "Groups trained for different numbers of steps" in page.text
    assert "one run" in page.text


def test_the_words_agree_with_the_tables(made: tuple[Path, pd.DataFrame]) -> None:
    folder, _ = made
    text = Page((folder / "report.html").read_text(encoding="utf-8")).text
    rows = pd.read_csv(folder / "comparisons.csv")
    best = rows[rows["against"] == "best"]
    worse = (best["verdict"] == "worse").sum()
    assert f": {worse} of {len(best)} (Holm's correction" in text
    alike = best[best["verdict"] == "not told apart"]["optimizer"]
    (line,) = re.findall(r"Not told from \S+ by the corrected tests: (.*?)\.(?=\w|\s|$)", text) or [
        ""
    ]
    assert line.split(", ") == list(alike)
    single = best[best["reason"].fillna("").str.endswith("has one run")]["optimizer"]
    assert f"Not testable, with one run: {', '.join(single)}." in text


def test_names_stand_as_they_are_in_html_latex_and_figures(tmp_path: Path) -> None:
    count, means = dict.fromkeys(NAMES, 4), {name: 1 + n for n, name in enumerate(NAMES)}
    path = written(tmp_path, frame(noisy(count, means)))
    assert main(["judge", str(path), "--output", str(tmp_path / "out"), "--target", "1.5"]) == 0
    text = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert "<script" not in text
    for name in NAMES:
        assert name in page.text
        assert html.escape(name) in re.sub("<wbr>", "", text)
    latex = (tmp_path / "out/final_values.tex").read_text(encoding="utf-8")
    assert r"a\&b" in latex
    assert r"under\_score\textasciicircum{}2" in latex


def test_the_same_curves_make_the_same_bytes(tmp_path: Path) -> None:
    path = made_up_file(tmp_path)
    for name in ("one", "two"):
        assert main(["judge", str(path), "--target", "1.5", "--output", str(tmp_path / name)]) == 0
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_the_terminal_holds_it_in_80_columns(tmp_path: Path) -> None:
    long = {f"an_optimizer_with_a_name_that_is_far_too_long_for_a_line_{n}": 3 for n in range(9)}
    table = frame(noisy(long, dict.fromkeys(long, 1.0)))
    text = printed(judged(tmp_path, table, targets=(1.5, 1.1), baseline=next(iter(long))))
    assert max(map(len, text.splitlines())) <= 80
    if PUBLIC.is_file():
        text = printed(judged(tmp_path, pd.read_csv(PUBLIC), targets=(3.28,)))
        assert max(map(len, text.splitlines())) <= 80
        assert all(name in text for name in ("muonsq", "ema_nesterov_muon"))


def test_a_folder_is_replaced_if_the_command_made_it(tmp_path: Path) -> None:
    path, folder = made_up_file(tmp_path), tmp_path / "out"
    assert main(["judge", str(path), "--target", "1.5", "--output", str(folder)]) == 0
    assert main(["judge", str(path), "--output", str(folder)]) == 0
    assert not (folder / "time_to_target.pdf").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    assert main(["judge", str(path), "--output", str(other)]) == 2
    assert [entry.name for entry in other.iterdir()] == ["thesis.tex"]
    (tmp_path / "file").write_text("x")
    assert main(["judge", str(path), "--output", str(tmp_path / "file")]) == 2


def test_what_breaks_off_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = judged(tmp_path, pd.read_csv(made_up_file(tmp_path)))
    output.write(found, tmp_path / "out")
    before = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}

    def broken(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(output, "report", broken)
    for folder in ("out", "new"):
        with pytest.raises(KeyboardInterrupt):
            output.write(found, tmp_path / folder)
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before
    assert not (tmp_path / "new").exists()
    assert not [entry for entry in tmp_path.iterdir() if entry.name.startswith(".")]


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    found = judged(tmp_path, frame({"a": [1.0, 1.1]}))
    with pytest.raises(InputError, match="cannot be written"):
        output.write(found, tmp_path / "curves.csv/out")
    with pytest.raises(InputError, match="cannot be written"):
        output.write(found, tmp_path / ("long" * 100) / "out")


def test_every_column_is_documented() -> None:
    text = documentation()
    for columns in TABLES.values():
        assert all(f"| `{column}` |" in text for column in columns)


@pytest.mark.parametrize("finals", [
    {"a": [1.0]},
    {"a": [np.nan, np.nan], "b": [np.nan]},
    {"a": [1.0, 1.0], "b": [1.0, 1.0]},
    {"a": [1.0, 1.1, np.nan], "b": [1.3], "c": [1.2, 1.25]},
])  # fmt: skip
def test_meagre_curves_have_a_report_too(finals: dict[str, list[float]], tmp_path: Path) -> None:
    path = written(tmp_path, frame(finals))
    for more in ([], ["--target", "1.2:1.8", "--baseline", "a"]):
        assert main(["judge", str(path), "--output", str(tmp_path / "out"), *more]) == 0
        page = Page((tmp_path / "out/report.html").read_text(encoding="utf-8"))
        found = page.text.partition("The tables and their columns")[0]
        assert not re.search(r"\b(nan|inf)\b", found, re.IGNORECASE)


def test_several_workloads_have_a_section_each(tmp_path: Path) -> None:
    parts = [
        frame(noisy({"a": 4, "b": 4}, {"a": 1.0, "b": 1.1}, seed)).assign(workload=f"task {seed}")
        for seed in range(3)
    ]
    path = written(tmp_path, pd.concat(parts))
    said = ["--target", "1.5", "--baseline", "a", "--output", str(tmp_path / "out")]
    assert main(["judge", str(path), *said]) == 0
    page = Page((tmp_path / "out/report.html").read_text(encoding="utf-8"))
    assert page.tags.count("h1") == 1
    assert all(f"task {seed}" in page.text for seed in range(3))
    assert (tmp_path / "out/time_to_target_3.svg").is_file()
    assert len(page.ids) == len(set(page.ids))
