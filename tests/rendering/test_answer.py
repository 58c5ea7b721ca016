"""The answer reads as English whichever way the verdicts fall, and says what the tables say."""

import re
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nagbench.cli import main
from nagbench.errors import InputError
from nagbench.rendering.answer import (
    ACCURACY,
    DIVERGENCE,
    RIVALS,
    SENTENCES,
    SPEED,
    SPREAD,
    behind_the_answer,
    claimed,
    sentence,
)
from nagbench.rendering.readme import (
    ANSWER,
    COSTS,
    answer_block,
    draw_answer,
    marks,
    verdicts_block,
    with_runs,
    written,
)
from nagbench.rendering.tables.claims import NOT_YET
from nagbench.rendering.tables.headlines import headlines
from nagbench.statistics.columns import declared
from nagbench.statistics.verdict_table import (
    BELOW_RELEVANCE,
    CONTRADICTED,
    NO_DIFFERENCE,
    NOT_TESTABLE,
    OPEN,
    SUPPORTED,
    VERDICTS,
)

NAN = float("nan")
NAMED = "Nesterov's accelerated gradient (NAG)"
RIVAL = "gradient descent"
AMOUNT = "351 gradients [176, 702], 1.0 epochs"
SIGNED = "−351 gradients [−702, −176], −1.0 epochs"
EVERY = (*VERDICTS, NOT_YET)
CLAIMS = {
    SPEED: {"N1": "sgd", "N2": "heavy_ball", "N3": "adam"},
    ACCURACY: {"A1": "sgd", "A2": "heavy_ball", "A3": "adam"},
    SPREAD: {"C0c_spread": "sgd"},
    DIVERGENCE: {"C0c_diverged": "sgd"},
}
NAMES = {name: (topic, rival) for topic, own in CLAIMS.items() for name, rival in own.items()}


def claim(name: str, verdict: str, **facts: Any) -> dict[str, Any]:
    """A row of the table of claims; those untested have no numbers."""
    tested = verdict not in (NOT_TESTABLE, NOT_YET)
    missing = {NOT_YET: "8 of 8 runs of Adam on cnn missing", NOT_TESTABLE: "power 0.40"}
    ends = {"low": -702.0, "high": -175.5, "inner_low": -702.0, "inner_high": -175.5}
    numbers = {"effect": -351.0, "confidence": 0.99, **ends} if tested else {}
    topic, rival = NAMES[name]
    return {
        "hypothesis": name,
        "workload": "cnn",
        "optimizer": "nag",
        "reference": rival,
        "contrast": "",
        "statement": "events" if topic is DIVERGENCE else "difference",
        "direction": topic.direction,
        "waits": verdict == NOT_YET,
        "claim": f"what {name} says",
        "metric": topic.metrics[0],
        "unit": "gradients" if topic is SPEED else "points",
        "scale": 1.0,
        "effect": NAN,
        "low": NAN,
        "high": NAN,
        "inner_low": NAN,
        "inner_high": NAN,
        "confidence": NAN,
        "statistic": "sign flips" if tested else "",
        "pairs": 20 if tested else 0,
        "conditions": "transferred",
        "verdict": NOT_TESTABLE if verdict == NOT_YET else verdict,
        "remark": missing.get(verdict, ""),
        "depends_on_tuning": False,
        "edge": "",
        "untuned": "",
        "devices": "",
        **numbers,
        **facts,
    }


def made_up(verdicts: dict[str, str] | None = None, **facts: Any) -> dict[str, pd.DataFrame]:
    """Claims that are not tested yet but for `verdicts`; `facts` are of every tested one."""
    said = {**dict.fromkeys(NAMES, NOT_YET), **(verdicts or {})}
    rows = [
        claim(name, verdict, **(facts if name in (verdicts or {}) else {}))
        for name, verdict in said.items()
    ]
    workload = {"workload": "cnn", "epochs": 20, "batch_size": 128, "parameters": 1234}
    return {
        "hypotheses": pd.DataFrame(rows),
        "workloads": pd.DataFrame([workload | {"targets": "[0.6, 0.75]"}]),
        "study": pd.DataFrame([{"name": "made_up", "edition": "CIFAR-10"}]),
        "times_below": pd.DataFrame(
            [{"workload": "cnn", "clock": "gradients", "horizon": 7020.0, "optimizer": "nag"}]
        ),
        "optimizers": pd.DataFrame(
            [{"optimizer": "sgd", "label": "SGD"}, {"optimizer": "nag", "label": "NAG"}]
        ),
        "summary": pd.DataFrame([{"workload": "cnn", "optimizer": one} for one in ("sgd", "nag")]),
        "outcomes": outcomes(),
        "tuning": pd.DataFrame(columns=["workload", "optimizer", "role", "trials"]),
        "gains": declared("gains", pd.DataFrame()),
    }


