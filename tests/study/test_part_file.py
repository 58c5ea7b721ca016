"""A part of a study: what it holds, how it is called, and what cannot be one."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from nagbench.errors import InputError
from nagbench.study.file import load_study
from nagbench.study.model import Study
from nagbench.study.part_file import write_part
from nagbench.study.plan import units


def part(folder: Path, study: str, optimizers: str = "", workloads: str = "") -> Study:
    return load_study(str(write_part(study, optimizers.split(), workloads.split(), folder)))


@pytest.mark.parametrize(
    ("study", "optimizers", "workloads"),
    [
        ("demo", "nag adam", ""),
        ("demo", "nag sgd", "tiny_cnn"),
        ("cifar10-cnn", "nag sgd", "seed_cnn float32"),
        ("cifar10-cnn", "", "float32 seed_cnn"),
        ("paper", "lbfgs adam", "full_batch"),
        ("pilot", "sgd nag", ""),
        ("sanity", "still nag heavy_ball", ""),
    ],
)
def test_a_part_trains_runs_of_the_whole(
    tmp_path: Path, study: str, optimizers: str, workloads: str
) -> None:
    found, whole = part(tmp_path, study, optimizers, workloads), load_study(study)
    wanted = {
        unit.name: unit
        for unit in units(whole)
        if (not optimizers or unit.optimizer in optimizers.split())
        and (not workloads or unit.workload in workloads.split())
    }
    assert {unit.name for unit in units(found)} == wanted.keys()
    for unit in units(found):
        other = wanted[unit.name]
        assert (unit.base, unit.trials, unit.seeds) == (other.base, other.trials, other.seeds)
    assert found.hypotheses.items() <= whole.hypotheses.items()
    assert found.baseline in found.optimizers
    assert found.name.startswith(f"{study}-")
    assert f"a part of the study {study}" in found.remark


def test_a_claim_stays_where_all_that_it_names_is_there(tmp_path: Path) -> None:
    assert set(part(tmp_path, "demo", "nag sgd").hypotheses) == {"faster", "reached"}
    assert set(part(tmp_path, "demo", "nag nag_sutskever").hypotheses) == {"reached", "two_forms"}
    assert not part(tmp_path, "demo", "adam sgd").hypotheses


def test_where_nothing_is_compared_nothing_trains(tmp_path: Path) -> None:
    """L-BFGS trains on two workloads, and Adam meets nobody on the others."""
    assert list(part(tmp_path, "paper", "lbfgs adam").workloads) == ["seed_cnn", "full_batch"]


def test_a_part_has_one_name_and_no_two_have_the_same(tmp_path: Path) -> None:
    assert part(tmp_path, "demo", "adam nag").name == part(tmp_path, "demo", "nag adam").name
    every = load_study("cifar10-cnn").optimizers_of("seed_cnn")
    names = [
        part(
            tmp_path, "cifar10-cnn", " ".join(one for one in every if one != left), "seed_cnn"
        ).name
        for left in ("nag", "adam", "nadam")
    ]
    names += [part(tmp_path, "demo", *said).name for said in (["nag sgd"], ["nag sgd", "tiny_cnn"])]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 64


def test_a_part_is_written_when_it_changes(tmp_path: Path, small: dict[str, Any]) -> None:
    """Of a file of one's own, which it names from where it lies."""
    whole, folder = tmp_path / "own.yaml", tmp_path / "results" / "parts"
    whole.write_text(yaml.safe_dump(small))
    file = write_part(str(whole), [], ["tiny"], folder)
    assert load_study(str(file)).optimizers.keys() == small["optimizers"].keys()
    before = file.stat().st_mtime_ns
    write_part(str(whole), [], ["tiny"], folder)
    assert file.stat().st_mtime_ns == before
    whole.write_text(yaml.safe_dump({**small, "title": "Another"}))
    write_part(str(whole), [], ["tiny"], folder)
    assert load_study(str(file)).title == "Another: a part"


@pytest.mark.parametrize(
    ("study", "optimizers", "workloads", "said"),
    [
        ("demo", "nga", "", r"optimizers: found 'nga' \(is nag meant\?\); allowed: adam, heavy"),
        ("demo", "nag", "tiny", r"workloads: found 'tiny' \(is tiny_cnn meant\?\); allowed"),
        ("demo", "nag", "", "optimizers: found 'nag' alone; allowed: two at least"),
        (
            "paper",
            "sgd nag lbfgs",
            "batch_512",
            "optimizers: found 'lbfgs', which .*: nag, sgd",
        ),
        ("paper", "lbfgs adam", "batch_512", "workloads: found 'batch_512', where not both"),
        (
            "cifar10-cnn",
            "",
            "float32",
            "found 'float32' without 'seed_cnn'",
        ),
    ],
)
def test_what_is_no_part_is_one_message(
    tmp_path: Path, study: str, optimizers: str, workloads: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        part(tmp_path, study, optimizers, workloads)
    assert not list(tmp_path.iterdir())
