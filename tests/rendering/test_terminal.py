"""What `nagbench show` prints: the tables' own numbers, in eighty columns."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from nagbench.cli import main
from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.parquet import write_frame
from nagbench.rendering.result_tables import ResultTables
from nagbench.rendering.terminal import WIDTH, aligned, heading, leaderboards, show, verdicts
from nagbench.study.file import load_study

DEMO = load_study("demo")
CLAIM = (
    "By Nesterov's gradient, taken ahead of the point that momentum has reached, training ends "
    "more accurate than by plain gradient descent"
)


def hypothesis(tables: Mapping[str, pd.DataFrame], **facts: object) -> dict[str, object]:
    """A row of the table, with these facts."""
    numbers = {"effect": 0.0123, "low": 0.001, "high": 0.0236, "p": 1e-4, "scale": 100.0}
    words = {"claim": CLAIM, "metric": "accuracy", "unit": "points", "direction": "greater"}
    return {**tables["hypotheses"].iloc[0], **words, **numbers, **facts}


@pytest.fixture
def judged(folder: Path, tables: Mapping[str, pd.DataFrame]) -> Path:
    nothing = float("nan")
    rows = [
        hypothesis(tables, hypothesis="ahead " * 10, verdict="supported"),
        hypothesis(
            tables, hypothesis="h2", verdict="not testable here", effect=nothing, low=nothing
        ),
        hypothesis(tables, hypothesis="h3", verdict="not testable here", waits=True),
    ]
    write_frame(folder / "hypotheses.parquet", pd.DataFrame(rows))
    return folder


def test_the_most_accurate_comes_first_and_those_not_told_from_it_are_marked(
    tables: Mapping[str, pd.DataFrame],
) -> None:
    (board,) = leaderboards(tables)
    title, header, *lines = board.splitlines()
    assert title == "Tiny CNN: 6 epochs"
    assert header.split()[:2] == ["Optimizer", "Acc."]
    means = tables["summary"].set_index("optimizer")["accuracy"].sort_values(ascending=False)
    labels = tables["optimizers"].set_index("optimizer")["label"]
    assert [line[2:].split("  ")[0] for line in lines] == list(labels[means.index])
    assert [line[0] for line in lines] == ["*", "*", " ", " ", " ", " "]
    assert f"{100 * means.iloc[0]:.1f}" in lines[0]
    assert lines[-1].endswith(" 1/10")


def test_each_workload_has_its_own(tables: Mapping[str, pd.DataFrame]) -> None:
    def twice(frame: pd.DataFrame) -> pd.DataFrame:
        if "workload" not in frame:
            return frame
        other = frame.assign(workload="other", **({"label": "Other"} if "label" in frame else {}))
        return pd.concat([frame, other])

    first, second = leaderboards({name: twice(frame) for name, frame in tables.items()})
    assert second.splitlines()[0].startswith("Other: ")
    assert first.splitlines()[1:] == second.splitlines()[1:]


def test_a_workload_without_runs_is_named(tables: Mapping[str, pd.DataFrame]) -> None:
    later = tables["workloads"].assign(workload="later", label="Later")
    both = {**tables, "workloads": pd.concat([tables["workloads"], later])}
    board, last = leaderboards(both)
    assert board.startswith("Tiny CNN")
    assert last == "No runs yet: Later"


def test_the_same_as_json(judged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "demo", "--statistics", str(judged), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    tables = ResultTables(judged)
    assert [row["optimizer"] for row in found["summary"]] == list(tables["summary"]["optimizer"])
    assert found["summary"][0]["accuracy"] == pytest.approx(tables["summary"]["accuracy"][0])
    assert found["hypotheses"][1]["effect"] is None
    assert found["study"][0]["name"] == "demo"


def test_the_catalogue_in_eighty_columns_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimizers"]) == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= WIDTH
    assert main(["optimizers", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == list(CATALOGUE)
    nag = next(row for row in rows if row["name"] == "nag")
    assert nag["defaults"] == CATALOGUE["nag"].defaults


def test_everything_fits_the_width(judged: Path) -> None:
    said = show(DEMO, "demo", judged)
    assert max(map(len, said.splitlines())) <= WIDTH
    assert "(DEMO)" in said


def test_the_heading_counts_the_seeds_that_were_tested(tables: Mapping[str, pd.DataFrame]) -> None:
    own = tables["outcomes"]
    fewer = own[(own["optimizer"] != "adam") | (own["seed"] > own["seed"].min())]
    assert " runs, 10 seeds;" in heading(tables)
    assert " runs, 9 to 10 seeds;" in heading({**tables, "outcomes": fewer})


def test_amendments_follow_the_verdicts(judged: Path) -> None:
    first = {"time": "2026-11-01T00:00:00", "commit": "abc", "what": "", "why": "", "seen": ""}
    later = first | {"time": "2026-11-02T00:00:00", "what": "one", "why": "y", "seen": "none"}
    write_frame(judged / "registration.parquet", pd.DataFrame([first, later]))
    head, *_, last = show(DEMO, "demo", judged).split("\n\n")
    assert "and amended once since." in " ".join(head.split())
    assert last == "Amended 2026-11-02: one; why: y; seen before: none."


def test_verdicts_come_with_effect_interval_and_p(judged: Path) -> None:
    said = verdicts(ResultTables(judged))
    first, second, _ = (line for line in said.splitlines() if line.startswith(("ahead", "h")))
    assert first.endswith("+1.23 points  [+0.10, +2.36]  < 0.001")
    assert second.split() == ["h2", "–", "–", "<", "0.001"]
    words = " ".join(said.split())
    assert f"supported: {CLAIM}" in words
    assert f"not testable here: {CLAIM}" in words
    assert f"not tested yet: {CLAIM}" in words


def test_a_study_without_hypotheses_has_no_such_part(folder: Path) -> None:
    write_frame(folder / "hypotheses.parquet", pd.DataFrame(columns=["claim"]))
    assert "Hypothesis" not in show(DEMO, "demo", folder)


def test_a_table_of_another_hand_is_not_shown(folder: Path) -> None:
    path = folder / "summary.parquet"
    pd.read_parquet(path).assign(accuracy=1.0).to_parquet(path)
    with pytest.raises(InputError, match=r"summary\.parquet: (a Parquet file of foreign|content)"):
        show(DEMO, "demo", folder)


def test_missing_tables_say_which_command_makes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "demo", "--statistics", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "study.parquet: no such file" in said
    assert "snakemake --cores all --config study=demo -- tables" in said
    assert said.count("\n") == 1


def test_tables_of_another_study_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="result tables of study demo"):
        show(load_study("pilot"), "pilot", folder)


def test_columns_stand_below_each_other() -> None:
    assert aligned([["a", "bb"], ["ccc", "d"]]) == "a    bb\nccc   d"


def test_the_command_prints_it(judged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "demo", "--statistics", str(judged)]) == 0
    assert capsys.readouterr().out == show(DEMO, "demo", judged) + "\n"
