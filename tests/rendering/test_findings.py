"""Sentences about what was found are true and English, whichever way the runs fall."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from nagbench.rendering import findings
from nagbench.rendering.lookup import middle_target

Tables = Mapping[str, pd.DataFrame]


def claims_of(*verdicts: str, **columns: Any) -> Tables:
    """Claims C0_a, C1_a, … with these verdicts, as the table of claims has them."""
    blank = dict.fromkeys(("conditions", "edge", "untuned", "devices", "remark"), "")
    facts = {"waits": False, "depends_on_tuning": False, **blank}
    rows = [
        {"hypothesis": f"C{n}_a", "claim": f"claim {n}", "verdict": verdict, **facts, **columns}
        for n, verdict in enumerate(verdicts)
    ]
    names = ["hypothesis", "claim", "verdict", *facts]
    return {"hypotheses": pd.DataFrame(rows, columns=names)}


def test_speed_and_accuracy_are_told_from_the_claims(tables: Tables) -> None:
    """Not from the comparisons beside the claims."""
    found = findings.findings(tables)
    assert "NAG" in found["speed"]
    assert "*" not in found["speed"] + found["accuracy"]
    silent = {**tables, "comparisons": tables["comparisons"].assign(differs=False)}
    silent["speed_comparisons"] = tables["speed_comparisons"].assign(differs=False)
    assert findings.findings(silent)["speed"] == found["speed"]
    assert findings.findings(silent)["accuracy"] == found["accuracy"]


@pytest.mark.parametrize(
    ("verdicts", "said", "named"),
    [
        ([], "The study states no claims.", ""),
        (["supported"], "Of 1 claims 1 is supported.", "Supported: C0 a."),
        (
            ["supported", "supported", "contradicted", "open", "no relevant difference"],
            "Of 5 claims 2 are supported, 1 is contradicted, 1 names a difference that is shown "
            "not to matter and 1 is left open.",
            "Supported: C0 a and C1 a. Contradicted: C2 a. No relevant difference: C4 a. "
            "Open: C3 a.",
        ),
        (
            ["open"] + 9 * ["not testable here"],
            "Of 10 claims 1 is left open and 9 cannot be tested here.",
            "Open: C0 a. 9 more are not testable here.",
        ),
        (
            9 * ["not testable here"],
            "Of 9 claims 9 cannot be tested here.",
            "All are not testable here.",
        ),
    ],
)
def test_claims_are_counted_and_named(verdicts: list[str], said: str, named: str) -> None:
    assert findings.claims(claims_of(*verdicts)) == said
    assert findings.verdicts(claims_of(*verdicts)) == named


def test_claims_whose_runs_are_to_come_are_told_apart() -> None:
    waiting = claims_of(*(2 * ["not testable here"]), waits=True, remark="8 runs missing")
    assert findings.claims(waiting) == "Of 2 claims 2 wait for their runs."
    assert findings.verdicts(waiting) == "Not tested yet: C0 a and C1 a."


def test_what_has_to_be_said_with_a_verdict_is_said_with_its_name() -> None:
    doubtful = claims_of("supported", remark="below relevance", depends_on_tuning=True)
    assert findings.verdicts(doubtful) == ("Supported: C0 a (below relevance; depends on tuning).")


def test_a_claim_whose_runs_several_kinds_of_device_trained_is_named() -> None:
    study = {"study": pd.DataFrame({"device": ["CPU, GPU"]})}
    one, two = (
        {**study, "costs": pd.DataFrame({"devices": arms})}
        for arms in (["CPU, GPU"] * 2, ["CPU", "CPU and GPU"])
    )
    tables = claims_of("supported", "not testable here", "open")
    assert findings.devices({**one, **tables}) == ""  # of a single one, whose name has a comma
    assert "tested none compare runs of" in findings.devices({**two, **tables})
    mixed = tables["hypotheses"].assign(devices=["CPU and GPU"] * 2 + [""])
    assert "tested C0 a compares runs of" in findings.devices({**two, "hypotheses": mixed})
    assert "Supported: C0 a (trained on CPU and GPU)." in findings.verdicts({"hypotheses": mixed})
    mixed["devices"] = "CPU and GPU"
    assert "tested C0 a and C2 a compare runs of" in findings.devices({**two, "hypotheses": mixed})


def elsewhere(here: list[str], *places: list[str]) -> str:
    tables = dict(claims_of(*here))
    names = list(tables["hypotheses"]["hypothesis"])
    found = [
        pd.DataFrame({"hypothesis": names, "verdict": there, "place": f"GPU {n}", "runs": 180 + n})
        for n, there in enumerate(places)
    ]
    return findings.elsewhere({**tables, "elsewhere": pd.concat(found, ignore_index=True)})


def test_another_place_is_told_with_what_it_alone_could_test() -> None:
    here, there = ["supported", "not testable here", "open"], ["supported", "open", "open"]
    first = (
        "On another machine (GPU 0) 180 runs of the same study trained. Of the 2 claims that both "
        "places can test, all have the same verdict in both. Tested there alone and open: claim 1 "
        "(C1 a)."
    )
    assert elsewhere(here, there) == first
    assert elsewhere(here, there, there) == f"{first} {first}".replace(
        ". On another machine (GPU 0) 180", ". On another machine (GPU 1) 181"
    )
    assert "test, 1 has the same verdict in both." in elsewhere(here[:1] + here[2:], ["open"] * 2)
    assert "test, none have the same" in elsewhere(["open"] * 2, ["supported"] * 2)
    assert elsewhere(["open"], ["open"]).endswith("can test the verdict is the same.")
    assert elsewhere(["open"], ["supported"]).endswith("can test the verdict is not the same.")
    assert elsewhere(["not testable here"], ["not testable here"]).endswith("study trained.")
    assert findings.elsewhere({}) == ""


def test_every_sentence_is_whole(tables: Mapping[str, pd.DataFrame]) -> None:
    for key, text in findings.findings(tables).items():
        assert text == "" or (text.endswith(".") and text[0].isupper()), (key, text)
        assert "  " not in text, (key, text)
        assert "nan" not in text.split(), (key, text)
        assert ". Heavy" in text or " Heavy ball" not in text, (key, text)


def changed(tables: Mapping[str, pd.DataFrame], name: str, **columns: Any) -> Tables:
    return {**tables, name: tables[name].assign(**columns)}


def test_spread_and_divergence_are_told_both_ways(tables: Mapping[str, pd.DataFrame]) -> None:
    quiet = changed(tables, "stability", diverged=0, spread_p_adjusted=1.0)
    assert findings.spread(quiet).endswith("The corrected test tells none from SGD's.")
    assert findings.diverged(quiet).startswith("None of the ")
    loud = changed(tables, "stability", diverged=1, spread_p_adjusted=0.001)
    assert "The corrected test tells that of " in findings.spread(loud)
    assert "diverged: 1 of SGD, 1 of " in findings.diverged(loud)
    gone = changed(tables, "stability", diverged=tables["stability"]["runs"])
    assert findings.spread(gone) == "No spread between seeds is known yet."
    nothing = {name: tables[name][:0] for name in ("stability", "outcomes")}
    nothing = {**tables, **nothing}
    assert findings.spread(nothing) == "No spread between seeds is known yet."
    assert findings.diverged(nothing) == "No run was tested yet."


def test_runs_that_optimizers_share_diverge_once(tables: Mapping[str, pd.DataFrame]) -> None:
    """Untuned Adam has the runs of SGD's first seeds."""
    rows, runs = tables["stability"], tables["outcomes"]
    rows = rows[rows["optimizer"].isin(["sgd", "nag", "adam"])].assign(diverged=0)
    runs = runs[runs["optimizer"].isin(rows["optimizer"]) & (runs["metric"] == "accuracy")].copy()
    runs = runs[(runs["optimizer"] != "adam") | runs["seed"].isin(sorted(set(runs["seed"]))[:2])]
    of_sgd = runs[runs["optimizer"] == "sgd"].set_index("seed")["run"]
    adams = runs["optimizer"] == "adam"
    runs.loc[adams, "run"] = runs.loc[adams, "seed"].map(of_sgd)
    few = {**tables, "outcomes": runs}
    count = len(of_sgd)
    rows["diverged"] = rows["optimizer"].map({"sgd": 3, "nag": 1, "adam": 2})
    assert findings.diverged({**few, "stability": rows}).endswith(
        "at the settings chosen by accuracy 4 diverged: 3 that SGD and Adam share and 1 of NAG."
    )
    assert f"Of the {2 * count} test runs" in findings.diverged({**few, "stability": rows})
    rows["diverged"] = 0
    assert f"None of the {2 * count} test runs" in findings.diverged({**few, "stability": rows})


