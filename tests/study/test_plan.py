"""What a study expands to: units and runs, what names a run, and the plan as a file."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from edited import changed
from hypothesis import given
from hypothesis import strategies as st

from nagbench.engine.recipe import Recipe, digest
from nagbench.errors import InputError
from nagbench.study.file import load_study, shipped_studies, study_of
from nagbench.study.model import Study
from nagbench.study.plan import units
from nagbench.study.unit import Unit, read_plan, unit, write_plan

OWN = {
    "reference": "torch.optim:Adamax",
    "settings": {"lr": 0.002, "eps": 1e-8},
    "space": {"lr": {"low": 1e-4, "high": 1e-1}},
}


def planned(data: dict[str, Any], name: str = "tune/tiny/sgd") -> Unit:
    return unit(units(study_of("small", data, "small.yaml")), name)


def chosen(trial: int, settings: dict[str, Any]) -> dict[str, Any]:
    """A choice of one setting by all that a study may choose by."""
    return {"tested": [{"trial": trial, "settings": settings, "roles": ["accuracy", "speed"]}]}


def ids(one: Unit) -> list[str]:
    return [run.id for run in one.runs()]


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_expand_to_runs_of_their_own(name: str) -> None:
    study = load_study(name)
    for one in units(study, "tune"):
        assert len(set(ids(one))) == len(one.runs()) == len(one.halving.space + one.halving.beside)


def test_units_are_all_pairs_in_both_stages(small_study: Study) -> None:
    names = [
        "tune/tiny/sgd",
        "tune/tiny/nag_sutskever",
        "test/tiny/sgd",
        "test/tiny/nag_sutskever",
    ]
    assert [one.name for one in units(small_study)] == names
    assert [one.name for one in units(small_study, "test")] == names[2:]
    assert [one.tuned_by for one in units(small_study, "test")] == names[:2]


def test_a_workload_trains_its_own_optimizers_alone(small: dict[str, Any]) -> None:
    small["optimizers"]["nag"] = None
    small["workloads"]["second"] = {**small["workloads"]["tiny"], "optimizers": ["nag", "sgd"]}
    study = study_of("small", small, "x")
    names = ["tiny/sgd", "tiny/nag_sutskever", "tiny/nag", "second/sgd", "second/nag"]
    assert [one.name for one in units(study, "tune")] == [f"tune/{name}" for name in names]


def test_units_come_in_the_order_of_the_claims_that_need_them(small: dict[str, Any]) -> None:
    """Then the other units of optimizers that claims name; then the rest of the zoo."""
    small["optimizers"] = dict.fromkeys(["adam", "sgd", "nag", "nag_sutskever"])
    small["workloads"]["second"] = {**small["workloads"]["tiny"], "epochs": 3}
    claim = {"claim": "x", "metric": "accuracy", "direction": "greater", "optimizer": "nag"}
    claim["statement"] = "difference"
    small["hypotheses"] = {
        "one": {**claim, "workload": "second", "value": 0.5, "statement": "threshold"},
        "two": {**claim, "workload": "second", "reference": "sgd", "contrast": "tiny"},
    }
    study = study_of("small", small, "x")
    names = ["second/nag", "second/sgd", "tiny/nag", "tiny/sgd"]
    names += ["tiny/adam", "tiny/nag_sutskever", "second/adam", "second/nag_sutskever"]
    assert [one.name for one in units(study, "tune")] == [f"tune/{name}" for name in names]
    two = small["hypotheses"].pop("two")
    small["hypotheses"] |= {"three": {**two, "contrast": None, "reference_workload": "tiny"}}
    study = study_of("small", small, "x")
    names = ["second/nag", "tiny/sgd", "tiny/nag", "second/sgd"]
    assert [one.name for one in units(study, "test")][:4] == [f"test/{name}" for name in names]


def test_an_unknown_unit_names_those_there_are(small_study: Study) -> None:
    with pytest.raises(InputError, match="test/tiny/sgd"):
        unit(units(small_study), "tune/tiny/adam")


def test_every_optimizer_gets_the_same_trials_and_seeds(small_study: Study) -> None:
    for one in units(small_study, "tune"):
        runs = one.runs()
        assert [(run.trial, run.seed) for run in runs] == [(0, 1), (1, 1), (2, 1)]
        assert runs[0].settings == small_study.optimizers[one.optimizer].defaults
        assert not any(run.recipe.judged_on_test for run in runs)


def test_the_test_stage_takes_the_chosen_setting_and_fresh_seeds(small: dict[str, Any]) -> None:
    one = planned(small, "test/tiny/sgd")
    runs = one.runs(choice=chosen(2, {"lr": 0.3}))
    assert [(run.trial, run.seed, run.settings) for run in runs] == [
        (2, 11, {"lr": 0.3}),
        (2, 12, {"lr": 0.3}),
    ]
    assert all(run.recipe.judged_on_test for run in runs)
    with pytest.raises(InputError, match="no chosen setting"):
        one.runs()


def test_what_a_row_fixes_is_in_every_recipe_and_in_no_setting(small: dict[str, Any]) -> None:
    one = planned(changed(small, "optimizers.nag", None), "tune/tiny/nag")
    for run in one.runs():
        assert "nesterov" not in run.settings
        assert run.recipe.settings == {**run.settings, "nesterov": True}


def test_a_class_of_ones_own_is_planned_by_its_name(small: dict[str, Any]) -> None:
    one = planned(changed(small, "optimizers.mine", OWN), "tune/tiny/mine")
    assert one.base.optimizer == "torch.optim:Adamax"
    assert one.runs()[0].settings == OWN["settings"]


# A change of a study file for each field of a recipe, but for those that stages decide.
DECIDING: dict[str, tuple[str, Any]] = {
    "batch_size": ("workloads.tiny.batch_size", 17),
    "epochs": ("workloads.tiny.epochs", 3),
    "train_size": ("workloads.tiny.train_size", 100),
    "precision": ("workloads.tiny.precision", "bfloat16"),
    "padding": ("workloads.tiny.padding", 3),
    "flip": ("workloads.tiny.flip", False),
    "cutout": ("workloads.tiny.cutout", 8),
    "schedule": ("workloads.tiny.schedule", "cosine"),
    "decay": ("workloads.tiny.decay", 0.9),
    "loss": ("workloads.tiny.loss", "one_hot_squares"),
    "label_smoothing": ("workloads.tiny.label_smoothing", 0.1),
    "initializer": ("workloads.tiny.initializer", "xavier"),
    "l1": ("workloads.tiny.l1", 1e-5),
    "l2": ("workloads.tiny.l2", 1e-5),
    "data": ("data", "cifar10"),
    "validation_size": ("validation_size", 41),
    "network": ("workloads.tiny.model", "seed_cnn"),
    "network_options": ("workloads.tiny.batch_norm", True),
    "optimizer": ("optimizers.sgd", {**OWN, "settings": {"lr": 0.1}}),
    "settings": ("optimizers.sgd", {"settings": {"lr": 0.2}}),
    "seed": ("tuning.seeds", [2]),
    "closure": ("optimizers.sgd", {"closure": True}),
    "create_graph": ("optimizers.sgd", {"create_graph": True}),
    "matrices": ("optimizers.sgd", {"matrices": True}),
    "divergence_factor": ("divergence", {"factor": 4.0}),
    "divergence_steps": ("divergence", {"steps": 40}),
}


def test_each_field_of_a_recipe_is_changed_below() -> None:
    assert {*DECIDING, "judged_on_test"} == {entry.name for entry in fields(Recipe)}


@pytest.mark.parametrize("name", DECIDING)
def test_what_decides_a_run_names_it(small: dict[str, Any], name: str) -> None:
    before, after = planned(small), planned(changed(small, *DECIDING[name]))
    first, other = before.runs()[0].recipe, after.runs()[0].recipe
    differing = {key for key in vars(first) if getattr(first, key) != getattr(other, key)}
    assert differing - {"id"} == {name}
    assert first.id != other.id
    assert before.definition() != after.definition()


@pytest.mark.parametrize("own", [False, True])
def test_a_method_that_brings_its_own_schedule_is_left_alone(
    small: dict[str, Any], own: bool
) -> None:
    small["workloads"]["tiny"]["schedule"] = "cosine"
    small["optimizers"]["sgd"] = {"own_schedule": own}
    assert planned(small).base.schedule == ("constant" if own else "cosine")


def test_a_test_run_is_not_the_tuning_run_of_its_seed_and_setting(small: dict[str, Any]) -> None:
    tuned = planned(small).runs()[0]
    tested = planned(small, "test/tiny/sgd").recipe(tuned.settings, tuned.seed)
    assert tested.id != tuned.id


SAME: list[tuple[str, Any]] = [
    ("title", "Other words"),
    ("demo", True),
    ("remark", "Other words"),
    ("gpu", True),
    ("level", 0.01),
    ("tolerance", 0.1),
    ("baseline", "nag_sutskever"),
    ("divergence", {"factor": 5, "steps": 50}),
    ("workloads.tiny.targets", {"low": 0.3, "high": 0.4, "source": "x"}),
    ("workloads.tiny.label", "Other words"),
    ("workloads.tiny.optimizers", ["sgd", "nag_sutskever"]),
    ("workloads.tiny.padding", 4),
    ("workloads.tiny.train_size", None),
    ("workloads.tiny.l2", 0),
    ("workloads.tiny.batch_norm", False),
    ("optimizers.adam", None),
    ("optimizers.sgd", {"label": "Other words", "citation": "other"}),
    ("optimizers.sgd", {"settings": {"lr": 0.1}, "based_on": "sgd"}),
    ("optimizers.sgd", {"settings": {"lr": "1e-1"}}),
    ("testing.seeds", [21, 22, 23]),
    ("hypotheses", {}),
]


@pytest.mark.parametrize(("path", "value"), SAME)
def test_what_decides_no_run_names_none(small: dict[str, Any], path: str, value: Any) -> None:
    before, after = planned(small), planned(changed(small, path, value))
    assert ids(before) == ids(after)
    assert before.definition() == after.definition()


def test_a_whole_number_and_the_same_with_a_point_are_one_setting(small: dict[str, Any]) -> None:
    one, other = (
        planned(changed(small, "optimizers.sgd", {"settings": {"lr": rate}})) for rate in (1, 1.0)
    )
    assert ids(one) == ids(other)


def test_equal_recipes_are_one_run_under_whatever_names(small: dict[str, Any]) -> None:
    small["optimizers"]["other"] = {"based_on": "sgd"}
    small["workloads"]["second"] = {**small["workloads"]["tiny"], "label": "Second"}
    names = ("tune/tiny/sgd", "tune/tiny/other", "tune/second/sgd", "tune/second/other")
    first, *others = (ids(planned(small, name)) for name in names)
    assert all(other == first for other in others)


def test_an_identity_is_plain_data_and_survives_json(small: dict[str, Any]) -> None:
    for run in planned(changed(small, "optimizers.adam", None), "tune/tiny/adam").runs():
        words = json.loads(json.dumps(run.recipe.definition()))
        assert digest(words) == run.id == Recipe(**words).id


@given(st.permutations(["a", "b", "c", "d"]))
def test_a_digest_ignores_the_order_of_keys(keys: list[str]) -> None:
    value = {"a": 1, "b": [1, 2], "c": {"x": None}, "d": 0.1}
    assert digest({key: value[key] for key in keys}) == digest(value)


@pytest.mark.parametrize("name", shipped_studies())
def test_a_plan_comes_back_with_the_same_runs(tmp_path: Path, name: str) -> None:
    made, path = units(load_study(name)), tmp_path / "plan.json"
    write_plan(path, made)
    read = read_plan(path)
    assert read == made
    for one, other in zip(made, read, strict=True):
        choice = None if one.halving is not None else chosen(1, {"lr": 0.3})
        assert [run.id for run in one.runs(choice=choice)] == [
            run.id for run in other.runs(choice=choice)
        ]
        assert one.runs(choice=choice) == other.runs(choice=choice)


def resealed(content: Any) -> str:
    return json.dumps({**content, "digest": digest(content["units"])})


def without_base(content: Any) -> str:
    del content["units"][0]["base"]
    return resealed(content)


def of_other_fields(content: Any) -> str:
    content["units"][0]["base"]["colour"] = "red"
    return resealed(content)


def by_hand(content: Any) -> str:
    content["units"][0]["base"]["epochs"] += 1
    return json.dumps(content)


DAMAGE: dict[str, tuple[Callable[[Any], str], str]] = {
    "cut off": (lambda content: json.dumps(content)[:-40], "not readable"),
    "empty": (lambda _: "", "not readable"),
    "a list": (lambda _: "[]", "no plan"),
    "nothing": (lambda _: "null", "no plan"),
    "another mapping": (lambda _: "{}", "no plan"),
    "deep": (lambda _: "[" * 100_000, "not readable"),
    "long number": (lambda _: "9" * 5_000, "not readable"),
    "another version": (lambda content: json.dumps({**content, "version": 0}), "version 0"),
    "a text as version": (lambda content: json.dumps({**content, "version": "1"}), "version '1'"),
    "a unit less": (
        lambda content: json.dumps({**content, "units": content["units"][1:]}),
        "changed",
    ),
    "changed by hand": (by_hand, "changed after it was written"),
    "no digest": (lambda content: json.dumps({**content, "digest": None}), "changed"),
    "units of another kind": (lambda content: resealed({**content, "units": [3]}), "other code"),
    "no base": (without_base, "other code"),
    "other fields": (of_other_fields, "other code"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_plan_is_one_clear_error(tmp_path: Path, small_study: Study, name: str) -> None:
    damage, words = DAMAGE[name]
    path = tmp_path / "plan.json"
    write_plan(path, units(small_study))
    path.write_text(damage(json.loads(path.read_text())))
    with pytest.raises(InputError, match=words) as caught:
        read_plan(path)
    assert caught.value.place == str(path)
    assert "\n" not in str(caught.value)


def test_a_plan_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_plan(tmp_path / "plan.json")
    with pytest.raises(InputError, match="not readable"):
        read_plan(tmp_path)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe{}")
    with pytest.raises(InputError, match="not readable"):
        read_plan(tmp_path / "bytes")


def test_a_plan_is_trained_without_what_reads_studies(tmp_path: Path, small_study: Study) -> None:
    """On a bare node; the modules are those that the runs are made of."""
    path = tmp_path / "plan.json"
    write_plan(path, units(small_study))
    script = (
        "import importlib, sys\n"
        "for name in ('pydantic', 'yaml', 'scipy', 'snakemake'):\n"
        "    sys.modules[name] = None  # importing it now fails\n"
        "from pathlib import Path\n"
        "import nagbench.engine.loop\n"
        "from nagbench.study.unit import read_plan\n"
        "for unit in read_plan(Path(sys.argv[1])):\n"
        "    for name in unit.base.modules():\n"
        "        importlib.import_module(name)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


def test_seeds_are_the_study_s_the_workload_s_or_more(small: dict[str, Any]) -> None:
    small["workloads"]["other"] = {**small["workloads"]["tiny"], "seeds": [77]}
    small["testing"]["further"] = {"sgd": [13]}
    found = {one.name: one.seeds for one in units(study_of("small", small, "x"), "test")}
    assert found == {
        "test/tiny/sgd": (11, 12, 13),
        "test/tiny/nag_sutskever": (11, 12),
        "test/other/sgd": (77,),
        "test/other/nag_sutskever": (77,),
    }


def test_a_workload_may_take_another_s_settings(small: dict[str, Any]) -> None:
    small["workloads"]["float64"] = {
        **small["workloads"]["tiny"],
        "precision": "float64",
        "tuned_on": "tiny",
    }
    made = units(study_of("small", small, "x"))
    assert "tune/float64/sgd" not in [one.name for one in made]
    assert unit(made, "test/float64/sgd").tuned_by == "tune/tiny/sgd"
    small["workloads"]["float64"]["tuned_on"] = None
    small["workloads"]["float64"]["tuning"] = {"points": 5, "seeds": [3]}
    made = units(study_of("small", small, "x"))
    assert unit(made, "tune/float64/sgd").seeds == (3,)
    assert len(unit(made, "tune/float64/sgd").halving.space) == 5
    assert len(unit(made, "tune/tiny/sgd").halving.space) == 2


def test_a_band_is_the_accurate_setting_at_other_rates(small: dict[str, Any]) -> None:
    small["band"] = {
        "epochs": 1,
        "seeds": [31, 32],
        "threshold": 0.2,
        "step": 0.5,
        "optimizers": ["nag_sutskever"],
    }
    made = units(study_of("small", small, "x"), "band")
    assert [one.name for one in made] == ["band/tiny/nag_sutskever"]
    (one,) = made
    settings = {"lr": 0.02, "momentum": 0.9}
    quick = {"trial": 3, "settings": {"lr": 9, "momentum": 0}, "roles": ["speed"]}
    choice = {"tested": [quick, {"trial": 2, "settings": settings, "roles": ["accuracy"]}]}
    runs = one.runs(choice=choice)
    rates = [0.002, 0.006324, 0.02, 0.06324, 0.2]
    assert [(run.trial, run.seed, run.settings["lr"]) for run in runs] == [
        (n, seed, rate) for n, rate in enumerate(rates) for seed in (31, 32)
    ]
    assert {(run.epochs, run.recipe.epochs, run.recipe.judged_on_test) for run in runs} == {
        (1, 1, False)
    }
    assert one.planned() == [1] * 10
    assert one.tuned_by == "tune/tiny/nag_sutskever"
