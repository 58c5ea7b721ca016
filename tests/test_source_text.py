"""What counts of a file's text, and what does not."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nagbench.errors import InputError
from nagbench.source_text import digest

PROGRAM = '''#!/usr/bin/env python
"""A docstring
of two lines."""

import os  # why


class Table:
    """Of the class."""

    rows = 3

    async def read(self, é="#", *, name=f"{os.sep!r:>{rows}} # {'#'}"):
        """Of the method."""  # beside it
        # alone on its line
        text = """kept

          # kept···
"""
        more = rf"""a {
            text
        }
        # kept"""
        return (text +
                more), \\
            [name, é]


def nothing(): "A docstring on the line of its function."
'''.replace("·", " ")
# Made by Python 3.11, 3.12 and 3.13, which tokenise f-strings in different ways.
KNOWN = "34c009c04d94996abad2c7ffcccd434e09aeda05e9d91a041871284df782bc49"


def named(text: str | bytes, path: Path = Path("x.py")) -> str:
    return digest(path, text if isinstance(text, bytes) else text.encode())


def test_a_digest_does_not_depend_on_the_version_of_python() -> None:
    assert named(PROGRAM) == KNOWN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# why", "# because"),
        ("  # why", ""),
        ("#!/usr/bin/env python\n", ""),
        ('"""A docstring\nof two lines."""', '"""Another."""'),
        ('"""A docstring\nof two lines."""\n', ""),
        ('"""Of the class."""', '\'of\' r\' the\' """class"""'),
        ('        """Of the method."""  # beside it\n', ""),
        ('"A docstring on the line of its function."', "'Another.'"),
        ("        # alone on its line\n", ""),
        ("    rows = 3\n\n", "    rows = 3  \n\n\n    \n"),
        ("(text +\n                more), \\\n            [name", "(text + more), [name"),
    ],
)
def test_comments_docstrings_and_empty_lines_count_for_nothing(old: str, new: str) -> None:
    assert PROGRAM.count(old) == 1, old
    assert named(PROGRAM.replace(old, new)) == named(PROGRAM)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rows = 3", "rows = 4"),
        ("rows = 3", "rows = 3\n    rows = 3"),
        ("rows = 3", "rows = '3'"),
        ("rows = 3", "rows = 3\n    'no docstring where it stands'"),
        ('é="#"', 'é="# "'),
        ("!r:>{rows}", "!s:>{rows}"),
        (" # {'#'}", " #{'#'}"),
        ("# {'#'}", "# {'# '}"),
        ("kept\n\n", "kept\n"),
        ("# kept   \n", "# kept\n"),
        ('        # kept"', '        # taken"'),
        ("            text\n", "            more\n"),
        ("[name, é]", "[é, name]"),
        ("    return", "    if é: return"),
        ("async def", "def"),
        ("class Table", "class Rows"),
    ],
)
def test_everything_else_counts(old: str, new: str) -> None:
    assert PROGRAM.count(old) == 1, old
    assert named(PROGRAM.replace(old, new)) != named(PROGRAM)


def test_indentation_counts() -> None:
    inside = "if x:\n    y = 1\n    z = 2\n"
    outside = "if x:\n    y = 1\nz = 2\n"
    assert named(inside) != named(outside)
    assert named(inside) == named(inside.replace("    ", "\t"))


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_line_ends_count_for_nothing(ends: str) -> None:
    assert named(PROGRAM.replace("\n", ends)) == named(PROGRAM)


def test_the_end_of_the_file_counts_for_nothing() -> None:
    assert named("x = 1") == named("x = 1\n") == named("\ufeffx = 1\n\n\n")


def test_a_text_counts_not_how_it_is_encoded() -> None:
    latin = "# coding: latin-1\nx = 'é'\n"
    assert named(latin.encode("latin-1")) == named("x = 'é'\n")
    assert named(latin.encode("latin-1")) != named("x = 'e'\n")


WORDS = st.sampled_from(["x", "y", "1", "'#'", '"""a\n\nb"""', "f'{x} # {y!r}'", "(x,\n y)", "+"])


@given(st.lists(WORDS, min_size=1, max_size=6), st.lists(WORDS, min_size=1, max_size=6))
def test_two_programs_have_one_name_only_if_they_are_the_same(
    one: list[str], other: list[str]
) -> None:
    texts = ["x = [" + ", ".join(words).replace(", +,", " +") + "]" for words in (one, other)]
    try:
        trees = [ast.dump(ast.parse(text)) for text in texts]
    except SyntaxError:
        return
    if named(texts[0]) == named(texts[1]):
        assert trees[0] == trees[1]


def test_of_other_files_every_byte_counts() -> None:
    sheet = Path("x.mplstyle")
    assert named("a: 1  # why\n", sheet) != named("a: 1\n", sheet)
    assert named("a: 1\r\n", sheet) != named("a: 1\n", sheet)


@pytest.mark.parametrize(
    "content", [b"def f(:\n", b"x = '\0'\n", b"x = '\xff'\n", b"# coding: martian\n", b"  x = 1\n"]
)
def test_what_is_no_python_is_one_error(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^x\.py: not readable .*; allowed: a Python file"):
        named(content)
