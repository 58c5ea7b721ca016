"""YAML as plain data: the same as a safe loader reads, or one clear error, soon."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nagbench.errors import InputError
from nagbench.study import yaml_file
from nagbench.study.yaml_file import parse_yaml, read_yaml

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), st.text(max_size=20)
)
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_data_comes_back(data: Any) -> None:
    assert repr(parse_yaml(yaml.safe_dump(data, sort_keys=False), "x")) == repr(data)


PIECES = st.sampled_from(
    [
        *("a", "b: ", "- ", "? ", "\n", "\n  ", "[", "]", "{", "}", ", ", ": ", "|\n", ">\n", "#"),
        *(
            "&x ",
            "*x",
            "<<: ",
            "=",
            "!!str ",
            "!",
            "'",
            '"',
            "\\0",
            "---\n",
            "...\n",
            "%YAML 1.1\n",
        ),
        *("1", "1.5", "1e-3", "0x1f", "0x_", "0b_", "010", "1:30", ".nan", ".inf", "2020-01-01"),
        *("yes", "no", "null", "~", "\t", "é", "\x85", "\u2028", "\ufeff"),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_is_taken_is_what_a_safe_loader_reads(text: str) -> None:
    """Snakemake reads the same file by its own loader."""
    try:
        taken = parse_yaml(text, "x")
    except InputError:
        return
    assert repr(taken) == repr(yaml.safe_load(text))


LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)
NASTY: dict[str, tuple[str, str]] = {
    "an empty list begun": ("title: [", "not readable as YAML"),
    "many brackets": ("[" * 20_000, "too many levels"),
    "many braces": ("{" * 20_000, "too many levels"),
    "many dashes": ("- " * 20_000, "too many levels"),
    "many question marks": ("? " * 20_000, "too many levels"),
    "many laughs": (LAUGHS, "too many values"),
    "many values": ("a: [" + "1," * 200_000 + "]", "too many values"),
    "an anchor within itself": ("a: &a [*a]", "within itself"),
    "an anchor within its mapping": ("a: &a {b: *a}", "within itself"),
    "an anchor that is not there": ("a: *b", "not readable as YAML"),
    "an anchor given twice": ("a: &a 1\nb: &a 2", "not readable as YAML"),
    "a merge key": ("a: &a {b: 1}\nc: {<<: *a}", "a merge key `<<`"),
    "a merge as a value": ("a: <<", "a merge key `<<`"),
    "an equals sign": ("a: =", "a sign `=`"),
    "a key given twice": ("title: a\ntitle: b", "the key 'title' is given twice"),
    "a key given twice within": ("a: {b: 1, b: 2}", "the key 'b' is given twice"),
    "a key given twice, once in quotes": ("a: 1\n'a': 2", "the key 'a' is given twice"),
    "a number as a name": ("1: a", "the name 1"),
    "nothing as a name": ("? \n: a", "the name nothing"),
    "true as a name": ("{no: 1}", "the name no"),
    "a list as a name": ("? [a]\n: 1", "a name that is a list"),
    "a date": ("a: 2020-01-01", "a date"),
    "a date that is none": ("a: 2020-99-99", "a date"),
    "a tag": ("a: !!float x", "the tag"),
    "a tag of one's own": ("a: !mine {b: 1}", "the tag"),
    "bytes": ("a: !!binary aGk=", "the tag"),
    "an object": ("a: !!python/object/apply:os.system [ls]", "the tag"),
    "a long whole number": (f"a: {'9' * 5_000}", "a number of 5,000 characters"),
    "a long hexadecimal number": (f"a: 0x{'f' * 5_000}", "a number of 5,002 characters"),
    "a long fraction": (f"a: 0.{'1' * 5_000}", "a number of 5,002 characters"),
    "half a number": ("a: 0x_", "found '0x_'"),
    "NUL": ("a: b\0c", "not readable as YAML"),
    "a control character": ("a: b\x07c", "not readable as YAML"),
    "an escape for no character": ('a: "\\U00110000"', "not readable as YAML"),
    "two documents": ("a: 1\n--- \nb: 2", "not readable as YAML"),
    "a very long name": ("a" * 400_000 + ": 1", "not readable as YAML"),
    "a text that does not end": ('"' + "a" * 400_000, "not readable as YAML"),
    "a tab": ("a:\n\t- 1", "a tab"),
    "a second byte order mark": ("\ufeff\ufeffa: 1", "a byte order mark"),
}


@pytest.mark.parametrize("name", NASTY)
def test_what_is_no_plain_data_is_one_clear_error_soon(tmp_path: Path, name: str) -> None:
    text, words = NASTY[name]
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    began = time.process_time()
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    assert time.process_time() - began < 1
    assert words in caught.value.found
    assert caught.value.place.startswith(str(path))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300 + len(str(path))


def test_an_error_names_the_line(tmp_path: Path) -> None:
    for text in ("a: 1\nb: 2\na: 3", "a: 1\nb: 2\n<<: 3", "a: 1\nb: [\n]]", "a: 1\nb: 2\n3: 3"):
        with pytest.raises(InputError) as caught:
            parse_yaml(text, "file.yaml")
        assert caught.value.place == "file.yaml, line 3"


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize(
    ("bound", "text"),
    [
        ("MAX_VALUES", lambda n: "[" + "1," * (n - 1) + "]"),
        (
            "MAX_VALUES",
            lambda n: f"[&a [{'1,' * 98}], {'*a,' * (n // 99 - 1)} {'1,' * ((n - 1) % 99)}]",
        ),
        ("MAX_DEPTH", lambda n: "[" * (n - 1) + "1" + "]" * (n - 1)),
        ("MAX_DIGITS", lambda n: "9" * n),
    ],
)
def test_bounds_are_admitted_and_no_more(bound: str, text: Any, more: int) -> None:
    content = text(getattr(yaml_file, bound) + more)
    if more:
        with pytest.raises(InputError, match=r"too many|a number of"):
            parse_yaml(content, "x")
    else:
        assert parse_yaml(content, "x") == yaml.safe_load(content)


@pytest.mark.parametrize("more", [0, 1])
def test_a_file_has_a_largest_size(tmp_path: Path, more: int) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("a: 1\n#".ljust(yaml_file.MAX_BYTES + more, "#"))
    if more:
        with pytest.raises(InputError, match="more than 500,000 bytes"):
            read_yaml(path)
    else:
        assert read_yaml(path) == {"a": 1}


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    for wrong in (path, tmp_path, tmp_path / ("x" * 5_000)):
        with pytest.raises(InputError, match=r"no such file|cannot be read"):
            read_yaml(wrong)
    path.write_bytes("a: é".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_yaml(path)
    path.write_bytes("\ufeffa: é".encode())
    assert read_yaml(path) == {"a": "é"}


def test_an_alias_stands_for_its_anchor() -> None:
    assert parse_yaml("a: &x [1, 2]\nb: *x", "x") == {"a": [1, 2], "b": [1, 2]}
