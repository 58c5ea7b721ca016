"""What is fixed before a study's runs, and what it takes to change it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from claims import CLAIM
from nagbench import registration as registering
from nagbench.cli import main
from nagbench.errors import InputError
from nagbench.rendering.numbers import amendments, registered
from nagbench.statistics.verdict_table import BELOW_RELEVANCE, VERDICTS
from nagbench.study.file import load_study, study_of
from nagbench.study.model import Study
from nagbench.validation import behaviour as made_up

RUNS = pd.DataFrame({"run": ["a"], "started": ["2999-01-01T00:00:00+00:00"]})


@pytest.fixture
def protocol(tmp_path: Path) -> Path:
    """A folder with the protocol's text."""
    (tmp_path / "paper").mkdir()
    (tmp_path / registering.PROTOCOL).write_text("The rules.\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def root(protocol: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder, where judging is taken to behave as ever, which saves two seconds each time."""
    monkeypatch.setattr(registering, "behaviour", lambda: {"x": {"verdict": "open"}})
    return protocol


@pytest.fixture
def claiming(small: dict[str, Any]) -> dict[str, Any]:
    small["hypotheses"] = {"h": {**CLAIM, "margin": 0.01}}
    return small


def study(content: dict[str, Any]) -> Study:
    return study_of("small", content, "small.yaml")


def test_what_is_registered_comes_back_and_holds(root: Path, claiming: dict[str, Any]) -> None:
    made = registering.registered(study(claiming), root)
    path = registering.path_of(study(claiming), root)
    registering.write(path, made)
    assert registering.read(path) == made
    registering.check(registering.read(path), study(claiming), RUNS, root)


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "turned round": (
        lambda s: s["hypotheses"]["h"].update(direction="less"),
        r'definition.hypotheses.h.direction was "greater" and is "less"',
    ),
    "margin": (lambda s: s["hypotheses"]["h"].update(margin=0.02), "hypotheses.h.margin was 0.01"),
    "claim taken out": (lambda s: s.update(hypotheses={}), "definition.hypotheses.h was"),
    "epochs": (lambda s: s["workloads"]["tiny"].update(epochs=3), "workloads.tiny.epochs was 2"),
    "seed": (lambda s: s["testing"].update(seeds=[11, 13]), r"testing.seeds was \[11, 12\]"),
    "targets": (
        lambda s: s["workloads"]["tiny"]["targets"].update(high=0.5),
        "workloads.tiny.targets.high was",
    ),
    "setting": (
        lambda s: s["optimizers"].update(sgd={"settings": {"lr": 0.3}}),
        "optimizers.sgd.defaults.lr was",
    ),
    "level": (lambda s: s.update(level=0.1), "definition.level was 0.05 and is 0.1"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_decides_cannot_change_without_a_word(
    root: Path, claiming: dict[str, Any], name: str
) -> None:
    made = registering.registered(study(claiming), root)
    change, message = CHANGES[name]
    change(claiming)
    with pytest.raises(InputError, match=message):
        registering.check(made, study(claiming), RUNS, root)
    words = {"what": "w", "why": "y", "seen": "none"}
    amended = registering.amended(made, study(claiming), **words, root=root)
    registering.check(amended, study(claiming), RUNS, root)
    (entry,) = amended["amendments"]
    assert entry["changes"]
    assert {key: entry[key] for key in words} == words
    found = registering.history(amended)
    said, (told,) = registered(found), amendments(found)
    assert "before its runs" in said
    assert said.endswith(", and amended once since.")
    assert told.endswith(": w; why: y; seen before: none.")
    assert "nothing was amended" in registered(registering.history(made))
    assert "not registered" in registered(registering.history(None))


def test_words_that_decide_nothing_may_be_bettered(root: Path, claiming: dict[str, Any]) -> None:
    made = registering.registered(study(claiming), root)
    claiming["title"] = "Another title"
    claiming["hypotheses"]["h"]["claim"] = "in better words"
    claiming["workloads"]["tiny"]["label"] = "A label"
    registering.check(made, study(claiming), RUNS, root)


def test_the_protocol_s_text_is_bound(root: Path, claiming: dict[str, Any]) -> None:
    made = registering.registered(study(claiming), root)
    (root / registering.PROTOCOL).write_text("Other rules.\n", encoding="utf-8")
    with pytest.raises(InputError, match="protocol was"):
        registering.check(made, study(claiming), RUNS, root)


def test_the_judging_of_made_up_records_is_bound(
    protocol: Path, claiming: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule turned in the sources shows itself, though no study and no text changed."""
    monkeypatch.setattr(registering, "behaviour", made_up.behaviour.__wrapped__)
    made = registering.registered(study(claiming), protocol)
    from nagbench.statistics import verdict_table

    rule = verdict_table._RULES["difference"]
    monkeypatch.setitem(
        verdict_table._RULES,
        "difference",
        lambda evidence: rule(evidence).__class__(verdict_table.SUPPORTED),
    )
    with pytest.raises(InputError, match=r"behaviour\.\w+\.verdict was"):
        registering.check(made, study(claiming), RUNS, protocol)


def test_runs_from_before_are_refused(root: Path, claiming: dict[str, Any]) -> None:
    made = registering.registered(study(claiming), root)
    at = made["time"]
    registering.check(made, study(claiming), RUNS.assign(started=at), root)
    early = RUNS.assign(started=at.replace("20", "19", 1))
    with pytest.raises(InputError, match="1 runs began before it, such as a"):
        registering.check(made, study(claiming), early, root)


def table(word: str, remark: str = "") -> pd.DataFrame:
    return pd.DataFrame({"hypothesis": ["h"], "verdict": [word], "remark": [remark]})


def test_a_verdict_on_unchanged_records_does_not_turn(root: Path, claiming: dict[str, Any]) -> None:
    one = study(claiming)
    made = registering.with_verdicts(registering.registered(one, root), "0a", table("supported"))
    registering.check_verdicts(made, one, "0a", table("supported"))
    registering.check_verdicts(made, one, "0b", table("open"))  # of other records
    with pytest.raises(InputError, match="h was supported and is open"):
        registering.check_verdicts(made, one, "0a", table("open"))
    with pytest.raises(InputError, match=r"h was supported and is supported \(below relevance\)"):
        registering.check_verdicts(made, one, "0a", table("supported", "below relevance"))
    words = {"what": "w", "why": "y", "seen": "all"}
    verdicts = "0a", registering.verdict_words(table("open"))
    amended = registering.amended(made, one, **words, verdicts=verdicts, root=root)
    assert amended["amendments"][0]["changes"] == [
        {"place": "verdicts.h", "before": "supported", "after": "open"}
    ]
    registering.check_verdicts(amended, one, "0a", table("open"))


def test_an_amendment_changes_something(root: Path, claiming: dict[str, Any]) -> None:
    made = registering.registered(study(claiming), root)
    with pytest.raises(InputError, match="nothing that differs"):
        registering.amended(made, study(claiming), what="w", why="y", seen="none", root=root)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-9],
        lambda _: "[]",
        lambda text: text.replace('"level": 0.05', '"level": 0.5'),
        lambda text: text.replace('"version": 2', '"version": 9'),
        lambda text: text.replace('"time": "2', '"time": "1'),
        lambda text: text.replace('"commit": "', '"commit": "0'),
        lambda text: text.replace('"amendments": []', '"amendments": 5'),
        lambda text: text.replace('"judged": []', '"judged": [{}]'),
        lambda text: text.replace('"verdict": "open"', '"verdict": "supported"'),
    ],
)
def test_a_registration_changed_by_hand_is_refused(
    root: Path, claiming: dict[str, Any], damage: Callable[[str], str]
) -> None:
    path = registering.path_of(study(claiming), root)
    registering.write(path, registering.registered(study(claiming), root))
    text = path.read_text(encoding="utf-8")
    assert damage(text) != text
    path.write_text(damage(text), encoding="utf-8")
    with pytest.raises(InputError, match=r"not readable|no registration|changed after"):
        registering.read(path)


@pytest.mark.parametrize("started", ["", "9", None, "yesterday"])
def test_runs_that_do_not_say_when_they_began_are_refused(
    root: Path, claiming: dict[str, Any], started: str | None
) -> None:
    made = registering.registered(study(claiming), root)
    with pytest.raises(InputError, match=r"run a began at .*allowed: a time in every row"):
        registering.check(made, study(claiming), RUNS.assign(started=started), root)


def test_made_up_records_reach_every_verdict() -> None:
    found = made_up.behaviour()
    assert {row["verdict"] for row in found.values()} == set(VERDICTS)
    assert BELOW_RELEVANCE in {row["remark"] for row in found.values()}
    assert {row["statistic"].split()[0] for row in found.values() if row["statistic"]} == {
        *("sign", "pair", "exact")
    }


def test_made_up_claims_are_about_what_registered_claims_are_about() -> None:
    """But for metrics that differ from one of these in a name alone."""
    mine = {claim["metric"] for claim in made_up.CLAIMS.values()}
    for name in ("cifar10-cnn", "cifar10-cnn-rivals"):
        theirs = {claim.metric for claim in load_study(name).hypotheses.values()}
        assert theirs - mine <= {"epochs", "spiked"}


def test_the_command_registers_once_and_amends(
    root: Path,
    claiming: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setattr(registering, "commit", lambda: "0123abc")
    path = root / "small.yaml"
    path.write_text(json.dumps(claiming), encoding="utf-8")
    amend = ["--amend", "--what", "w", "--why", "y", "--seen", "none"]
    assert main(["register", str(path), *amend]) == 2
    assert "first" in capsys.readouterr().err
    assert main(["register", str(path)]) == 0
    assert "Commit it before the first run." in capsys.readouterr().out
    before = (root / "paper/registrations/small.json").read_bytes()
    for wrong in ([], amend[:-2], amend[1:], amend):
        assert main(["register", str(path), *wrong]) == 2
    assert (root / "paper/registrations/small.json").read_bytes() == before
    claiming["level"] = 0.01
    path.write_text(json.dumps(claiming), encoding="utf-8")
    assert main(["register", str(path), *amend]) == 0
    kept = json.loads((root / "paper/registrations/small.json").read_text(encoding="utf-8"))
    assert [one["place"] for one in kept["amendments"][0]["changes"]] == ["definition.level"]


def test_verdicts_are_kept_once_and_others_on_the_same_records_need_an_amendment(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Path("paper/registrations/cifar10-cnn.json")
    records = Path("paper/records/cifar10-cnn").resolve()
    for file in (place, Path("paper/protocol.md")):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, root / file)
    monkeypatch.chdir(root)
    monkeypatch.setattr(registering, "behaviour", made_up.behaviour)
    keep = ["register", "cifar10-cnn", "--records", str(records)]
    assert main(keep) == 0
    kept = place.read_bytes()
    assert json.loads(kept)["judged"][-1]["verdicts"]["N1"] == "supported"
    assert main(keep) == 0
    assert place.read_bytes() == kept
    words = registering.verdict_words
    monkeypatch.setattr(registering, "verdict_words", lambda table: words(table) | {"N1": "open"})
    assert main(keep) == 2
    assert "N1 was supported and is open" in capsys.readouterr().err
    assert place.read_bytes() == kept
    amend = ["--amend", "--what", "w", "--why", "y", "--seen", "all"]
    assert main([*keep, *amend]) == 0
    assert json.loads(place.read_bytes())["amendments"][-1]["changes"] == [
        {"place": "verdicts.N1", "before": "supported", "after": "open"}
    ]


def test_a_registration_is_found_from_any_folder(
    root: Path, claiming: dict[str, Any], tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Beside the records or the study's file; there is one, or it is said that there are two."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    records, file = root / "paper/records/small", root / "studies/small.yaml"
    assert registering.root_of("small", records, file) == Path()
    made = registering.registered(study(claiming), root)
    registering.write(registering.path_of(study(claiming), root), made)
    for near in ((records, Path("small.yaml")), (Path("records"), file), (records, file)):
        assert registering.root_of("small", *near) == root
    assert registering.root_of("small", Path("records")) == Path()
    monkeypatch.chdir(root)
    assert registering.root_of("small", records).resolve() == root
    monkeypatch.chdir(elsewhere)
    registering.write(registering.path_of(study(claiming)), made)
    with pytest.raises(InputError, match="two registrations"):
        registering.root_of("small", records)


def test_sources_with_changes_are_not_registered(
    root: Path, claiming: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setattr(registering, "commit", lambda: "0123abc with changes")
    path = root / "small.yaml"
    path.write_text(json.dumps(claiming), encoding="utf-8")
    assert main(["register", str(path)]) == 2
    assert not (root / "paper/registrations").exists()
