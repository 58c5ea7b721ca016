"""Plans, choices, costs, registrations, submissions and archives, damaged and signed anew."""

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from limits import cases, refusal
from made_records import STUDY, UNITS

from damage import damaged, damaged_bytes
from nagbench import registration, step_costs, submission
from nagbench.engine.recipe import digest
from nagbench.runner import attest
from nagbench.session.archives import Archives
from nagbench.step_costs import StepCost, StepCosts
from nagbench.study.choice import read_choice
from nagbench.study.unit import read_plan, write_plan


def put(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def signed(content: Any, name: str, *parts: str) -> Any:
    """The content with the digest of its parts under that name, where it still has them."""
    if not isinstance(content, dict) or not all(part in content for part in parts):
        return content
    found = {part: content[part] for part in parts} if len(parts) > 1 else content[parts[0]]
    return {**content, name: digest(found)}


CHOICE = {
    "unit": "tune/tiny/sgd",
    "tested": [
        {"trial": 0, "settings": {"lr": 0.1, "momentum": 0.9}, "roles": ["accuracy"]},
        {"trial": 1, "settings": {"lr": 0.2, "betas": [0.9, 0.99]}, "roles": ["runner_up"]},
    ],
    "validation_accuracy": 0.5,
    "runs": 4,
}


@given(damaged(CHOICE))
@example({"tested": [{"trial": 0, "settings": 5, "roles": []}]})
@example({"tested": [{"trial": "x", "settings": {}, "roles": []}]})
@example({"tested": [{"trial": 0, "settings": {}, "roles": [{}]}]})
@cases(200, "choice")
def test_damaged_choices(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "choice.json"
    put(path, content)
    refusal(lambda: [run.id for run in UNITS["test/tiny/sgd"].runs(choice=read_choice(path))])


def use_plan(path: Path) -> None:
    """What commands ask of a plan before they train."""
    for unit in read_plan(path):
        assert unit.images >= 0
        assert unit.base.modules()
        assert unit.planned()
        if unit.halving is not None:
            assert [run.id for run in unit.runs()]


@given(st.data())
@cases(200, "plan")
def test_damaged_plans(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "plan.json"
    write_plan(path, UNITS.values())
    content = data.draw(damaged(json.loads(path.read_text(encoding="utf-8"))))
    put(path, signed(content, "digest", "units"))
    refusal(lambda: use_plan(path))


SECONDS = tuple(0.01 * n for n in range(1, 8))
COSTS = [StepCost("tiny", name, "eager", 1, 1.0, SECONDS) for name in ("sgd", "nag_sutskever")]


def use_costs(path: Path) -> None:
    measured = step_costs.read(path)
    if not measured.obstacle([("tiny", "sgd"), ("tiny", "nag_sutskever")]):
        measured.ratio("tiny", "nag_sutskever", "sgd")
    step_costs.table(measured)


@given(st.data())
@cases(200, "step costs")
def test_damaged_step_costs(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "step_costs.json"
    machine = {"backend": "cpu", "load": 0.1}
    step_costs.write(path, StepCosts(machine, COSTS, {"tiny": 1e-5}), "nagbench bench")
    content = data.draw(damaged(json.loads(path.read_text(encoding="utf-8"))))
    put(path, signed(content, "digest", "machine", "images", "costs"))
    refusal(lambda: use_costs(path))


ATTESTED = [
    {"workload": "tiny", "optimizer": "sgd", "old": old, "new": new}
    | {"run": "r", "device": "a device", "torch": "2", "time": "2026-01-01T00:00:00+00:00"}
    for old, new in (("a", "b"), ("b", "c"))
]


@given(damaged(ATTESTED))
@cases(100, "attestations")
def test_damaged_attestations(tmp_path: Path, content: Any) -> None:
    put(tmp_path / attest.NAME, content)
    refusal(lambda: attest.equal_codes(attest.read(tmp_path))("tiny", "sgd", "a"))


REGISTERED: dict[str, Any] = {
    "version": registration.VERSION,
    "study": "small",
    "time": "2026-01-01T00:00:00+00:00",
    "commit": "c",
    "digest": "d",
    "definition": {"level": 0.05, "seeds": {"a": [1]}},
    "protocol": "p",
    "behaviour": {"x": {"verdict": "supported"}},
    "recorded": {"engine": "e", "statistics": "s"},
    "amendments": [
        {"time": "t", "commit": "c", "what": "a", "why": "b", "seen": "nothing", "changes": []}
    ],
    "judged": [{"records": "x", "time": "t", "verdicts": {"a": "supported"}}],
}
VERDICTS = pd.DataFrame({"hypothesis": ["a"], "verdict": ["supported"], "remark": [""]})
BEGUN = pd.DataFrame({"run": ["r"], "started": ["2026-01-02T00:00:00+00:00"]})


def use_registration(path: Path) -> None:
    found = registration.read(path)
    registration.check(found, STUDY, BEGUN)
    registration.check_verdicts(found, STUDY, "x", VERDICTS)
    registration.history(found)


@given(damaged(REGISTERED))
@example(REGISTERED)
@cases(200, "registration")
def test_damaged_registrations(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "small.json"
    if isinstance(content, dict):
        content = {**content, "seal": digest(content)}
    put(path, content)
    with pytest.MonkeyPatch.context() as patch:  # what is registered today, which takes a second
        today = {name: REGISTERED[name] for name in ("definition", "protocol", "behaviour")}
        patch.setattr(registration, "_content", lambda *_: today)
        said = refusal(lambda: use_registration(path))
    assert not said or content != {**REGISTERED, "seal": digest(REGISTERED)}


FILES = {"small.yaml": b"x", "a.py": b"y"}
SUBMITTED = {
    "who": "A. Author",
    "link": "https://example.org",
    "study": "small.yaml",
    "when": "2026-01-01T00:00:00+00:00",
    "version": "1",
    "files": {"small.yaml": "0" * 64, "a.py": "1" * 64},
}


@given(damaged(SUBMITTED))
@cases(100, "submission")
def test_damaged_submissions(tmp_path: Path, content: Any) -> None:
    for name, body in FILES.items():
        (tmp_path / name).write_bytes(body)
    put(tmp_path / submission.ABOUT, content)
    assert refusal(lambda: submission.check(tmp_path))


MEMBERS = ("a.json", "tune/a.parquet", "../x", "/x", "a", "a/b", ".", "b\0c", "x" * 300, "é")
KINDS = (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """An archive of odd members, perhaps damaged within or without its compression."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for _ in range(draw(st.integers(1, 3))):
            member = tarfile.TarInfo(draw(st.sampled_from(MEMBERS)))
            member.mtime = draw(st.sampled_from([0, 1, 2**33, 10**18]))
            body = draw(st.binary(max_size=200))
            member.size = len(body)
            if draw(st.integers(0, 3)) == 0:
                member.type, member.size = draw(st.sampled_from(KINDS)), 0
                member.linkname = draw(st.sampled_from(["/etc/passwd", "a.json", "../.."]))
            archive.addfile(member, io.BytesIO(body))
    content = made.getvalue()
    content = draw(st.just(content) | damaged_bytes(content))
    zipped = gzip.compress(content, 1)
    return draw(st.just(zipped) | damaged_bytes(zipped))


@given(archives())
@cases(200, "a session's archives")
def test_damaged_archives_of_a_session(tmp_path: Path, content: bytes) -> None:
    """And nothing is written beside the working folder."""
    work, output = tmp_path / "inside/work", tmp_path / "output"
    for folder in (work, output):
        folder.mkdir(parents=True, exist_ok=True)
    (output / "0001-work-1.tar.gz").write_bytes(content)
    refusal(lambda: Archives(work, output).unpack([]))
    assert [path.name for path in (tmp_path / "inside").iterdir()] == ["work"]
