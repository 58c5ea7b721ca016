"""What goes into the explorer is what records and result tables say, all of it."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shown import SEEDS, Shown

from nagbench.exploring import curves as drawn
from nagbench.rendering.figures.claims import COLOURS
from nagbench.rendering.procedure import amendments, registered
from nagbench.rendering.style import looks
from nagbench.rendering.table_files import TABLES as PRINTED
from nagbench.rendering.tables.claims import NOT_YET
from nagbench.statistics.columns import TABLES as DECLARED
from nagbench.statistics.roles import select
from nagbench.statistics.verdict_table import NOT_TESTABLE


def tables_of(shown: Shown, kind: str) -> dict[str, Any]:
    return {table["name"]: table for table in shown.content["tables"] if table["kind"] == kind}


def claim_of(shown: Shown, name: str) -> dict[str, Any]:
    return next(claim for claim in shown.content["claims"] if claim["name"] == name)


def test_every_result_table_is_there_with_every_digit(shown: Shown) -> None:
    found = tables_of(shown, "result")
    assert set(found) == {name for name in DECLARED if len(shown.tables[name])}
    for name, table in found.items():
        frame = shown.tables[name]
        assert table["header"] == list(frame.columns)
        for column, values in zip(frame, zip(*table["rows"], strict=True), strict=True):
            for value, cell in zip(frame[column], values, strict=True):
                if isinstance(value, float) and not math.isfinite(value):
                    assert cell == ("–" if math.isnan(value) else "∞")
                elif isinstance(value, list):
                    listed = [float(one) for one in cell.split(", ")]
                    np.testing.assert_array_equal(listed, value)
                else:
                    assert cell == value, (name, column)


def test_printed_tables_are_those_of_the_paper(shown: Shown) -> None:
    found = tables_of(shown, "printed")
    # Formulas are in LaTeX's own words, and the pilot trained in one place.
    assert set(PRINTED) - set(found) == {"rules", "elsewhere"}
    for name, table in found.items():
        printed = PRINTED[name](shown.tables)
        cells = [
            [cell[0] if isinstance(cell, list) else cell for cell in row] for row in table["rows"]
        ]
        assert cells == [[cell.whole for cell in row] for row in printed.flat[1]]
        marks = [[isinstance(cell, list) for cell in row] for row in table["rows"]]
        assert marks == [[cell.marked for cell in row] for row in printed.flat[1]]


def test_every_run_is_drawn_to_four_digits(shown: Shown) -> None:
    runs = {run["run"]: run for run in shown.content["curves"]["runs"]}
    clocks = shown.content["curves"]["clocks"]
    assert set(runs) == set(shown.runs["run"])
    assert shown.content["curves"]["kept"] == shown.content["curves"]["of"] == len(shown.curves)
    for name, curve in shown.curves.sort_values("epoch").groupby("run"):
        run = runs[name]
        assert clocks[run["epochs"]] == pytest.approx(curve["epoch"])
        assert clocks[run["gradients"]] == pytest.approx(curve["gradient_evaluations"], rel=5e-4)
        for metric in drawn.METRICS:
            values = run[metric] + run[metric][-1:] * (len(curve) - len(run[metric]))
            known = [math.nan if value is None else value for value in values]
            assert known == pytest.approx(curve[metric].tolist(), rel=5e-4, nan_ok=True)


def test_a_run_that_two_optimizers_share_is_drawn_for_both(sound: Shown) -> None:
    """Of those that are the same in all but their name the records have one curve."""
    first = sound.runs[sound.runs["optimizer"] == "nag"]
    both = pd.concat([sound.runs, first.assign(optimizer="adam", stage="band")])
    selection = select(sound.study, sound.runs, sound.curves)
    found = drawn.curves(both, sound.curves, selection)["runs"]
    assert len(found) == len(both)
    twins = [run for run in found if run["run"] == first["run"].iloc[-1]]
    assert {run["optimizer"] for run in twins} == {"nag", "adam"}
    assert twins[0]["validation_loss"] == twins[1]["validation_loss"]


def test_runs_that_broke_off_are_there_and_say_so(shown: Shown) -> None:
    runs = shown.content["curves"]["runs"]
    (diverged,) = (run for run in runs if run["status"] == "diverged")
    (failed,) = (run for run in runs if run["status"] == "failed")
    assert (diverged["optimizer"], diverged["seed"]) == ("sgd", SEEDS[3])
    assert diverged["diverged_step"] == 40
    assert len(shown.content["curves"]["clocks"][diverged["epochs"]]) == 4
    assert failed["message"].startswith("RuntimeError")
    assert diverged["final_test"] == failed["final_test"] == 0.1  # chance


def test_pairs_are_what_the_verdict_rests_on(shown: Shown) -> None:
    claim = claim_of(shown, "better")
    row = shown.tables["hypotheses"].set_index("hypothesis").loc["better"]
    assert claim["seeds"] == SEEDS
    own, other = (arm["values"] for arm in claim["arms"])
    assert claim["differences"] == pytest.approx(np.subtract(own, other).tolist())
    assert claim["arms"][0]["fails"][5]
    assert claim["arms"][1]["fails"][3]
    assert row["statistic"].startswith("pair wins")
    won = sum(1 for seed, difference in zip(SEEDS, claim["differences"], strict=True)
              if (difference > 0 or seed == SEEDS[3]) and seed != SEEDS[5])  # fmt: skip
    assert claim["statistic"] == row["statistic"] == f"pair wins {won} : {len(SEEDS) - won}"


def test_the_mean_of_the_pairs_is_the_effect(sound: Shown) -> None:
    for claim in sound.content["claims"]:
        if claim["verdict"] not in (NOT_TESTABLE, NOT_YET):
            row = sound.tables["hypotheses"].set_index("hypothesis").loc[claim["name"]]
            mean = sum(claim["differences"]) / len(claim["differences"])
            assert mean == pytest.approx(row["scale"] * row["effect"])
            assert claim["scaled"]["low"] == pytest.approx(row["scale"] * row["low"])


def test_what_is_missing_is_told(shown: Shown) -> None:
    (unit,) = shown.content["missing"]
    named = {"stage": "test", "workload": "tiny", "optimizer": "adam"}
    assert unit == {**named, "runs": 3, "of": len(SEEDS)}
    claim = claim_of(shown, "over_all")
    assert claim["verdict"] == NOT_YET
    assert "missing" in claim["said"]
    assert {"verdict": NOT_YET, "count": 1} in shown.content["counts"]
    assert "over_all" not in shown.content["headline"]


def test_colours_are_those_of_the_figures(shown: Shown) -> None:
    names = list(shown.tables["optimizers"]["optimizer"])
    found = {one["name"]: one["colour"] for one in shown.content["optimizers"]}
    for name, look in looks(names).items():
        parts = [int(found[name][n : n + 2], 16) / 255 for n in (1, 3, 5)]
        assert parts == pytest.approx(look.colour, abs=1 / 255)
    assert {one["verdict"] for one in shown.content["verdicts"]} == {*COLOURS, NOT_YET}


def test_a_large_study_is_thinned_evenly_with_both_ends() -> None:
    lengths = [301] * 4000
    most = drawn._most(lengths)
    assert len(drawn.METRICS) * most * len(lengths) <= drawn.MOST
    places = drawn._spread(301, most)
    assert (places[0], places[-1], len(places)) == (0, 300, most)
    assert np.ptp(np.diff(places)) <= 1
    assert drawn._most([12] * 800) == 12


def test_values_that_are_none_are_left_out() -> None:
    assert [drawn._short(value) for value in (math.nan, math.inf, 3.0, 0.123456)] == [
        None,
        None,
        3,
        0.1235,
    ]
    assert drawn._cut([None, 0.1, 0.1, 0.1]) == [None, 0.1]
    assert drawn._cut([None, None]) == [None]


def test_the_study_says_its_seeds_units_and_every_amendment_by_itself(shown: Shown) -> None:
    facts = shown.content["study"]
    assert facts["seeds"] == f"{len(SEEDS)} seeds"
    assert facts["units"] == shown.tables["study"].iloc[0]["units"] > len(shown.content["missing"])
    first, *later = (
        {"time": f"2026-11-0{day}T00:00:00", "commit": "abc", "what": what, "why": "y", "seen": "s"}
        for day, what in enumerate(("", "one", "two"), start=1)
    )
    for told in ([], later):
        found = pd.DataFrame([first, *told])
        said, each = registered(found), amendments(found)
        assert said.startswith("The study was registered on 2026-11-01")
        assert said.endswith("and amended twice since." if told else "and nothing was amended.")
        assert [one.split(": ")[1] for one in each] == [f"{row['what']}; why" for row in told]