def outcomes(**seeds: int) -> pd.DataFrame:
    """Test runs: of each optimizer so many seeds, and one more on another workload."""
    rows = [("cnn", name, seed) for name, count in seeds.items() for seed in range(count)]
    rows += [("other", "sgd", 1)]
    return pd.DataFrame(rows, columns=["workload", "optimizer", "seed"])


def sentences(verdicts: dict[str, str] | None = None, **facts: Any) -> list[str]:
    """Of the answer, without what it is about."""
    answer, _, _ = answer_block(made_up(verdicts, **facts)).partition("\n\n")
    return [f"{one}." for one in answer.removesuffix(".").split(". ")]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (SUPPORTED, f"{NAMED} is **faster** than {RIVAL} (by {AMOUNT})"),
        (CONTRADICTED, f"{NAMED} is **slower** than {RIVAL} (by {AMOUNT})"),
        (NO_DIFFERENCE, f"{NAMED} is **as fast** as {RIVAL} ({SIGNED}; within the margin)"),
        (OPEN, f"Whether {NAMED} is faster than {RIVAL} ({SIGNED}) is **open**"),
        (NOT_TESTABLE, f"Whether {NAMED} is faster than {RIVAL} (power 0.40) **cannot be told**"),
    ],
)
def test_each_verdict_of_speed(verdict: str, said: str) -> None:
    assert sentences({"N1": verdict})[0] == (
        f"{said}; its speed has **not been tested yet** against heavy ball and Adam."
    )


def test_nothing_is_tested_yet() -> None:
    assert sentences() == [
        f"The speed of {NAMED} has **not been tested yet** against gradient descent, heavy ball "
        "and Adam.",
        "Its accuracy has **not been tested yet** against gradient descent, heavy ball and Adam.",
        "Its spread between seeds has **not been tested yet** against gradient descent; its rate "
        "of divergence has **not been tested yet** against gradient descent.",
    ]


def test_rivals_with_one_verdict_share_a_clause() -> None:
    found = sentences({"A1": OPEN, "A2": OPEN, "A3": SUPPORTED}, effect=0.5, low=-0.25, high=1.0)
    assert found[1] == (
        "It ends **more accurate** than Adam (by 0.50 points [−0.25, 1.00]); whether it ends more "
        "accurate than gradient descent (+0.50 points [−0.25, +1.00]) or heavy ball (+0.50 points "
        "[−0.25, +1.00]) is **open**."
    )


def test_what_has_to_be_said_with_a_verdict_is_said() -> None:
    words = {"remark": BELOW_RELEVANCE, "depends_on_tuning": True, "edge": "lr of SGD"}
    said = sentences({"N1": SUPPORTED}, **words)[0]
    assert "epochs; below relevance; depends on tuning; edge: lr of SGD);" in said
    said = sentences({"N1": SUPPORTED}, effect=NAN, low=NAN, statistic="pair wins 20 : 0")[0]
    assert "**faster** than gradient descent (pair wins 20 : 0);" in said
    wins = made_up({"N1": SUPPORTED}, effect=NAN, low=NAN, statistic="pair wins 20 : 0")
    assert "| supported | pair wins 20 : 0 |" in verdicts_block(wins)


@pytest.mark.parametrize("topics", SENTENCES, ids=["speed", "accuracy", "steadiness"])
def test_every_combination_of_verdicts_is_one_sentence(topics: tuple) -> None:
    """Every rival named once for each claim, the method once, nothing undefined in it."""
    place = SENTENCES.index(topics)
    names = [name for topic in topics for name in CLAIMS[topic]]
    for verdicts in product(EVERY, repeat=len(names)):
        found = sentences(dict(zip(names, verdicts, strict=True)))
        assert len(found) == len(SENTENCES)
        said = found[place]
        assert said[0].isupper() and said.endswith(".")  # noqa: PT018
        assert not re.search(r"nan|None|  |\(\)|\.\.|, and|-\d", said), said
        assert " ".join(found).count(NAMED) == 1
        for topic in topics:
            for rival in CLAIMS[topic].values():
                times = sum(rival in CLAIMS[one].values() for one in topics)
                assert said.count(RIVALS[rival]) == times
        for word, stated in ((OPEN, "**open**"), (NOT_YET, "not been tested yet")):
            assert (word in verdicts) == (stated in said), said


