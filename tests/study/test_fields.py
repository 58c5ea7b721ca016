"""The kinds of fields: what each takes, what it refuses in which words, and the schema of it."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nagbench.errors import InputError, InputErrors
from nagbench.study.fields import (
    About,
    Entries,
    File,
    Made,
    Names,
    OneOf,
    Real,
    Section,
    Setting,
    Text,
    Whole,
    check,
    json_schema,
)
from nagbench.study.wording import NAME, refuse


@dataclass(frozen=True)
class Inner:
    size: int
    share: float = 0.5


class InnerSection(Section):
    size: Annotated[int, Whole("how large", least=1, most=9)]
    share: Annotated[float, Real(above=0, below=1)] = Inner.share


class Outer(File):
    inner: Annotated[Inner, Made(InnerSection)]
    rate: Annotated[float, Real("of change", least=0)] = 0.5
    numbers: Annotated[tuple[Annotated[float, Real(above=0)], ...], Entries("some", most=3)] = (
        1.0,
    )
    color: Annotated[str, OneOf("of it", choices=("red", "green"))] = "red"
    parts: Annotated[
        dict[Annotated[str, Text(pattern=NAME, most=None)], InnerSection | None],
        Names("by name", most=2),
    ] = {"a": None}  # noqa: RUF012 - pydantic copies it
    settings: dict[str, Annotated[Any, Setting()]] = {}  # noqa: RUF012
    flag: Annotated[bool, About("on or off")] | None = None
    label: Annotated[str, Text("in words", least=1, most=9)] = "x"


GOOD: dict[str, Any] = {"inner": {"size": 3}}
VALIDATOR = Draft202012Validator(json_schema(Outer))


def problems(**changes: Any) -> list[tuple[str, str, str]]:
    """Where, what was found, what is allowed."""
    _, found = check(Outer, {**GOOD, **changes})
    with pytest.raises(InputError) as caught:
        refuse("file", found)
    errors = caught.value.errors if isinstance(caught.value, InputErrors) else [caught.value]
    return [(error.place, error.found, error.allowed) for error in errors]


def test_defaults_fill_what_is_absent_and_sections_become_dataclasses() -> None:
    valid, found = check(Outer, GOOD)
    assert not found
    assert valid["inner"] == Inner(3)
    assert (valid["rate"], valid["numbers"], valid["color"]) == (0.5, (1.0,), "red")


TAKEN: list[tuple[str, Any, Any]] = [
    ("rate", 2, 2.0),
    ("rate", "1e-3", 0.001),
    ("rate", "+.5E+1", 5.0),
    ("rate", 0, 0.0),
    ("numbers", [1, "2e0"], (1.0, 2.0)),
    ("numbers", [1, 2, 3], (1.0, 2.0, 3.0)),
    ("inner", {"size": 1}, Inner(1)),
    ("inner", {"size": 9, "share": 1e-9}, Inner(9, 1e-9)),
    ("parts", {"a": None, "b_1": None}, {"a": None, "b_1": None}),
    ("flag", None, None),
    ("label", "ninechars", "ninechars"),
    ("settings", {"a": "1e-3", "b": "word", "c": [1, "2e-1"]}, None),
]


@pytest.mark.parametrize(("key", "value", "expected"), TAKEN)
def test_what_is_allowed_is_taken(key: str, value: Any, expected: Any) -> None:
    valid, found = check(Outer, {**GOOD, key: value})
    assert not found
    assert VALIDATOR.is_valid({**GOOD, key: value})
    if key == "settings":
        expected = {"a": 0.001, "b": "word", "c": [1, 0.2]}
    assert valid[key] == expected
    assert type(valid[key]) is type(expected)


SIZE = "a whole number of at least 1 and at most 9 (how large)"
SHARE = "a number above 0 and below 1"
LABEL = "a text in one line of at least 1 and at most 9 characters (in words)"
NAMES = "lower-case letters, digits and _, up to 64"
VALUE = "a number, true or false, a text in one line, nothing, or a list of numbers"
SEVERAL = "a list of at least 1 and at most 3 entries, each once (some)"
NUMBER = "a number of at least 0 (of change)"
REFUSED: list[tuple[str, Any, str, str, str]] = [
    ("inner", 3, "inner", "found 3", "a mapping with the keys size, share"),
    ("inner", None, "inner", "found nothing", "a mapping with the keys size, share"),
    ("inner", {}, "inner.size", "missing", SIZE),
    ("inner", {"size": 0}, "inner.size", "found 0", SIZE),
    ("inner", {"size": 10}, "inner.size", "found 10", SIZE),
    ("inner", {"size": True}, "inner.size", "found true", SIZE),
    ("inner", {"size": "3"}, "inner.size", "found '3'", SIZE),
    ("inner", {"size": 3.0}, "inner.size", "found 3.0", SIZE),
    ("inner", {"size": None}, "inner.size", "found nothing", SIZE),
    ("inner", {"size": [3]}, "inner.size", "found a list of 1", SIZE),
    ("inner", {"size": 10**70}, "inner.size", "found a number of more than 60 digits", SIZE),
    ("inner", {"size": 3, "share": 0}, "inner.share", "found 0", SHARE),
    ("inner", {"size": 3, "share": "1"}, "inner.share", "found 1.0", SHARE),
    ("inner", {"size": 3, "shar": 0}, "inner.shar", "unknown key (is share meant?)", "size, share"),
    ("rate", -0.1, "rate", "found -0.1", NUMBER),
    ("rate", False, "rate", "found false", NUMBER),
    ("rate", float("nan"), "rate", "found nan", NUMBER),
    ("rate", float("inf"), "rate", "found inf", NUMBER),
    ("rate", "1e999", "rate", "found '1e999'", NUMBER),
    ("rate", 10**400, "rate", "found a number of more than 60 digits", NUMBER),
    *[
        ("rate", text, "rate", f"found {text!r}", NUMBER)
        for text in ("nan", "1_000", " 1", "1 ", "0x1", "", "1e", "٣", "1\n")
    ],
    ("numbers", [1, 1.0], "numbers", "listed twice: 1.0", "each value once"),
    ("numbers", [], "numbers", "found 0 entries", "1 to 3 entries"),
    ("numbers", [1, 2, 3, 4], "numbers", "found 4 entries", "1 to 3 entries"),
    ("numbers", [1, 0], "numbers[1]", "found 0", "a number above 0"),
    ("numbers", "12", "numbers", "found '12'", SEVERAL),
    ("color", "gren", "color", "found 'gren' (is green meant?)", "one of red, green (of it)"),
    ("color", ["red"], "color", "found a list of 1", "one of red, green (of it)"),
    ("parts", {}, "parts", "found 0 entries", "1 to 2 entries"),
    ("parts", {"a": None, "b": None, "c": None}, "parts", "found 3 entries", "1 to 2 entries"),
    ("parts", {"A": None}, "parts.A", "unusable name", NAMES),
    ("parts", {"a" * 65: None}, f"parts.'{'a' * 58}…", "unusable name", NAMES),
    ("parts", {"a": {"size": 0}}, "parts.a.size", "found 0", SIZE),
    ("parts", {"a": 1}, "parts.a", "found 1", "a mapping with the keys size, share, or nothing"),
    ("flag", 1, "flag", "found 1", "true or false (on or off), or nothing"),
    ("label", "a\nb", "label", "found 'a\\nb'", LABEL),
    ("label", "\ud800", "label", "found '\\ud800'", LABEL),
    ("label", "", "label", "found ''", LABEL),
    ("other", 1, "other", "unknown key", ", ".join(Outer.model_fields)),
    *[
        ("settings", {"a": value}, "settings.a", f"found {shown}", VALUE)
        for value, shown in (
            ([], "a list of 0"),
            ([[1]], "a list of 1"),
            (["x"], "a list of 1"),
            ([True], "a list of 1"),
            ({"b": 1}, "a mapping of 1"),
            (float("inf"), "inf"),
            ("a\x00", "'a\\x00'"),
        )
    ],
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "place", "found", "allowed"), REFUSED)
def test_what_is_not_is_named(key: str, value: Any, place: str, found: str, allowed: str) -> None:
    assert problems(**{key: value}) == [(f"file.{place}", found, allowed)]


def test_the_schema_refuses_the_same() -> None:
    """But for what JSON cannot say: texts' values as numbers, infinities, 3.0 beside 3."""
    admitted = []
    for key, value, _, found, _ in REFUSED:
        if VALIDATOR.is_valid({**GOOD, key: value}):
            admitted.append((key, found))
    assert admitted == [
        ("inner", "found 3.0"),
        ("inner", "found 1.0"),
        ("rate", "found nan"),
        ("rate", "found inf"),
        ("rate", "found '1e999'"),
        ("rate", "found a number of more than 60 digits"),
        ("rate", "found '1\\n'"),
        ("label", "found '\\ud800'"),
        ("settings", "found a list of 1"),
        ("settings", "found inf"),
    ]


