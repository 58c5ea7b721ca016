"""Study files: where they are, what they may be called, and all their faults at once."""

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from nagbench.errors import InputError, InputErrors
from nagbench.study import file, part_file
from nagbench.study.file import load_study, shipped_studies, study_of


def written(folder: Path, data: Any, name: str = "study.yaml") -> str:
    path = folder / name
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return str(path)


def faults(error: InputError) -> list[InputError]:
    return list(error.errors) if isinstance(error, InputErrors) else [error]


def test_shipped_studies_are_found_wherever_one_works(tmp_path: Path) -> None:
    assert {"demo", "paper", "pilot", "sanity"} <= set(shipped_studies())
    script = (
        "from nagbench.study.file import load_study, shipped_studies\n"
        "assert all(load_study(name).name == name for name in shipped_studies())\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)


def test_an_unknown_study_names_those_there_are() -> None:
    with pytest.raises(InputError, match=r"allowed: cifar10-cnn, .*demo, .*, or a path"):
        load_study("poster")
    with pytest.raises(InputError, match="is demo meant"):
        load_study("dmo")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../demo", "a/b", "demo/", "/", "x\0y", "x" * 9_999]
)
def test_what_names_no_shipped_study_is_refused(name: str) -> None:
    with pytest.raises(
        InputError, match=r"none of that name.*; allowed: cifar10-cnn, .*demo, "
    ) as caught:
        load_study(name)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "name",
    ["a", "A-b_9", "_a", "9", "x" * 64, "data_", "my-runs", "a.yml"],
)
def test_names_that_can_be_folders_are_taken(
    tmp_path: Path, small: dict[str, Any], name: str
) -> None:
    whole = name if name.endswith(".yml") else f"{name}.yaml"
    assert load_study(written(tmp_path, small, whole)).name == whole.rpartition(".")[0]


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a b", "a.b", "é", "-a", "x" * 65, "a'b", "$a", "a\nb", "~"],
)
def test_names_that_cannot_are_refused(tmp_path: Path, small: dict[str, Any], name: str) -> None:
    with pytest.raises(InputError, match="unusable name") as caught:
        load_study(written(tmp_path, small, f"{name}.yaml"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["data", "runs", "validation", "Data", "RUNS"])
def test_names_of_other_folders_of_results_are_refused(
    tmp_path: Path, small: dict[str, Any], name: str
) -> None:
    with pytest.raises(InputError, match="reserved name"):
        load_study(written(tmp_path, small, f"{name}.yaml"))


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_study(str(tmp_path / "gone.yaml"))
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(InputError, match="no such file"):
        load_study(str(tmp_path / "folder.yaml"))
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match="no such file"):
        load_study(str(tmp_path / "pipe.yaml"))
    with pytest.raises(InputError, match=r"no such file|cannot be read"):
        load_study(f"{'x' * 5_000}/study.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "3", "text", "[1, 2]", "null"])
def test_content_that_is_no_mapping_is_one_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_study(str(path))
    (error,) = faults(caught.value)
    assert error.place == str(path)
    assert error.allowed.startswith("a mapping with the keys title, data")


def test_all_faults_are_named_at_once(tmp_path: Path, small: dict[str, Any]) -> None:
    """Of each section, and across those sections that are valid."""
    small["workloads"]["tiny"]["epochs"] = 0
    small["workloads"]["second"] = {
        "model": "tiny_cnn",
        "batch_size": 5_000,
        "epochs": 1,
        "targets": {"low": 0.2, "high": 0.2, "source": "a test"},
        "optimizers": ["sgd", "nag"],
    }
    small["optimizers"]["fast"] = {"based_on": "nag", "settings": {"lr": -1}}
    small["optimizers"]["slow"] = {"lable": "x"}
    small["baseline"] = "sg"
    small["testing"]["seeds"] = [1, 2]
    small["level"] = 1
    small["hypotheses"] = {
        "on_a_workload_with_a_fault": {
            "claim": "x", "workload": "tiny", "optimizer": "slow", "reference": "sgd",
            "metric": "accuracy", "statement": "difference", "direction": "less",
        },
        "of_none": {
            "claim": "x", "workload": "second", "optimizer": "adam", "reference": "sgd",
            "metric": "epochs", "statement": "equivalence",
        },
    }  # fmt: skip
    path = written(tmp_path, small)
    with pytest.raises(InputErrors) as caught:
        load_study(path)
    assert [error.place.removeprefix(f"{path}.") for error in caught.value.errors] == [
        "baseline",
        "hypotheses.of_none.margin",
        "hypotheses.of_none.optimizer",
        "level",
        "optimizers.fast.settings.lr",
        "optimizers.slow.lable",
        "testing.seeds",
        "workloads.second.batch_size",
        "workloads.second.optimizers[1]",
        "workloads.tiny.epochs",
    ]
    lines = str(caught.value).splitlines()
    assert lines[0] == "10 places cannot be used:"
    assert lines[-1] == (
        f"  {path}.workloads.tiny.epochs: found 0; allowed: a whole number of at least 1 and at "
        "most 100,000 (passes over the training data)"
    )


def test_several_errors_survive_a_process_border(small: dict[str, Any]) -> None:
    with pytest.raises(InputErrors) as caught:
        study_of("small", {**small, "level": 1, "demo": 1}, "small.yaml")
    copied = pickle.loads(pickle.dumps(caught.value))
    assert str(copied) == str(caught.value)
    assert (copied.place, len(copied.errors)) == ("small.yaml.demo", 2)


ABSURD: dict[str, list[Any]] = {
    "workloads.tiny.epochs": [100_001],
    "workloads.tiny.targets.source": ["x" * 501],
    "workloads.tiny.optimizers": [[f"w{n}" for n in range(1_001)]],
    "workloads.tiny.l2": [10**400],
    "workloads": [{f"w{n}": None for n in range(1_001)}],
    "optimizers": [{f"sgd{n}": {"based_on": "sgd"} for n in range(1_001)}],
    "optimizers.sgd": [{"settings": {f"x{n}": 1 for n in range(101)}}, {"settings": {"x" * 65: 1}}],
    "hypotheses": [{f"h{n}": {} for n in range(1_001)}],
    "tuning.points": [10_001],
    "tuning.seeds": [list(range(1_000, 11_001))],
    "testing.seeds": [[7] * 10_000, ["x"] * 10_000],
    "title": ["x" * 501],
    "remark": ["x" * 5_001],
    "validation_size": [10**5_000],
}


@pytest.mark.parametrize("path", ABSURD)
def test_absurd_sizes_are_refused_soon(small: dict[str, Any], path: str) -> None:
    *parents, last = path.split(".")
    place = small
    for key in parents:
        place = place[key]
    for value in ABSURD[path]:
        place[last] = value
        began = time.process_time()
        with pytest.raises(InputError) as caught:
            study_of("small", small, "small.yaml")
        assert time.process_time() - began < 1
        assert any(error.place.startswith(f"small.yaml.{path}") for error in faults(caught.value))


def test_many_seeds_are_taken_soon(tmp_path: Path, small: dict[str, Any]) -> None:
    small["tuning"]["seeds"] = list(range(10_000))
    small["testing"]["seeds"] = list(range(10_000, 20_000))
    path = written(tmp_path, small)
    began = time.process_time()
    assert len(load_study(path).testing.seeds) == 10_000
    assert time.process_time() - began < 2


def test_the_reserved_names_are_folders_of_the_workflow() -> None:
    rules = "".join(path.read_text() for path in Path("workflow/rules").glob("*.smk"))
    assert "results/data/" in rules
    assert "results/validation" in rules
    assert {"data", "validation", part_file.FOLDER.name} <= set(file.RESERVED)
