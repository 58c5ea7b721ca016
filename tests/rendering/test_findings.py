"""Sentences about what was found are true and English, whichever way the runs fall."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from nagbench.rendering import findings
from nagbench.rendering.findings import ACCURACY, SPEED, against_rivals

LABELS = {"sgd": "SGD", "heavy_ball": "Heavy ball", "nag": "NAG", "adam": "Adam"}
Tables = Mapping[str, pd.DataFrame]


def pairs(*outcomes: tuple[str, int, bool, float]) -> Tables:
    """NAG against rivals: which is better, whether the test shows it, NAG's time over theirs.

    Of Adam the table has the pair the other way round.
    """
    rows = []
    for rival, better, differs, ratio in outcomes:
        row = {"optimizer": "nag", "reference": rival, "better": better, "ratio": ratio}
        if rival == "adam":
            turned = {"optimizer": "adam", "reference": "nag", "better": -better}
            row = {**turned, "ratio": 1 / ratio}
        sign = -1 if rival == "adam" else 1
        wins, losses = (11, 1)[::sign]
        row |= {"difference": sign * (1 - ratio) / 10, "wins": wins, "losses": losses}
        rows.append({**row, "pairs": 12, "workload": "w", "clock": "gradients", "differs": differs})
    columns = ["workload", "clock", "optimizer", "reference"]
    table = pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)
    optimizers = pd.DataFrame(LABELS.items(), columns=["optimizer", "label"])
    return {
        "speed_comparisons": table,
        "comparisons": table,
        "optimizers": optimizers,
        "workloads": pd.DataFrame({"workload": ["w"]}),
    }


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([], "NAG was not compared with any rival in time below the targets."),
        ([("sgd", 1, True, 0.8)], "NAG spends less time below the targets than SGD (−20 %)."),
        ([("sgd", -1, True, 1.25)], "NAG spends more time below the targets than SGD (+25 %)."),
        (
            [("sgd", 1, False, 0.99)],
            "NAG is not told apart in time below the targets from SGD (−1 %).",
        ),
        (
            [("sgd", 1, True, 0.8), ("adam", -1, True, 1.25)],
            "NAG spends less time below the targets than SGD (−20 %) and more than Adam (+25 %).",
        ),
        (
            [("sgd", 1, True, 0.8), ("heavy_ball", 1, True, 0.9), ("adam", 1, False, 0.99)],
            "NAG spends less time below the targets than SGD (−20 %) and Heavy ball (−10 %) and is "
            "not told apart from Adam (−1 %).",
        ),
        (
            [("sgd", -1, True, 1.1), ("heavy_ball", 1, False, 1.0)],
            "NAG spends more time below the targets than SGD (+10 %) and is not told apart from "
            "Heavy ball (+0 %).",
        ),
        (
            [("sgd", 1, True, 0.8), ("heavy_ball", -1, True, 1.1), ("adam", -1, False, 1.01)],
            "NAG spends less time below the targets than SGD (−20 %), more than Heavy ball (+10 %) "
            "and is not told apart from Adam (+1 %).",
        ),
        (
            [("sgd", 1, True, float("nan")), ("adam", 1, True, float("nan"))],
            "NAG spends less time below the targets than SGD (better in 11 of 12 pairs) and Adam "
            "(better in 11 of 12 pairs).",
        ),
    ],
)
def test_speed_reads_as_english_whichever_way_it_falls(
    outcomes: list[tuple[str, int, bool, float]], said: str
) -> None:
    assert against_rivals(pairs(*outcomes), SPEED) == said


def test_accuracy_is_told_in_points() -> None:
    found = pairs(("sgd", 1, True, 0.8), ("adam", -1, True, 1.25), ("heavy_ball", 1, False, 0.9))
    assert against_rivals(found, ACCURACY) == (
        "NAG ends more accurate than SGD (+2.0 points), less accurate than Adam (−2.5 points) and "
        "is not told apart from Heavy ball (+1.0 points)."
    )


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
            "Open: C0 a. The other 9 cannot be tested from the runs that there are.",
        ),
    ],
)
def test_claims_are_counted_and_named(verdicts: list[str], said: str, named: str) -> None:
    names = [f"C{n}_a" for n in range(len(verdicts))]
    tables = {"hypotheses": pd.DataFrame({"hypothesis": names, "verdict": verdicts})}
    assert findings.claims(tables) == said
    assert findings.verdicts(tables) == named


def elsewhere(here: list[str], there: list[str]) -> str:
    names = [f"N{n}" for n in range(len(here))]
    own = {"hypothesis": names, "claim": [f"claim {n}" for n in names]}
    other = {"hypothesis": names, "verdict": there, "place": "GPU", "runs": 180}
    return findings.elsewhere(
        {
            "hypotheses": pd.DataFrame({**own, "verdict": here}),
            "elsewhere": pd.DataFrame(other),
        }
    )


def test_another_place_is_told_with_what_it_alone_could_test() -> None:
    here, there = ["supported", "not testable here", "open"], ["supported", "open", "open"]
    assert elsewhere(here, there) == (
        "On another machine (GPU) 180 runs of the same study trained again. Of the 2 claims that "
        "both places can test, all have the same verdict in both. Tested there alone and open: "
        "claim N1 (N1)."
    )
    assert "test, 1 has the same verdict in both." in elsewhere(here[:1] + here[2:], ["open"] * 2)
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
    nothing = {**tables, "stability": tables["stability"][:0]}
    assert findings.spread(nothing) == "No spread between seeds is known yet."
    assert findings.diverged(nothing) == "No run was tested yet."


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
