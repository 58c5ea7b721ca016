"""Whatever a study file holds, it is a study or an `InputError`: a valid one, damaged at random."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from jsonschema import Draft202012Validator

from damage import damaged
from nagbench.errors import InputError
from nagbench.study.file import load_study, study_of, study_schema
from nagbench.study.model import Study
from small_study import FULL

SCHEMA = Draft202012Validator(study_schema())


def outcome(data: Any) -> Study | str:
    try:
        return study_of("small", data, "small.yaml")
    except InputError as error:
        return str(error)


def reversed_keys(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: reversed_keys(data[key]) for key in reversed(data)}
    return [reversed_keys(entry) for entry in data] if isinstance(data, list) else data


def with_entry(section: str, name: str, value: Any) -> dict[str, Any]:
    return {**FULL, section: {**FULL[section], name: value}}


@given(damaged(FULL))
@example(FULL)
@example({**FULL, "[key]": 3})
@example(with_entry("optimizers", "[key]", 3))
@example(with_entry("optimizers", "[key]", "optimizers"))
@example(with_entry("tuning", "[key]", "tuning"))
@example(
    with_entry("optimizers", "mine", {**FULL["optimizers"]["mine"], "settings": {"a": 10**400}})
)
@example(with_entry("optimizers", "sgd", {"settings": {"lr": -(10**5_000)}}))
def test_any_content_is_a_study_or_an_input_error(data: dict[str, Any]) -> None:
    """And nothing else; nor does an error depend on the order of the keys."""
    first, second = outcome(data), outcome(reversed_keys(data))
    if isinstance(first, str):
        assert first == second
    else:
        assert isinstance(second, Study)
        assert SCHEMA.is_valid(data)  # or Snakemake would refuse what is read here
        assert dict(first.optimizers) == dict(second.optimizers)
        assert list(first.workloads) == list(data["workloads"])


def test_the_study_that_is_mutated_is_valid() -> None:
    assert isinstance(outcome(FULL), Study)


@given(damaged(FULL))
def test_a_mutated_file_is_a_study_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("mutated") / "small.yaml"
    try:
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    except UnicodeEncodeError:  # a lone half of a character cannot be written
        return
    try:
        read: Study | str = load_study(str(path))
    except InputError as error:
        read = str(error)
    assert isinstance(read, Study) or str(path) in read
