"""A study file: what it expands to, and every fault of it that a user may commit."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.schema import json_schema
from nagbench.study import Study, digest
from nagbench.study_file import StudyFile, load_study, shipped_studies, study_path

OWN = {
    "reference": "torch.optim:Adamax",
    "settings": {"lr": 0.002, "eps": 1e-8},
    "space": {"lr": {"low": 1e-4, "high": 1e-1}},
}


def written(tmp_path: Path, data: Any) -> Study:
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return load_study(str(path))


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_are_valid(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    for unit in study.units("tune"):
        trials = study.tuning.trials if unit.optimizer.space else 1
        assert len({run.id for run in unit.runs()}) == trials * len(unit.seeds)


def test_units_are_all_pairs_in_both_stages(small_study: Study) -> None:
    assert [unit.name for unit in small_study.units()] == [
        "tune/tiny/sgd",
        "tune/tiny/nag_sutskever",
        "test/tiny/sgd",
        "test/tiny/nag_sutskever",
    ]


def test_every_optimizer_gets_the_same_trials_and_seeds(small_study: Study) -> None:
    for unit in small_study.units("tune"):
        runs = unit.runs()
        assert [(run.trial, run.seed) for run in runs] == [(0, 1), (1, 1), (2, 1)]
        assert runs[0].settings == unit.optimizer.defaults


def test_the_test_stage_takes_the_chosen_setting_and_fresh_seeds(small_study: Study) -> None:
    runs = small_study.unit("test/tiny/sgd").runs({"trial": 2, "settings": {"lr": 0.3}})
    assert [(run.trial, run.seed, run.settings) for run in runs] == [
        (2, 11, {"lr": 0.3}),
        (2, 12, {"lr": 0.3}),
    ]
    with pytest.raises(InputError, match="no chosen setting"):
        small_study.unit("test/tiny/sgd").runs()


CHANGES: list[tuple[str, Any]] = [
    ("validation_size", 41),
    ("workloads.tiny.batch_size", 17),
    ("workloads.tiny.epochs", 3),
    ("workloads.tiny.model", "seed_cnn"),
    ("workloads.tiny.precision", "bfloat16"),
    ("workloads.tiny.train_size", 100),
    ("workloads.tiny.flip", False),
    ("workloads.tiny.label_smoothing", 0.1),
    ("divergence", {"factor": 4.0}),
    ("optimizers.sgd", {"settings": {"lr": 0.2}}),
]


def changed(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    result = copy.deepcopy(data)
    *parents, last = path.split(".")
    place = result
    for key in parents:
        place = place[key]
    place[last] = value
    return result


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_what_decides_a_result_changes_its_identity(
    tmp_path: Path, small: dict[str, Any], path: str, value: Any
) -> None:
    before = written(tmp_path, small).unit("tune/tiny/sgd")
    after = written(tmp_path, changed(small, path, value)).unit("tune/tiny/sgd")
    assert before.runs()[0].id != after.runs()[0].id
    assert before.definition() != after.definition()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", "Other words"),
        ("demo", True),
        ("level", 0.01),
        ("baseline", "nag_sutskever"),
        ("workloads.tiny.targets", [0.3, 0.4]),
        ("workloads.tiny.label", "Other words"),
        ("optimizers.adam", None),
        ("optimizers.sgd", {"label": "Other words"}),
        ("testing.seeds", [21, 22, 23]),
    ],
)
def test_what_is_looked_at_afterwards_does_not(
    tmp_path: Path, small: dict[str, Any], path: str, value: Any
) -> None:
    before = written(tmp_path, small).unit("tune/tiny/sgd")
    after = written(tmp_path, changed(small, path, value)).unit("tune/tiny/sgd")
    assert [run.id for run in before.runs()] == [run.id for run in after.runs()]
    assert before.definition() == after.definition()


def test_identities_are_plain_data_and_stay_as_they_are(small_study: Study) -> None:
    run = small_study.unit("tune/tiny/sgd").runs()[1]
    assert digest(json.loads(json.dumps(run.identity))) == run.id


@given(st.permutations(["a", "b", "c", "d"]))
def test_a_digest_ignores_the_order_of_keys(keys: list[str]) -> None:
    value = {"a": 1, "b": [1, 2], "c": {"x": None}, "d": 0.1}
    assert digest({key: value[key] for key in keys}) == digest(value)


def test_a_class_of_ones_own_joins(tmp_path: Path, small: dict[str, Any]) -> None:
    study = written(tmp_path, changed(small, "optimizers.mine", OWN))
    mine = study.optimizers["mine"]
    assert (mine.label, mine.family) == ("mine", "yours")
    assert study.unit("tune/tiny/mine").runs()[0].settings == OWN["settings"]


def test_a_users_file_belongs_to_the_identity(tmp_path: Path, small: dict[str, Any]) -> None:
    file = tmp_path / "own.py"
    file.write_text("first = 1\n")
    data = changed(small, "optimizers.mine", {**OWN, "reference": f"{file}:Mine"})
    before = written(tmp_path, data).unit("tune/tiny/mine").runs()[0].id
    file.write_text("second = 2\n")
    assert written(tmp_path, data).unit("tune/tiny/mine").runs()[0].id != before


def test_a_row_may_be_taken_under_another_name(tmp_path: Path, small: dict[str, Any]) -> None:
    slow = {"based_on": "nag", "label": "NAG, momentum 0.5", "settings": {"momentum": 0.5}}
    optimizer = written(tmp_path, changed(small, "optimizers.slow", slow)).optimizers["slow"]
    assert optimizer.defaults == {"lr": 0.01, "momentum": 0.5}
    assert optimizer.fixed == {"nesterov": True}


BAD: list[tuple[str, Any, str, str]] = [
    ("optimizers.ada", None, "optimizers.ada", "nag_sutskever"),
    ("optimizers.Ada", None, "optimizers.Ada", "lower-case"),
    ("optimizers.sgd", {"speed": 1}, "optimizers.sgd.speed", "settings"),
    ("optimizers.sgd", {"settings": {"lr": -0.1}}, "optimizers.sgd.settings.lr", "(0, inf)"),
    ("optimizers.sgd", {"settings": {"lr": 0}}, "optimizers.sgd.settings.lr", "(0, inf)"),
    ("optimizers.sgd", {"settings": {"beta": 1}}, "optimizers.sgd.settings.beta", "lr"),
    (
        "optimizers.nag_sutskever",
        {"settings": {"momentum": 1.0}},
        "optimizers.nag_sutskever.settings.momentum",
        "[0, 1)",
    ),
    (
        "optimizers.adam",
        {"settings": {"betas": [0.9, 1.0]}},
        "optimizers.adam.settings.betas",
        "[0, 1)",
    ),
    (
        "optimizers.sgd",
        {"space": {"lr": {"low": 1.0, "high": 0.1}}},
        "optimizers.sgd.space.lr",
        "low below high",
    ),
    (
        "optimizers.sgd",
        {"space": {"rate": {"low": 0.1, "high": 1.0}}},
        "optimizers.sgd.space.rate",
        "lr",
    ),
    (
        "optimizers.adam",
        {"space": {"eps": {"low": 1e-9, "high": 1e-3}}},
        "optimizers.adam.space",
        "lr",
    ),
    ("optimizers.mine", {"reference": "torch.optim:SGD"}, "optimizers.mine", "settings"),
    ("optimizers.mine", {**OWN, "reference": "SGD"}, "optimizers.mine.reference", "module:Class"),
    ("optimizers", {"sgd": None}, "optimizers", "at least two"),
    ("workloads.tiny.model", "vgg", "workloads.tiny.model", "tiny_cnn"),
    ("workloads.tiny.speed", 3, "workloads.tiny.speed", "batch_size"),
    ("workloads.tiny.targets", [0.2, 1.0], "workloads.tiny.targets[1]", "below 1"),
    ("workloads.tiny.targets", [0], "workloads.tiny.targets[0]", "above 0"),
    ("workloads.tiny.targets", [0.2, 0.2], "workloads.tiny.targets", "each value once"),
    ("workloads.tiny.epochs", 0, "workloads.tiny.epochs", "at least 1"),
    ("workloads", {}, "workloads", "at least one"),
    ("tuning.seeds", [1, 1], "tuning.seeds", "each value once"),
    ("tuning.trials", 1, "tuning.trials", "at least 2"),
    ("tuning.search", "random", "tuning.search", "grid"),
    ("testing.seeds", [1, 2], "testing.seeds", "seeds that tuning never saw"),
    ("testing.seeds", [-1], "testing.seeds[0]", "at least 0"),
    ("baseline", "adam", "baseline", "sgd"),
    ("data", "mnist", "data", "cifar10"),
    ("level", 1, "level", "below 1"),
    ("colour", "red", "colour", "title"),
]


@pytest.mark.parametrize(("path", "value", "place", "allowed"), BAD)
def test_each_fault_is_one_error_that_names_its_place(
    tmp_path: Path, small: dict[str, Any], path: str, value: Any, place: str, allowed: str
) -> None:
    with pytest.raises(InputError) as caught:
        written(tmp_path, changed(small, path, value))
    assert caught.value.place == f"{tmp_path / 'study.yaml'}.{place}"
    assert allowed in caught.value.allowed


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text("title: a\ntitle: b\n")
    with pytest.raises(InputError, match="'title' is given twice"):
        load_study(str(path))


def test_text_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("title: [")
    with pytest.raises(InputError, match="not readable as YAML"):
        load_study(str(path))


def test_an_unknown_study_names_those_there_are() -> None:
    with pytest.raises(InputError, match=r"allowed: .*demo, paper"):
        load_study("poster")


def test_an_unknown_unit_names_those_there_are(small_study: Study) -> None:
    with pytest.raises(InputError, match="test/tiny/sgd"):
        small_study.unit("tune/tiny/adam")


def test_the_committed_schema_is_the_classes_own() -> None:
    committed = json.loads(Path("workflow/schemas/study.schema.json").read_text())
    made = json_schema(StudyFile)
    assert {key: committed[key] for key in made} == made, "run `nagbench schema`"


def test_the_schema_accepts_the_shipped_studies() -> None:
    validator = Draft202012Validator(json_schema(StudyFile))
    for path in map(study_path, shipped_studies()):
        assert not list(validator.iter_errors(yaml.safe_load(path.read_text())))


def test_the_catalogue_is_keyed_by_its_names() -> None:
    assert all(key == row.name for key, row in CATALOGUE.items())