def test_all_is_named_at_once_in_the_order_of_places() -> None:
    found = problems(inner={"size": 0}, rate="x", parts={"b": {"size": 0}, "a": {"sise": 1}}, z=1)
    places = ["inner.size", "parts.a.sise", "parts.a.size", "parts.b.size", "rate", "z"]
    assert [place for place, _, _ in found] == [f"file.{place}" for place in places]


def test_what_is_valid_is_kept_beside_what_is_not() -> None:
    changes = {"rate": "x", "parts": {"a": {"size": 0}, "b": {"size": 1}}, "color": "green"}
    valid, _ = check(Outer, {**GOOD, **changes})
    assert valid["inner"] == Inner(3)
    assert list(valid["parts"]) == ["b"]
    assert valid["color"] == "green"
    assert "rate" not in valid


def test_many_errors_are_counted_and_the_first_are_shown() -> None:
    found = problems(settings={f"a{n:02}": {} for n in range(25)})
    with pytest.raises(InputErrors) as caught:
        refuse("file", check(Outer, {**GOOD, "settings": {f"a{n:02}": {} for n in range(25)}})[1])
    lines = str(caught.value).splitlines()
    assert len(found) == 25
    assert lines[0] == "25 places cannot be used:"
    assert lines[1].startswith("  file.settings.a00: found a mapping of 0; allowed: a number")
    assert lines[20].startswith("  file.settings.a19: ")
    assert lines[21:] == ["  and 5 more"]


@pytest.mark.parametrize(
    "data", [None, 3, "text", [], {5: 3}, {}, {"inner": {5: 3}}, {"inner": {"size": 10**5000}}]
)
def test_content_of_another_kind_is_refused(data: Any) -> None:
    assert check(Outer, data)[1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(Outer.model_fields)), JSON))
def test_any_content_is_valid_or_named(data: dict[str, Any]) -> None:
    valid, found = check(Outer, data)
    assert found or set(valid) == set(Outer.model_fields)
    for where, words, allowed in found:
        assert where[0] in Outer.model_fields
        assert words
        assert allowed
    if not found:
        assert VALIDATOR.is_valid(data)