def test_the_scope_says_how_many_seeds_once_there_are_some() -> None:
    assert "in batches of 128; NAG and its rivals tuned alike" in answer_block(made_up())
    tuned = pd.DataFrame([{"workload": "cnn", "optimizer": "nag", "role": "accuracy", "trials": 1}])
    assert "; settings are given, and nothing is tuned;" in answer_block(
        {**made_up(), "tuning": tuned}
    )
    alike = {**made_up(), "outcomes": outcomes(sgd=20, nag=20)}
    assert "of 128, 20 seeds each; NAG" in answer_block(alike)
    fewer = {**made_up(), "outcomes": outcomes(sgd=20, nag=20, adam=12)}
    assert "of 128, 12 to 20 seeds each; NAG" in answer_block(fewer)
    assert "below 60 to 75 % validation" in answer_block(made_up())


def test_the_scope_says_how_many_settings_were_tried_and_the_intervals_confidence() -> None:
    tried = pd.DataFrame(
        [
            ("cnn", "nag", "accuracy", 17),
            ("cnn", "sgd", "accuracy", 17),
            ("cnn", "other", "speed", 5),
            ("elsewhere", "nag", "speed", 3),
        ],
        columns=["workload", "optimizer", "role", "trials"],
    )
    found = made_up({"N1": SUPPORTED}) | {"tuning": tried}
    assert "NAG and these rivals tuned by 17 settings each; other" in answer_block(found)
    found["tuning"] = tried.replace({"role": {"accuracy": "speed"}})
    assert "by 17 settings each, for speed among the finalists; other" in answer_block(found)
    found["tuning"] = tried.replace({"trials": {17: 18}}).assign(trials=[17, 18, 5, 3])
    assert "tuned by 17 to 18 settings each" in answer_block(found)
    assert "claim's family leaves it (99 %)." in answer_block(found)
    assert "claim's family leaves it." in answer_block(made_up())
    several = made_up({"N1": SUPPORTED, "N2": SUPPORTED, "A1": OPEN})
    claims = several["hypotheses"]
    claims.loc[claims["hypothesis"] == "A1", "confidence"] = 1 - 0.05 / 3
    assert "leaves it (99 % for N1 and N2; 98.3 % for A1)." in answer_block(several)


def test_the_eight_verdicts_and_their_figure() -> None:
    found = verdicts_block(made_up({"N1": SUPPORTED, "A1": OPEN}))
    rows = re.findall(r"^\| ([A-Z]\S*(?: \w+)?) \| (.*?) \| (.*?) \|", found, re.MULTILINE)
    assert [name.replace(" ", "_") for name, *_ in rows] == list(NAMES)
    assert len(NAMES) == 8
    verdicts = {name: verdict for name, _, verdict in rows}
    assert verdicts["N1"] == "supported"
    assert verdicts["A2"] == NOT_YET
    assert "--optimizers nag,sgd --workloads cnn" in found
    assert "| supported | −351 gradients [−702, −176] |" in found
    assert "Of 8 claims, stated before the runs: 6 not tested yet, 1 supported, 1 open." in found


