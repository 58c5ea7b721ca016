"""A study that extends another is the study that would have all of it in its own file."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from nagbench.errors import InputError
from nagbench.study.file import load_study, shipped_studies, study_files, study_schema
from nagbench.study.plan import units

MINE = {"reference": "torch.optim:SGD", "settings": {"lr": 0.1}, "space": {}}


def written(folder: Path, name: str, content: dict[str, Any]) -> str:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return str(path)


@pytest.mark.parametrize("study", shipped_studies())
def test_a_study_that_adds_nothing_trains_the_same_runs(tmp_path: Path, study: str) -> None:
    mine = load_study(written(tmp_path, "mine", {"extends": study}))
    theirs = load_study(study)
    assert mine.hypotheses == theirs.hypotheses
    assert [unit.base for unit in units(mine)] == [unit.base for unit in units(theirs)]
    assert [unit.trials for unit in units(mine)] == [unit.trials for unit in units(theirs)]


def test_a_restricted_study_keeps_what_is_about_the_rest(tmp_path: Path) -> None:
    content = {"extends": "cifar10-cnn", "optimizers": ["nag", "sgd"], "workloads": ["seed_cnn"]}
    found, whole = load_study(written(tmp_path, "mine", content)), load_study("cifar10-cnn")
    assert list(found.optimizers) == ["sgd", "nag"]  # in the order of the other study
    assert list(found.workloads) == ["seed_cnn"]
    assert found.band is not None
    assert found.band.optimizers == ("sgd", "nag")
    assert list(found.testing.further) == ["sgd", "nag"]
    kept = {"N1", "A1", "C0c_spread", "C0c_spiked", "C0c_diverged", "C0d"}
    assert set(found.hypotheses) == kept
    recipes = {unit.name: unit for unit in units(whole)}
    for unit in units(found):
        assert unit.base == recipes[unit.name].base
        assert unit.seeds == recipes[unit.name].seeds


@pytest.mark.parametrize(
    "optimizers",
    [{"mine": MINE}, {"mine": MINE, "sgd": None}, ["sgd", "nag", {"mine": MINE}]],
    ids=["added", "kept by name", "added to a list"],
)
def test_an_optimizer_that_is_added_trains_everywhere(tmp_path: Path, optimizers: Any) -> None:
    content = {"extends": "cifar10-cnn", "optimizers": optimizers}
    if isinstance(optimizers, list):
        content["workloads"] = ["seed_cnn", "float32"]
    study = load_study(written(tmp_path, "mine", content))
    assert all("mine" in study.optimizers_of(name) for name in study.workloads)
    assert study.optimizers["mine"].defaults == {"lr": 0.1}
    assert study.optimizers["sgd"] == load_study("cifar10-cnn").optimizers["sgd"]
    assert ("heavy_ball" in study.optimizers) == isinstance(optimizers, dict)


def test_claims_are_added_or_chosen(tmp_path: Path) -> None:
    base = {"extends": "cifar10-cnn", "optimizers": ["sgd", "nag"], "workloads": ["seed_cnn"]}
    n1 = {"workload": "seed_cnn", "optimizer": "nag", "reference": "sgd", "metric": "accuracy"}
    claim = {**n1, "claim": "c", "statement": "equivalence", "margin": 0.02, "family": "mine"}
    more = load_study(written(tmp_path, "more", {**base, "hypotheses": {"H": claim}}))
    assert {"N1", "H"} < set(more.hypotheses)
    assert "N2" not in more.hypotheses
    one = load_study(written(tmp_path, "one", {**base, "hypotheses": ["N1"]}))
    assert list(one.hypotheses) == ["N1"]
    assert not load_study(written(tmp_path, "none", {**base, "hypotheses": []})).hypotheses
    absent = {"H": {**claim, "reference": "adam"}}
    with pytest.raises(InputError, match=r"hypotheses\.H\.reference: found 'adam'"):
        load_study(written(tmp_path, "wrong", {**base, "hypotheses": absent}))


def test_entries_and_other_keys_take_the_others_place(
    tmp_path: Path, small: dict[str, Any]
) -> None:
    written(tmp_path, "small", small)
    changed = {**small["workloads"]["tiny"], "epochs": 7}
    content = {
        "extends": "small.yaml",  # from where the file lies
        "title": "Longer",
        "workloads": {"tiny": changed, "other": small["workloads"]["tiny"]},
    }
    study = load_study(written(tmp_path, "mine", content))
    assert study.title == "Longer"
    assert {name: one.epochs for name, one in study.workloads.items()} == {
        "tiny": 7,
        "other": small["workloads"]["tiny"]["epochs"],
    }
    assert study.baseline == small["baseline"]
    further = written(tmp_path, "third", {"extends": "mine.yaml", "workloads": ["other"]})
    assert list(load_study(further).workloads) == ["other"]
    assert [path.name for path in study_files(Path(further))] == [
        "third.yaml", "mine.yaml", "small.yaml",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"extends": "papper"}, r"none of that name \(is paper meant\?\)"),
        ({"extends": 3}, r"mine\.yaml\.extends: found 3; allowed: the name of a shipped study"),
        ({"extends": "mine.yaml"}, "mine.yaml extends mine.yaml; allowed: a study that does not"),
        ({"extends": "gone.yaml"}, r"gone\.yaml: no such file"),
        (
            {"extends": "demo", "optimizers": ["sgd", "nagg"]},
            r"mine\.yaml\.optimizers\[1\]: found 'nagg' \(is nag meant\?\); allowed: ",
        ),
        (
            {"extends": "demo", "optimizers": "sgd"},
            r"\.optimizers: found 'sgd'; allowed: a list of names of the study that is extended",
        ),
        ({"extends": "demo", "optimizers": ["nag"]}, "baseline"),
        (
            {"extends": "demo", "optimizers": ["sgd", "nag", {"nag": {"settings": {"lr": 1}}}]},
            r"optimizers\[2\]: found 'nag' again; allowed: each name once",
        ),
        (
            {"extends": "cifar10-cnn", "workloads": ["float32"]},
            r"mine\.yaml\.workloads\.float32\.tuned_on: found 'seed_cnn'",
        ),
        ({"extends": "demo", "colour": "red"}, r"mine\.yaml\.colour"),
    ],
)
def test_what_cannot_be_extended_is_one_clear_error(
    tmp_path: Path, content: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        load_study(written(tmp_path, "mine", content))


def test_a_wrong_study_that_is_extended_is_named_itself(
    tmp_path: Path, small: dict[str, Any]
) -> None:
    small["workloads"]["tiny"]["epochs"] = 0
    written(tmp_path, "small", small)
    with pytest.raises(InputError, match=r"small\.yaml\.workloads\.tiny\.epochs: found 0"):
        load_study(written(tmp_path, "mine", {"extends": "small.yaml"}))


def test_the_schema_admits_them() -> None:
    schema = Draft202012Validator(study_schema())
    assert schema.is_valid({"extends": "paper"})
    assert schema.is_valid({"extends": "paper", "optimizers": ["sgd", {"mine": MINE}]})
    assert not schema.is_valid({"optimizers": ["sgd"]})
