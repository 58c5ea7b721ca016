"""Typed sections of YAML: what is taken, what is refused, and the schema derived from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from jsonschema import Draft202012Validator

from nagbench.errors import InputError
from nagbench.schema import Allowed, json_schema, parse


@dataclass(frozen=True)
class Inner:
    size: Annotated[int, Allowed("how large", minimum=1, maximum=9)]


@dataclass(frozen=True)
class Outer:
    inner: Inner
    rate: Annotated[float, Allowed(above=0)] = 0.5
    names: Annotated[tuple[str, ...], Allowed(unique=True, nonempty=True)] = ("a",)
    color: Annotated[str, Allowed(choices=("red", "green"))] = "red"
    parts: Mapping[str, Inner | None] | None = None
    flag: bool = False


GOOD: dict[str, Any] = {"inner": {"size": 3}}


def test_defaults_fill_what_is_absent() -> None:
    assert parse(Outer, GOOD, "file") == Outer(Inner(3))


def test_whole_numbers_and_yaml_texts_serve_as_numbers() -> None:
    assert parse(Outer, {**GOOD, "rate": 2}, "file").rate == 2.0
    assert parse(Outer, {**GOOD, "rate": "1e-3"}, "file").rate == 0.001


@pytest.mark.parametrize("size", [1, 9])
def test_bounds_are_admitted(size: int) -> None:
    assert parse(Outer, {"inner": {"size": size}}, "file").inner.size == size


BAD = {
    "file.inner": {"inner": 3},
    "file.inner.size": {"inner": {"size": 0}},
    "file.inner.sise": {"inner": {"sise": 1}},
    "file.rate": {**GOOD, "rate": 0},
    "file.names": {**GOOD, "names": ["a", "a"]},
    "file.names[1]": {**GOOD, "names": ["a", 2]},
    "file.color": {**GOOD, "color": "blue"},
    "file.parts.x.size": {**GOOD, "parts": {"x": {"size": 10}}},
    "file.flag": {**GOOD, "flag": 1},
    "file.other": {**GOOD, "other": 1},
}


@pytest.mark.parametrize("place", BAD)
def test_each_fault_is_named_by_its_place(place: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(Outer, BAD[place], "file")
    assert caught.value.place == place


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        ({"inner": {}}, "file.inner.size", "missing"),
        ({"inner": {"size": True}}, "file.inner.size", "found True"),
        ({**GOOD, "rate": float("nan")}, "file.rate", "found nan"),
        ({**GOOD, "names": []}, "file.names", "empty"),
        ({**GOOD, "names": "abc"}, "file.names", "found 'abc'"),
        (None, "file", "found nothing"),
    ],
)
def test_messages_say_what_was_found(data: object, place: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(Outer, data, "file")
    assert caught.value.place == place
    assert words in caught.value.found
    assert caught.value.allowed


def test_the_schema_accepts_and_refuses_the_same() -> None:
    validator = Draft202012Validator(json_schema(Outer))
    assert validator.is_valid(GOOD)
    refused = [place for place, data in BAD.items() if not validator.is_valid(data)]
    assert refused == list(BAD)