def test_inputs_are_told_as_they_are(tables: Mapping[str, pd.DataFrame]) -> None:
    plain = changed(tables, "workloads", padding=0, flip=False, schedule="constant")
    assert findings.inputs(plain) == (
        "Training images are used as they are. The learning rate is constant."
    )
    rich = changed(tables, "workloads", padding=4, flip=True, schedule="cosine_decay")
    assert findings.inputs(rich) == (
        "Training images are cropped at random, by up to 4 pixels and mirrored at random. The "
        "learning rate is scheduled (cosine decay)."
    )


@pytest.mark.parametrize(
    ("momentum", "said"),
    [("0.9962", "with momentum 0.9962"), ("0.9", "with momentum 0.9:"), ("1e-05", "1e-05")],
)
def test_rates_are_those_chosen_by_speed_and_momentum_is_not_rounded_to_one(
    tables: Tables, momentum: str, said: str
) -> None:
    rows = [
        ("tiny_cnn", "sgd", "speed", 0.1, ""),
        ("tiny_cnn", "nag", "accuracy, speed", 0.02, f"momentum {momentum}"),
        ("tiny_cnn", "nag", "accuracy", 0.5, "momentum 0.5"),
    ]
    columns = ["workload", "optimizer", "roles", "learning_rate", "others"]
    settings = pd.DataFrame(rows, columns=columns)
    settings["workload"] = tables["workloads"]["workload"].iloc[0]
    found = findings.rates({**tables, "settings": settings.iloc[:2]})
    assert said in found
    assert f"of 0.1 and {0.02 / (1 - float(momentum)):.2g}." in found
    assert findings.rates({**tables, "settings": settings.iloc[[0, 2]]}) == ""


