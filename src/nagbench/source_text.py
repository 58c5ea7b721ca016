"""The text of a Python file, without what changes nothing when it is run."""

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

from nagbench.errors import InputError

_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER}
# Marks that no word of a program can be taken for.
_MARKS = {tokenize.NEWLINE: "\n", tokenize.INDENT: "\t", tokenize.DEDENT: "\b"}
Position = tuple[int, int]  # line, counted from 1, and character, counted from 0


def digest(path: Path, content: bytes) -> str:
    """Names what a file's content does, by 64 hexadecimal digits.

    Of a Python file it covers the words of the program and how they are indented, not comments,
    docstrings, empty lines, line ends, or where an expression is wrapped. It is the same for every
    Python from 3.11 on. Of any other file every byte counts.
    """
    if path.suffix == ".py":
        content = "\0".join(_words(_text(path, content), path)).encode()
    return hashlib.sha256(content).hexdigest()


def parsed(path: Path, content: bytes) -> ast.Module:
    """The syntax tree of a Python file; an `InputError` if it has none."""
    return _tree(path, _text(path, content))


def _text(path: Path, content: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _tree(path: Path, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:  # a null byte is the latter
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(path, f"not readable ({error})", "a Python file")


def _words(text: str, path: Path) -> Iterator[str]:
    """The tokens of a program in their order.

    Since Python 3.12 what is inside of an f-string are tokens of their own; here all of it is one,
    as it was before.
    """
    lines = text.split("\n")
    docstrings = _docstrings(_tree(path, text), lines)
    left_out = (0, 0)  # up to where
    after_docstring = False
    begins: list[Position] = []  # of the f-strings around a token
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        left_out = docstrings.get(token.start, left_out)
        if kind.endswith("STRING_START"):
            begins.append(token.start)
        elif kind.endswith("STRING_END"):
            begin = begins.pop()
            if not begins:
                yield _between(lines, begin, token.end)
        elif begins or token.type in _SKIPPED:
            continue
        elif token.start < left_out:
            after_docstring = True
            continue
        elif not (after_docstring and token.type == tokenize.NEWLINE):
            yield _MARKS.get(token.type, token.string)
        after_docstring = False


def _docstrings(tree: ast.Module, lines: list[str]) -> dict[Position, Position]:
    """Where each ends, by where it begins."""
    found = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        text = first.value if isinstance(first, ast.Expr) else None
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            start = _position(lines, text.lineno, text.col_offset)
            found[start] = _position(lines, text.end_lineno or 0, text.end_col_offset or 0)
    return found


def _position(lines: list[str], line: int, byte: int) -> Position:
    """A syntax tree counts bytes, tokens count characters."""
    return line, len(lines[line - 1].encode()[:byte].decode())


def _between(lines: list[str], start: Position, end: Position) -> str:
    (first, begin), (last, stop) = start, end
    if first == last:
        return lines[first - 1][begin:stop]
    return "\n".join([lines[first - 1][begin:], *lines[first : last - 1], lines[last - 1][:stop]])
