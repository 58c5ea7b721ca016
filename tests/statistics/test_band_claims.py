"""Claims on bands, from records of the stage to the verdict: at rates as real studies have them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from nagbench.statistics.evidence import Finding, finding
from nagbench.statistics.hypotheses import verdicts
from nagbench.statistics.measures import measured
from nagbench.statistics.roles import Selection, select
from nagbench.statistics.tuning import tuning
from nagbench.study.file import study_of
from nagbench.study.model import Study
from nagbench.study.plan import units
from records_of import joined, run_of, tuning_of

LEVEL = 0.05 / 4
END = 4  # places of the grid on either side of the chosen rate, which is at 0
Accuracy = Callable[[int, int], float | None]  # at a place of the grid and a seed; None: diverges


def band(low: int, high: int) -> Accuracy:
    """Usable from `low` to `high`; between seeds the next rate outside is of different use."""
    return lambda place, seed: 0.6 if low <= place <= high else 0.3 + 0.002 * (seed % 10)


WIDE, NARROW, NONE = band(-END, END), band(-1, 1), band(9, 9)


@pytest.fixture(params=[(0.0214, 0.1), (0.003174, 0.0009318), (0.7, 0.3)])
def study(request: pytest.FixtureRequest, small: dict[str, Any]) -> Study:
    """NAG and SGD chosen at these rates, of which some round up and others down."""
    nag, sgd = request.param
    small["optimizers"] = {
        "sgd": {"settings": {"lr": sgd}, "space": {}},
        "nag_sutskever": {"settings": {"lr": nag}, "space": {}},
    }
    small["band"] = {"epochs": 2, "seeds": list(range(301, 309)), "threshold": 0.5}
    small["hypotheses"] = {
        "wider": {
            "claim": "NAG's usable rates span more decades", "workload": "tiny",
            "optimizer": "nag_sutskever", "reference": "sgd", "metric": "band", "family": "bands",
            "statement": "difference", "direction": "greater", "margin": 0.1,
        }
    }  # fmt: skip
    return study_of("small", small, "a test")


def trained(study: Study, accuracy: Mapping[str, Accuracy]) -> Selection:
    runs, curves = tuning_of(study)
    chosen = select(study, runs, curves).chosen
    rows: list[dict[str, Any]] = []
    parts = []
    for unit in units(study, "band"):
        for run in unit.runs(choice=chosen[unit.workload, unit.optimizer]):
            end = accuracy[unit.optimizer](run.trial - END, run.seed)
            values = [0.1] if end is None else [0.1, end, end]
            row, curve = run_of(run.id, values, unit.base.epochs)
            place = {"stage": "band", "workload": unit.workload, "optimizer": unit.optimizer}
            rate = {"trial": run.trial, "seed": run.seed, "learning_rate": run.settings["lr"]}
            rows.append({**row, "study": study.name, "settings": "{}", **place, **rate})
            parts.append(curve)
    more = pd.DataFrame(rows), pd.concat(parts, ignore_index=True)
    return select(study, *joined((runs, curves), more))


def found(study: Study, nag: Accuracy, sgd: Accuracy) -> Finding:
    selection = trained(study, {"nag_sutskever": nag, "sgd": sgd})
    return finding(study, study.hypotheses["wider"], selection, LEVEL)


def test_a_band_is_measured_whatever_its_rates_round_to(study: Study) -> None:
    """The rates have four digits, and so lie up to 0.2503 decades apart."""
    selection = trained(study, {"nag_sutskever": NARROW, "sgd": NARROW})
    arms = [("tiny", "nag_sutskever"), ("tiny", "sgd")]
    nag, sgd = measured(study, selection, "band", arms)
    assert nag.measures.notna().all()
    assert nag.measures.tolist() == sgd.measures.tolist()
    # From the last usable rate a third of the way down, or less where the next one is better.
    assert nag.measures[301] == pytest.approx(0.5 + 2 * 0.25 * 0.1 / (0.6 - 0.302))


@pytest.mark.parametrize("seed", [302, 308])
def test_a_seed_that_lacks_a_rate_is_missing(study: Study, seed: int) -> None:
    whole = trained(study, {"nag_sutskever": NARROW, "sgd": NARROW})
    gone = (whole.band["seed"] == seed) & (whole.band["trial"] == 0)
    fewer = replace(whole, band=whole.band[~gone])
    (nag,) = measured(study, fewer, "band", [("tiny", "nag_sutskever")])
    assert set(nag.measures.index) == set(range(301, 309)) - {seed}
    assert nag.missing == 1


@pytest.mark.parametrize(
    ("nag", "sgd", "verdict"),
    [
        (band(-3, 3), NARROW, "supported"),
        (NARROW, band(-3, 3), "contradicted"),
        (NARROW, NARROW, "no relevant difference"),
        (band(-2, 1), band(-1, 2), "no relevant difference"),
        (NARROW, NONE, "supported"),
        (lambda place, _: 0.6 if abs(place) < 2 else None, NARROW, "contradicted"),
    ],
)
def test_bands_within_the_grid_are_compared_by_their_width(
    study: Study, nag: Accuracy, sgd: Accuracy, verdict: str
) -> None:
    one = found(study, nag, sgd)
    assert (one.verdict.word, one.statistic) == (verdict, "sign flips")


@pytest.mark.parametrize(
    ("nag", "sgd", "verdict", "wins"),
    [
        (WIDE, NARROW, "supported", "8 : 0"),
        (band(-END, 2), NARROW, "supported", "8 : 0"),
        (NARROW, WIDE, "contradicted", "0 : 8"),
        (band(-3, 3), band(-END, 0), "not testable here", "0 : 0"),  # SGD's may be the wider
        (band(-END, 0), band(-3, 3), "not testable here", "0 : 0"),
        (WIDE, WIDE, "not testable here", "0 : 0"),
        (band(-END, 2), band(-2, END), "not testable here", "0 : 0"),
    ],
)
def test_a_band_that_the_grid_cuts_off_is_a_lower_bound(
    study: Study, nag: Accuracy, sgd: Accuracy, verdict: str, wins: str
) -> None:
    one = found(study, nag, sgd)
    assert (one.verdict.word, one.statistic) == (verdict, f"pair wins {wins}")
    assert "cut off where the rates that were tried end in 8 of 8 pairs" in one.verdict.remark


def test_a_few_bands_that_are_cut_off_leave_the_others_to_decide(study: Study) -> None:
    one = found(study, band(-3, 3), lambda *at: (band(-END, -1) if at[1] == 301 else NARROW)(*at))
    assert one.statistic == "pair wins 7 : 0"
    assert (one.verdict.word, one.p) == ("not testable here", 2 / 2**7)


@pytest.mark.parametrize("nobody", [NONE, lambda *_: None])
def test_without_a_usable_rate_in_either_arm_nothing_is_told(
    study: Study, nobody: Accuracy
) -> None:
    one = found(study, nobody, nobody)
    assert one.verdict.word == "not testable here"
    assert "no rate that was tried reaches the threshold" in one.verdict.remark


def test_what_rises_to_the_end_of_the_grid_may_be_usable_beyond(study: Study) -> None:
    one = found(study, NARROW, lambda place, _: 0.4 + 0.01 * place)
    assert one.verdict.word == "not testable here"
    assert one.statistic == "pair wins 0 : 0"


def test_of_a_band_no_runner_up_is_told(study: Study) -> None:
    selection = trained(study, {"nag_sutskever": band(-3, 3), "sgd": NARROW})
    (row,) = verdicts(study, selection, tuning(study, selection)).to_dict("records")
    assert row["verdict"] == "supported"
    assert math.isnan(row["runner_up_effect"])
    assert row["runner_up_pairs"] == 0