def test_arrivals_name_who_never_held_the_target(tables: Tables) -> None:
    first = tables["workloads"]["workload"].iloc[0]
    goal = middle_target(tables, first)
    held = f"had held {100 * goal:g} % for three evaluations"

    def told(**medians: float) -> str:
        row = {"workload": first, "target": goal, "clock": "epochs", "kind": "sustained"}
        rows = [{**row, "optimizer": one, "median": median} for one, median in medians.items()]
        return findings.arrivals({**tables, "time_to_target": pd.DataFrame(rows)})

    both = f"In epochs, the median run {held} from epoch 7.1 with NAG and 9.2 with heavy ball"
    assert told(heavy_ball=9.24, nag=7.06) == f"{both}."
    never = f"{both}; with gradient descent or Adam it never did."
    assert told(heavy_ball=9.24, nag=7.06, sgd=math.inf, adam=math.inf) == never
    assert told(sgd=math.inf) == f"The median run never {held} with gradient descent."
    assert told(lion=3.0) == ""
    none = {**tables, "time_to_target": tables["time_to_target"][:0]}
    assert findings.arrivals(none) == ""


def test_chance_in_tuning_is_told_where_it_is_known(tables: Tables) -> None:
    known = [("sgd", 0.034, 0.0012), ("nag", 0.0, 0.0), ("adam", math.nan, math.nan)]
    rows = pd.DataFrame(known, columns=["optimizer", "another_wins", "regret"])
    rows["workload"] = tables["workloads"]["workload"].iloc[0]
    found = findings.chance({**tables, "tuning": rows.assign(role="accuracy")})
    assert found.endswith(
        "in this share of resamples: 0 % for NAG and 3 % for gradient descent, at a mean loss of "
        "0.0 and 0.1 points of validation accuracy."
    )
    assert findings.chance({**tables, "tuning": rows.assign(role="speed")}) == ""


def test_settings_that_were_tried_are_counted(tables: Tables) -> None:
    workload = tables["workloads"]["workload"].iloc[0]
    tried = pd.DataFrame({"workload": workload, "trials": [17, 17, 10, 1]})
    assert "gets 10 to 17 settings" in findings.setting({**tables, "tuning": tried})
    assert "gets 17 settings" in findings.setting({**tables, "tuning": tried.iloc[:2]})
