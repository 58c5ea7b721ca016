"""Whatever a study file holds, it is a study or an `InputError`: a valid one, damaged at random."""

import copy
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nagbench.errors import InputError
from nagbench.study.file import load_study, study_of, study_schema
from nagbench.study.model import Study

SCHEMA = Draft202012Validator(study_schema())

FULL: dict[str, Any] = {
    "title": "A study to be damaged",
    "data": "synthetic",
    "validation_size": 40,
    "workloads": {
        "tiny": {
            "model": "tiny_cnn", "batch_size": 16, "epochs": 2, "l2": 0.001,
            "targets": {"low": 0.2, "high": 0.4, "source": "a test"},
            "optimizers": ["sgd", "nag_sutskever"],
        },
    },
    "optimizers": {
        "sgd": None,
        "nag_sutskever": None,
        "mine": {
            "reference": "mine.py:Mine",
            "settings": {"lr": 0.1, "betas": [0.9, 0.99]},
            "space": {"lr": {"low": 0.01, "high": 1.0}},
        },
    },
    "baseline": "sgd",
    "tuning": {"points": 2, "seeds": [1]},
    "testing": {"seeds": [11, 12]},
    "divergence": {"factor": 4.0},
    "hypotheses": {
        "h": {
            "claim": "in words", "workload": "tiny", "optimizer": "sgd",
            "reference": "nag_sutskever", "metric": "epochs", "statement": "difference",
            "direction": "less",
        },
        "of_a_value": {
            "claim": "in words", "workload": "tiny", "optimizer": "sgd", "value": 0.5,
            "metric": "accuracy", "statement": "equivalence", "margin": 0.1,
        },
        "of_an_order": {
            "claim": "in words", "workload": "tiny", "optimizers": ["sgd", "nag_sutskever"],
            "metric": "accuracy", "statement": "ranking", "direction": "greater",
        },
    },
}  # fmt: skip


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every collection in the data with every key or index of it."""
    keys = list(data) if isinstance(data, dict) else list(range(len(data)))
    inner = [data[key] for key in keys if isinstance(data[key], dict | list)]
    return [(data, key) for key in keys] + [pair for part in inner for pair in places(part)]


def words(data: Any) -> set[str]:
    """All names and texts in the data."""
    if isinstance(data, dict):
        return set(data).union(*map(words, data.values()))
    if isinstance(data, list):
        return set().union(*map(words, data))
    return {data} if isinstance(data, str) else set()


NAMES = [*sorted(words(FULL)), "[key]"]  # the last is what pydantic calls a name's place
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 40)
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(NAMES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A valid study's data with entries changed, removed, added or moved."""
    data = copy.deepcopy(FULL)
    for _ in range(draw(st.integers(1, 4))):
        where, key = draw(st.sampled_from(places(data)))
        change = draw(st.sampled_from(["set", "set", "remove", "add", "move"]))
        if change == "remove" and len(places(data)) > 1:
            del where[key]
        elif change == "add" and isinstance(where, dict):
            where[draw(st.text(max_size=8) | st.sampled_from(NAMES))] = draw(VALUES)
        elif change == "move":
            other, index = draw(st.sampled_from(places(data)))
            where[key] = copy.deepcopy(other[index])
        else:
            where[key] = draw(VALUES)
    return data


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


@given(mutated())
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


@given(mutated())
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
