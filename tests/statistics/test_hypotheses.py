"""Verdicts on records whose truth is known: what decides, and what is said where nothing can."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from nagbench.cli import main
from nagbench.errors import InputError
from nagbench.statistics.hypotheses import verdicts
from nagbench.statistics.result_tables import result_tables
from nagbench.statistics.roles import select
from nagbench.statistics.sign_flips import interval, two_sided_p
from nagbench.statistics.tuning import tuning
from nagbench.study.file import study_of
from nagbench.study.model import Study
from records_of import Accuracy, Records, whole_records_of

CLAIM = {
    "claim": "NAG is more accurate",
    "workload": "tiny",
    "optimizer": "nag_sutskever",
    "reference": "sgd",
    "statement": "difference",
    "direction": "greater",
    "metric": "accuracy",
    "margin": 0.02,
}
EQUAL = {"statement": "equivalence", "direction": None}
SEEDS = list(range(11, 21))
NAN = math.nan


def study_with(small: dict[str, Any], *claims: Mapping[str, Any], seeds: int = 10) -> Study:
    def words(claim: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in {**CLAIM, **claim}.items() if value is not None}

    small["hypotheses"] = {f"h{n}": words(claim) for n, claim in enumerate(claims)}
    small["testing"]["seeds"] = list(range(11, 11 + seeds))
    return study_of("small", small, "small")


def judged(study: Study, accuracy: Accuracy) -> list[dict[str, Any]]:
    return rows_of(study, whole_records_of(study, accuracy))


def rows_of(study: Study, records: Records) -> list[dict[str, Any]]:
    selection = select(study, *records)
    return verdicts(study, selection, tuning(study, selection)).to_dict("records")


def ends(sgd: Any, nag: Any) -> Accuracy:
    """Runs that end there."""
    return {
        name: [[0.1, 0.2, value] for value in found]
        for name, found in (("sgd", sgd), ("nag_sutskever", nag))
    }


def apart(shift: float, deviation: float, seeds: int = 10) -> Accuracy:
    noise = np.random.default_rng(3)
    sgd = 0.5 + noise.normal(0, 0.05, seeds)
    return ends(sgd, sgd + shift + noise.normal(0, deviation, seeds))


@pytest.mark.parametrize(
    ("shift", "deviation", "greater", "less", "equivalent"),
    [
        (0.1, 0.005, "supported", "contradicted", "contradicted"),
        (-0.1, 0.005, "contradicted", "supported", "contradicted"),
        (0.0, 0.003, "no relevant difference", "no relevant difference", "supported"),
        (0.01, 0.2, *["not testable here"] * 3),
    ],
)
def test_a_verdict_follows_from_what_is_shown(
    small: dict[str, Any], shift: float, deviation: float, greater: str, less: str, equivalent: str
) -> None:
    study = study_with(small, {}, {"direction": "less"}, {**EQUAL, "family": "other"})
    found = [row["verdict"] for row in judged(study, apart(shift, deviation))]
    assert found == [greater, less, equivalent]


def test_the_claims_of_a_family_share_its_level_in_test_and_interval(
    small: dict[str, Any],
) -> None:
    study = study_with(small, {}, {"direction": "less"}, {"family": "other", "margin": 0.03})
    accuracy = apart(0.01, 0.01)
    one, _, alone = judged(study, accuracy)
    differences = np.array([b[2] - a[2] for a, b in zip(*accuracy.values(), strict=True)])
    assert (one["level"], alone["level"]) == (0.025, 0.05)
    assert (one["low"], one["high"]) == interval(differences, 0.025)
    assert (alone["low"], alone["high"]) == interval(differences, 0.05)
    assert one["p"] == alone["p"] == two_sided_p(differences)
    assert (one["confidence"], alone["confidence"]) == (0.975, 0.95)


def test_a_row_says_what_is_compared_with_what(small: dict[str, Any]) -> None:
    small["workloads"]["second"] = dict(small["workloads"]["tiny"])
    study = study_with(
        small,
        {},
        {**EQUAL, "family": "other"},
        {"statement": "threshold", "value": 0.4, "reference": None, "margin": 0.1},
        {"contrast": "second"},
        {"reference_workload": "second"},
    )
    rows = judged(study, apart(0.1, 0.005))
    named = ("optimizer", "reference", "contrast", "direction")
    assert [tuple(row[name] for name in named) for row in rows] == [
        ("nag_sutskever", "sgd", "", "greater"),
        ("nag_sutskever", "sgd", "", ""),
        ("nag_sutskever", "", "", "greater"),
        ("nag_sutskever", "sgd", "second", "greater"),
        ("nag_sutskever", "sgd", "second", "greater"),
    ]
    assert [row["hypothesis"] for row in rows] == [f"h{n}" for n in range(5)]


def test_an_effect_is_printed_in_its_metrics_sign(small: dict[str, Any]) -> None:
    up, down = judged(study_with(small, {}, {"direction": "less"}), apart(0.1, 0.005))
    for name in ("effect", "low", "high"):
        assert up[name] == down[name] > 0


@pytest.mark.parametrize(
    ("claims", "seeds", "reason"),
    [
        ([{}] * 1, 5, "5 pairs cannot decide a claim"),
        ([{"margin": n / 100} for n in range(1, 4)], 6, "6 pairs cannot decide a family of 3"),
        ([EQUAL], 4, "4 pairs cannot decide a claim"),
    ],
)  # fmt: skip
def test_too_few_seeds_are_said_and_nothing_else(
    small: dict[str, Any], claims: list[dict[str, Any]], seeds: int, reason: str
) -> None:
    for row in judged(study_with(small, *claims, seeds=seeds), apart(0.1, 0.001, seeds)):
        assert (row["verdict"], row["remark"]) == ("not testable here", reason)


def test_constant_differences_of_two_seeds_show_no_equivalence(small: dict[str, Any]) -> None:
    """Their t test gave p = 0."""
    study = study_with(small, EQUAL, seeds=2)
    (row,) = judged(study, ends([0.5, 0.6], [0.51, 0.61]))
    assert row["verdict"] == "not testable here"
    assert math.isnan(row["p"])


def test_power_is_of_the_claim_that_is_made(small: dict[str, Any]) -> None:
    """Equivalence within less than the spread has none, where a difference has its level."""
    study = study_with(small, {}, {**EQUAL, "family": "other"})
    difference, equivalence = judged(study, apart(0.0, 0.2))
    assert difference["power"] > 0.02
    assert equivalence["power"] == 0
    assert equivalence["remark"] == "power 0.00"


def test_a_threshold_has_no_margin_and_at_most_one_side(small: dict[str, Any]) -> None:
    number = {"reference": None, "value": 0.5}
    study = study_with(
        small,
        {**number, "statement": "threshold"},
        {**number, "statement": "at_most", "direction": None, "margin": 0.3},
        {**number, "statement": "at_most", "direction": None, "margin": 0.05},
    )
    above, within, beyond = judged(study, apart(0.2, 0.005))
    assert above["verdict"] == within["verdict"] == "supported"
    assert beyond["verdict"] == "contradicted"
    assert above["effect"] == pytest.approx(0.2, abs=0.05)
    assert math.isnan(above["power"])


def with_broken(accuracy: Accuracy, name: str, count: int) -> Accuracy:
    runs = [run[:2] for run in accuracy[name][:count]] + list(accuracy[name][count:])
    return {**accuracy, name: runs}


def test_one_failing_run_leaves_the_decision_to_pair_wins(small: dict[str, Any]) -> None:
    study = study_with(small, {}, {**EQUAL, "family": "other"})
    ahead, equal = judged(study, with_broken(apart(0.1, 0.005), "sgd", 1))
    assert ahead["verdict"] == "supported"
    assert ahead["statistic"] == "pair wins 10 : 0"
    assert ahead["p"] == pytest.approx(2 / 2**10)
    assert np.isnan([ahead[name] for name in ("effect", "low", "high", "power")]).all()
    assert equal["verdict"] == "contradicted"
    behind, _ = judged(study, with_broken(apart(0.1, 0.005), "nag_sutskever", 8))
    assert behind["verdict"] == "open"
    assert behind["statistic"] == "pair wins 2 : 8"


TIME = {"metric": "epochs", "direction": "less", "margin": 0.1}


def test_time_below_the_targets_decides_speed(small: dict[str, Any]) -> None:
    small["workloads"]["tiny"]["targets"] = {"low": 0.2, "high": 0.4, "source": "a test"}
    study = study_with(small, TIME, {**TIME, "metric": "gradients", "margin": 1.0})
    noise = np.random.default_rng(0).uniform(0, 0.01, (2, 10))
    slow, soon = (
        [[0.1, at + n, 0.5] for n in row] for at, row in zip((0.2, 0.4), noise, strict=True)
    )
    for row, steps in zip(
        judged(study, {"sgd": slow, "nag_sutskever": soon}), (1, 10), strict=True
    ):
        assert row["verdict"] == "supported"
        # Until 1 the one is below 2/3 + 1/3·1/2, the other below all; then SGD takes a third more.
        assert row["effect"] == pytest.approx(-0.67 * steps, abs=0.05 * steps)


def test_two_arms_that_never_arrive_are_not_equally_fast(small: dict[str, Any]) -> None:
    """They printed a difference of 0 [0, 0] and a ratio of 1 [1, 1]."""
    study = study_with(small, TIME, {**TIME, **EQUAL, "family": "other"})
    never = {name: [[0.1, 0.1, 0.15]] * 10 for name in study.optimizers}
    for row in judged(study, never):
        assert row["verdict"] == "not testable here"
        assert row["remark"].startswith("no run reaches 20 %: at most")
        assert np.isnan([row[name] for name in ("effect", "low", "high", "p")]).all()
    pair = result_tables(study, *whole_records_of(study, never))["speed_comparisons"].iloc[0]
    names = ("difference", "low", "high", "p", "ratio", "ratio_low", "ratio_high")
    assert np.isnan([pair[name] for name in names]).all()
    assert not pair["differs"]


def test_a_slow_arm_fails_and_loses_its_pairs(small: dict[str, Any]) -> None:
    study = study_with(small, TIME)
    accuracy = {"sgd": [[0.1, 0.1, 0.15]] * 10, "nag_sutskever": [[0.1, 0.3, 0.4]] * 10}
    (row,) = judged(study, accuracy)
    assert (row["verdict"], row["statistic"]) == ("supported", "pair wins 10 : 0")


SPIKES = {"metric": "spikes", "direction": "less", "margin": 1}
DIVERGED = {"metric": "diverged", "statement": "events", "direction": "less", "margin": 0.1}


@pytest.mark.parametrize("claim", [SPIKES, DIVERGED])
def test_no_events_show_nothing(small: dict[str, Any], claim: dict[str, Any]) -> None:
    """0 against 0 was refuted, with p = 0."""
    (row,) = judged(study_with(small, claim), apart(0.0, 0.01))
    assert row["verdict"] == "not testable here"
    assert row["remark"].startswith("none in either arm: their rates differ by at most")
    assert math.isnan(row["p"])


@pytest.mark.parametrize("more", ["sgd", "nag_sutskever"])
def test_the_bound_without_events_is_that_of_the_arm_with_fewer_runs(
    small: dict[str, Any], more: str
) -> None:
    """At level 0.05 none of ten leaves 1 − 0.0125^(1/10) possible, none of twenty less."""
    whole = whole_records_of(study_with(small, DIVERGED, seeds=20), apart(0.0, 0.01, 20))
    small["testing"] = {"seeds": SEEDS, "further": {more: list(range(21, 31))}}
    study = study_of("small", small, "small")
    runs, curves = whole
    (row,) = rows_of(study, (runs[(runs["optimizer"] == more) | (runs["seed"] < 21)], curves))
    assert row["remark"].endswith(f"by at most {100 * (1 - 0.0125 ** (1 / 10)):.0f} points")


def test_events_are_judged_by_exact_rates(small: dict[str, Any]) -> None:
    study = study_with(small, DIVERGED)
    (row,) = judged(study, with_broken(apart(0.0, 0.01), "sgd", 10))
    assert row["verdict"] == "supported"
    assert row["statistic"] == "exact rates 0/10, 10/10"
    assert row["effect"] == -1
    assert row["low"] == -1
    assert -1 < row["high"] < 0
    (row,) = judged(study, with_broken(apart(0.0, 0.01), "sgd", 2))
    assert row["verdict"] == "open"


def ranked(small: dict[str, Any], *names: str) -> Study:
    small["optimizers"]["nag"] = None
    small["optimizers"]["adam"] = None
    words = {"optimizer": None, "reference": None, "statement": "ranking", "optimizers": [*names]}
    return study_with(small, words)


@pytest.mark.parametrize(
    ("means", "verdict"),
    [
        ([0.7, 0.6, 0.5], "supported"),
        ([0.7, 0.5, 0.6], "contradicted"),
        ([0.7, 0.6, 0.595], "not testable here"),
    ],
)
def test_a_ranking_needs_every_neighbour(
    small: dict[str, Any], means: list[float], verdict: str
) -> None:
    study = ranked(small, "nag", "sgd", "adam")
    noise = np.random.default_rng(1).normal(0, 0.03, (4, 10))
    accuracy = {
        name: [[0.1, 0.2, mean + one] for one in row]
        for name, mean, row in zip(("nag", "sgd", "adam"), means, noise[:3], strict=True)
    }
    (row,) = judged(study, accuracy)
    assert row["verdict"] == verdict
    assert row["pairs"] == 10


def test_in_a_ranking_pair_wins_decide_where_a_neighbour_fails(small: dict[str, Any]) -> None:
    study = ranked(small, "nag", "sgd", "adam")
    accuracy = {
        "nag": [[0.1, 0.2, 0.7 + n / 1000] for n in range(10)],
        "sgd": [[0.1, 0.2, 0.6 + n / 900] for n in range(10)],
        "adam": [[0.1, 0.2]] * 10,
    }
    (row,) = judged(study, accuracy)
    assert (row["verdict"], row["statistic"]) == ("supported", "sign flips")


def test_runs_that_are_missing_are_said_and_crash_nothing(small: dict[str, Any]) -> None:
    study = study_with(small, {}, TIME, DIVERGED)
    runs, curves = whole_records_of(study, apart(0.1, 0.005))
    tests = (runs["stage"] == "test") & (runs["optimizer"] == "sgd")
    for gone, words in ((tests & (runs["seed"] > 17), "3 of 10"), (tests, "10 of 10")):
        kept = runs[~gone]
        own = curves[curves["run"].isin(kept["run"])]
        tables = result_tables(study, kept, own)
        assert set(tables["hypotheses"]["verdict"]) == {"not testable here"}
        for remark in tables["hypotheses"]["remark"]:
            assert remark == f"{words} runs of SGD on tiny missing"


def test_failed_runs_are_no_diverged_ones(small: dict[str, Any]) -> None:
    study = study_with(small, DIVERGED)
    runs, curves = whole_records_of(study, with_broken(apart(0.1, 0.005), "sgd", 3))
    failed = runs["status"] == "diverged"
    runs = runs.assign(status=runs["status"].mask(failed, "failed"))
    tables = result_tables(study, runs.assign(message=np.where(failed, "x", "")), curves)
    for name in ("summary", "stability"):
        row = tables[name].set_index("optimizer").loc["sgd"]
        assert (row["diverged"], row["failed"]) == (0, 3)
    claim = tables["hypotheses"].iloc[0]
    assert claim["verdict"] == "not testable here"
    assert claim["remark"].startswith("the measure is not defined in 3 of")  # they might have


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"workload": "huge"}, "workload"),
        ({"optimizer": "adam"}, "optimizer"),
        ({"reference": "nag_sutskever"}, "reference"),
        ({"reference": None}, "reference"),
        ({"value": 0.1}, "reference"),
        ({"reference": None, "value": 0.1}, "reference"),
        ({"statement": "threshold"}, "value"),
        ({"statement": "equivalence", "direction": None, "margin": 0.0}, "margin"),
        ({"statement": "at_most", "direction": None, "margin": 0.0}, "margin"),
        ({"statement": "at_most"}, "direction"),
        ({"direction": None}, "direction"),
        ({"direction": "sideways"}, "direction"),
        ({"metric": "diverged"}, "metric"),
        ({"statement": "events"}, "metric"),
        ({**DIVERGED, "contrast": "tiny"}, "contrast"),
        ({"metric": "beauty"}, "metric"),
        ({"contrast": "huge"}, "contrast"),
        ({"optimizers": ["sgd", "nag_sutskever"]}, "optimizers"),
        ({"statement": "ranking"}, "optimizers"),
        (
            {"statement": "ranking", "optimizer": None, "optimizers": ["sgd", "nag_sutskever"]},
            "reference",
        ),
        (
            {"statement": "ranking", "optimizer": None, "reference": None, "optimizers": ["sgd"]},
            "optimizers",
        ),
        ({"conditions": "ideal"}, "conditions"),
    ],
)
def test_a_claim_that_cannot_be_judged_names_the_place(
    small: dict[str, Any], changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=f"hypotheses.h0.{named}"):
        study_with(small, changes)


def test_one_test_under_two_names_is_refused(small: dict[str, Any]) -> None:
    """As C0b_printed and C4d_printed were."""
    small["optimizers"]["other"] = {"based_on": "sgd", "label": "SGD again"}
    with pytest.raises(InputError, match=r"hypotheses\.h1: the same test as 'h0'"):
        study_with(small, {}, {"claim": "said otherwise", "reference": "other"})


def test_the_command_warns_of_a_test_that_cannot_reject(
    small: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study_with(small, {})
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    assert main(["power", str(path)]) == 0
    assert "WARNING" not in capsys.readouterr().out
    small["testing"]["seeds"] = [11, 12, 13, 14, 15]
    path.write_text(yaml.safe_dump(small))
    assert main(["power", str(path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "1 tests on 5 seeds cannot reject at level 0.05; 6 seeds can" in said