def test_the_figure_is_of_those_that_were_tested(
    tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    assert with_runs(tables) == ["nag", "sgd", "heavy_ball", "adam"]
    draw_answer(tables, tmp_path / "answer.svg")
    assert (tmp_path / "answer.svg").read_text(encoding="utf-8").count("Adam") == 1


def test_a_study_without_such_claims_says_so() -> None:
    found = made_up()
    found["hypotheses"] = found["hypotheses"].iloc[1:]
    assert "against heavy ball and Adam." in answer_block(found).partition(";")[0]
    found["hypotheses"] = found["hypotheses"].iloc[:0]
    said = answer_block(found)
    assert "The study has no claim that compares NAG's speed with one rival's." in said
    nothing = verdicts_block({**found, "summary": found["summary"].iloc[:0]})
    assert "![" not in nothing  # nor a figure of nobody
    assert "--optimizers" not in nothing


@pytest.mark.parametrize(
    "other",
    [
        {"workload": "other"},
        {"optimizer": "adam"},
        {"reference": ""},
        {"contrast": "batch_512"},
        {"statement": "equivalence"},
        {"direction": "greater"},
        {"metric": "accuracy"},
    ],
)
def test_only_claims_of_nag_against_one_rival_here_are_told(other: dict[str, str]) -> None:
    """The claim of gradient descent's gradients, changed in one thing, is not told as one of it."""
    assert set(claimed(made_up(), SPEED)) == {"sgd", "heavy_ball", "adam"}
    assert set(claimed(made_up(**other), SPEED)) == {"sgd", "heavy_ball", "adam"}
    changed = made_up({"N1": SUPPORTED}, **other)
    assert set(claimed(changed, SPEED)) == {"heavy_ball", "adam"}
    assert "**faster**" not in answer_block(changed)


def test_a_rival_that_prose_has_no_word_for_goes_by_its_label() -> None:
    found = made_up({"N1": SUPPORTED}, reference="mine")
    found["optimizers"] = pd.DataFrame([{"optimizer": "mine", "label": "Heavy ball at 0.1"}])
    assert "is **faster** than heavy ball at 0.1 (" in answer_block(found)


def test_of_two_claims_on_one_pair_the_first_is_told() -> None:
    found = made_up({"N1": SUPPORTED})
    again = found["hypotheses"].iloc[:1].assign(hypothesis="P9", verdict=CONTRADICTED)
    found["hypotheses"] = pd.concat([found["hypotheses"], again], ignore_index=True)
    assert claimed(found, SPEED)["sgd"].hypothesis == "N1"
    assert len(behind_the_answer(found)) == 8


def test_the_papers_first_claims_are_those_behind_the_answer_then_others_up_to_eight() -> None:
    found = made_up({"N1": SUPPORTED})
    claims = found["hypotheses"]
    others = claims.iloc[[0] * 3].assign(hypothesis=["P1", "P2", "P3"], optimizer="nadam")
    kept = claims[claims["hypothesis"].isin(["N1", "A1", "C0c_spread"])]
    found["hypotheses"] = pd.concat([others, kept.iloc[::-1]], ignore_index=True)
    assert named_first(found) == ["N1", "A1", "C0c spread", "P1", "P2", "P3"]
    found["hypotheses"] = pd.concat([others, claims], ignore_index=True)
    behind = [row.hypothesis.replace("_", " ") for row in behind_the_answer(found)]
    assert len(behind) == 8
    assert named_first(found) == behind
    found["hypotheses"] = pd.concat([others.iloc[[0] * 9].assign(hypothesis=[*"abcdefghi"])])
    assert named_first(found) == [*"abcdefgh"]


def named_first(tables: dict[str, pd.DataFrame]) -> list[str]:
    tables["hypotheses"] = tables["hypotheses"].assign(p=NAN, pairs=0)
    tables["study"] = tables["study"].assign(pilot=False)
    return [row[0].text for row in headlines(tables).rows]


def test_no_difference_is_told_with_the_interval_that_shows_it() -> None:
    """At a margin of 176 this is shown by the inner interval; the outer one reaches past it."""
    facts = {
        "effect": -20.0,
        "low": -190.0,
        "high": 150.0,
        "inner_low": -170.0,
        "inner_high": 130.0,
    }
    said = sentences({"N1": NO_DIFFERENCE}, **facts)[0]
    assert "is **as fast** as gradient descent (−20 gradients [−170, +130]" in said
    assert "(−20 gradients [−190, +150]" in sentences({"N1": OPEN}, **facts)[0]


def test_no_effect_and_no_end_is_rounded_to_nothing() -> None:
    tiny = {"effect": 0.0003, "low": 0.00001, "high": 0.0006}
    said = sentences({"A1": SUPPORTED}, **tiny)[1]
    assert "**more accurate** than gradient descent (by 0.00030 points [0.00001, 0.00060])" in said
    small = {"effect": -0.8, "low": -1.4, "high": -0.2}
    assert (
        "(by 0.80 gradients [0.20, 1.40], 0.0 epochs)" in sentences({"N1": SUPPORTED}, **small)[0]
    )
    zero = {"effect": 0.0, "low": -1.0, "high": 1.0}
    assert "(+0.00 points [−1.00, +1.00])" in sentences({"A1": OPEN}, **zero)[1]


def test_in_print_nothing_is_bold() -> None:
    said = sentence(made_up({"N1": SUPPORTED}), (SPEED,), iter(["NAG"]))
    assert said.startswith("NAG is **faster** than")


def test_all_blocks_of_a_text_are_written_or_one() -> None:
    begin, end = marks(ANSWER)
    text = f"a\n{begin}\nold\n{end}\nb"
    new = written(text, made_up(), "here")
    assert new == written(text, made_up(), "here", ANSWER)
    assert new.startswith(f"a\n{begin}\nThe speed of")
    with pytest.raises(InputError, match="here: no marks"):
        written("nothing", made_up(), "here")


def test_several_files_are_written_or_none(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin, end = marks(COSTS)
    one, other, plain = (tmp_path / name for name in ("one.md", "other.md", "plain.md"))
    for file in (one, other):
        file.write_text(f"{begin}\n{end}\n", encoding="utf-8")
    plain.write_text("no marks", encoding="utf-8")
    words = ["readme", "--statistics", str(folder), "--file", str(one)]
    assert main([*words, str(plain)]) == 2
    assert f"{plain}: no marks; allowed: <!-- answer: begin -->" in capsys.readouterr().err
    assert one.read_text(encoding="utf-8") == other.read_text(encoding="utf-8")
    assert main([*words, str(other)]) == 0
    assert "| trained | runs |" in one.read_text(encoding="utf-8")
    assert one.read_text(encoding="utf-8") == other.read_text(encoding="utf-8")
