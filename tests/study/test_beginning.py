"""The study file to begin with: it loads, is a part of another, and its comments are true."""

from pathlib import Path

import pytest
import yaml

from nagbench.cli import main
from nagbench.study.file import load_study, shipped_studies
from nagbench.study.model import Study

OWN = "import torch\n\n\nclass Mine(torch.optim.SGD):\n    pass\n"


def begun(*arguments: str) -> Study:
    assert main(["new-study", *arguments]) == 0
    return load_study(arguments[0])


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("other", shipped_studies())
def test_it_tunes_and_tests_as_the_study_that_it_extends(empty: Path, other: str) -> None:
    assert empty
    made, whole = begun("mine.yaml", "--extends", other), load_study(other)
    assert made.tuning == whole.tuning
    assert made.testing.seeds == whole.testing.seeds
    (name,) = made.workloads
    assert made.workloads[name].epochs == whole.workloads[name].epochs
    assert "more_accurate" in made.hypotheses
    assert list(made.optimizers) == whole.optimizers_of(name)


def test_the_optimizers_that_are_named_train(empty: Path) -> None:
    made = begun("a b/mine.yaml", "--extends", "cifar10-cnn", "--optimizers", "adam, nag,adam")
    assert list(made.optimizers) == ["nag", "adam"]
    assert made.baseline == "adam"  # the study's own does not train
    assert made.hypotheses["more_accurate"].optimizer == "nag"
    assert "nagbench plan 'a b/mine.yaml'" in (empty / "a b/mine.yaml").read_text()


def test_a_file_elsewhere_is_named_from_the_new_one(empty: Path) -> None:
    begun("first.yaml", "--optimizers", "sgd,nag")
    made = begun("deep/second.yaml", "--extends", "first.yaml")
    assert yaml.safe_load((empty / "deep/second.yaml").read_text())["extends"] == "../first.yaml"
    assert list(made.optimizers) == ["sgd", "nag"]


def test_what_its_comment_shows_adds_an_optimizer(empty: Path) -> None:
    begun("mine.yaml", "--optimizers", "sgd,nag")
    text = (empty / "mine.yaml").read_text(encoding="utf-8")
    shown = text.split("as\n")[1].split("# `nagbench optimizers`")[0]
    entry = "".join(f"{line.removeprefix('# ')}\n" for line in shown.splitlines())
    (empty / "mine.py").write_text(OWN)
    edited = text.replace("optimizers: [sgd, nag]", f"optimizers:\n  - sgd\n  - nag\n{entry}")
    (empty / "mine.yaml").write_text(edited, encoding="utf-8")
    assert list(load_study("mine.yaml").optimizers) == ["sgd", "nag", "mine"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mine"], "a name without .yaml"),
        (["no:name.yaml"], "unusable name"),
        (["runs.yaml"], "reserved name"),
        (["there.yaml"], "a file that is there"),
        (["mine.yaml", "--extends", "deno"], "is demo meant?"),
        (["mine.yaml", "--optimizers", "nog,sgd"], "is nag meant?"),
        (["mine.yaml", "--optimizers", "sgd,sgd"], "two at least"),
        (["mine.yaml", "--extends", "there.yaml"], "there.yaml"),
    ],
)
def test_what_cannot_begin_is_one_line_and_no_file(
    empty: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty / "there.yaml").write_text("title: [")
    assert main(["new-study", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert [path.name for path in empty.iterdir()] == ["there.yaml"]
