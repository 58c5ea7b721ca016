"""What was found in a file and what is allowed there, in words.

What is allowed is read off the file's JSON schema, so that messages and schema say the same.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from nagbench.errors import InputError, InputErrors
from nagbench.optimizers.search_space import COORDINATE

Place = tuple[str | int, ...]  # keys, and numbers of list items
Problem = tuple[Place, str, str]  # where, what was found, what is allowed
Schema = Mapping[str, Any]

# What the pattern of a text means; the schema has the pattern, a message the words.
LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"
NAME = r"^[a-z0-9][a-z0-9_]{0,63}$"
IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
ARGUMENT = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
REFERENCE = (
    r"^([A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*|[^:\x00-\x1f\x7f-\x9f]+\.py)"
    r":[A-Za-z_][A-Za-z0-9_]*$"
)
NUMBER = r"^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$"
_PATTERNS = {
    LINE: "a text in one line",
    TEXT: "a text",
    NAME: "lower-case letters, digits and _, up to 64",
    IDENTIFIER: "letters, digits, _ and -, up to 64",
    ARGUMENT: "a keyword argument's name",
    COORDINATE: "a setting, an entry of one (betas[0]), or lr/(1-momentum)",
    REFERENCE: "`module:Class` or `file.py:Class`",
}
_WIDTH = 60  # characters of a value that are shown
_MANY = 100  # names: so many are listed, and among so many a similar one is looked for


def refuse(place: str, problems: Iterable[Problem]) -> None:
    """Raise all problems of the file called `place` as one error, in the order of their places."""
    ordered = sorted(problems, key=lambda problem: _order(problem[0]))
    errors = [InputError(place + _path(where), *words) for where, *words in ordered]
    if errors:
        raise InputErrors(errors) if len(errors) > 1 else errors[0]


def problems(found: Sequence[Mapping[str, Any]], schema: Schema) -> list[Problem]:
    """What pydantic's `errors()` lists, in words.

    Args:
        found: Each with `type`, `loc` (a place) and `input`, and perhaps words of our own in `ctx`.
        schema: The file's JSON schema.
    """
    return [_problem(error, schema) for error in found]


def shown(value: Any) -> str:
    """A value in a line, as it was written; a collection by its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return f"a mapping of {len(value)}"
    if isinstance(value, int) and abs(value) >= 10**_WIDTH:
        return f"a number of more than {_WIDTH} digits"
    text = repr(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def perhaps(word: object, known: Collection[str]) -> str:
    """A question for the known word that `word` is likely to stand for, or nothing."""
    if not isinstance(word, str) or len(word) > _WIDTH or len(known) > _MANY:
        return ""
    near = difflib.get_close_matches(word, list(known), 1)
    return f" (is {near[0]} meant?)" if near else ""


def listed(known: Iterable[str]) -> str:
    """Names that are allowed, in an order that does not depend on the file's."""
    ordered = sorted(known)
    more = f", and {len(ordered) - _MANY} more" if len(ordered) > _MANY else ""
    return ", ".join(ordered[:_MANY]) + more or "none"


def _order(where: Place) -> list[tuple[bool, int, str]]:
    """By the names of keys, not by their order in the file; list items by their number."""
    return [(True, step, "") if isinstance(step, int) else (False, 0, str(step)) for step in where]


def _path(where: Place) -> str:
    """As `.workloads.tiny.targets[1]`."""
    steps = []
    for step in where:
        if isinstance(step, int):
            steps.append(f"[{step}]")
        else:
            steps.append("." + (step if re.fullmatch(r"[\w-]{1,64}", step) else shown(step)))
    return "".join(steps)


def _problem(error: Mapping[str, Any], schema: Schema) -> Problem:
    where, own = tuple(error["loc"]), error.get("ctx", {})
    if "allowed" in own:
        return where, own["found"], own["allowed"]
    if error["type"] in ("extra_forbidden", "invalid_key"):
        known = list(_at(schema, where[:-1])["properties"])
        return where, f"unknown key{perhaps(where[-1], known)}", ", ".join(known)
    if len(where) > 1 and where[-1] == "[key]" and where[-2] == error["input"]:
        mapping = _at(schema, where[:-2])  # the error is of a name, not of what it names
        if "patternProperties" in mapping:
            (pattern,) = mapping["patternProperties"]
            return where[:-1], "unusable name", _PATTERNS[pattern]
    part = _at(schema, where)
    if error["type"] == "missing":
        return where, "missing", _allowed(part)
    value = error["input"]
    near = perhaps(value, part.get("enum", ()))
    return where, f"found {shown(value)}{near}", _allowed(part)


def _at(schema: Schema, where: Place) -> Schema:
    """What the schema says of a place, with what stands around it resolved."""
    part = _resolved(schema, schema)
    for step in where:
        if isinstance(step, int) and "items" in part:
            inner = part["items"]
        elif step in part.get("properties", {}):
            inner = part["properties"][step]
        elif "patternProperties" in part:
            (inner,) = part["patternProperties"].values()
        else:  # within a value of many kinds, which is described as a whole
            return part
        part = _resolved(inner, schema)
    return part


def _resolved(part: Schema, schema: Schema) -> dict[str, Any]:
    """The part itself where it refers to another, or allows nothing (`null`) beside it."""
    options = part.get("anyOf", ())
    if "$ref" in part:
        inner = schema["$defs"][part["$ref"].removeprefix("#/$defs/")]
    elif {"type": "null"} in options:
        inner = {**options[0], "nullable": True}
    else:
        return dict(part)
    rest = {key: value for key, value in part.items() if key not in ("$ref", "anyOf")}
    return {**_resolved(inner, schema), **rest}


def _allowed(part: Schema) -> str:
    """What a part of the schema admits, and what it is about."""
    about = ""
    if "description" in part and "properties" not in part:
        about = f" ({part['description']})"
    return f"{_kind(part)}{about}{', or nothing' if part.get('nullable') else ''}"


def _kind(part: Schema) -> str:
    if "enum" in part:
        return "one of " + ", ".join(part["enum"])
    if "anyOf" in part:  # a number, or the text as which YAML reads it
        return _kind(part["anyOf"][0])
    kinds = {
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
        "string": _PATTERNS.get(part.get("pattern", ""), "a text"),
        "array": "a list",
        "object": "a mapping of names to values",
    }
    if "properties" in part:
        return "a mapping with the keys " + ", ".join(part["properties"])
    return kinds[part["type"]] + _bounds(part)


def _bounds(part: Schema) -> str:
    """The least and the most that a number may be, or that a text or a collection may hold."""
    units = {"imum": "", "Length": " characters", "Items": " entries", "Properties": " names"}
    for name, unit in units.items():
        bounds = [
            f"{word} {part[bound]:,}"
            for bound, word in ((f"min{name}", "at least"), (f"max{name}", "at most"))
            if bound in part
        ]
        if bounds:
            more = ", each once" if part.get("uniqueItems") else ""
            return f" of {' and '.join([*bounds, *_open(part)])}{unit}{more}"
    return f" {' and '.join(_open(part))}".rstrip()


def _open(part: Schema) -> list[str]:
    """Bounds that are not admitted themselves."""
    words = (("exclusiveMinimum", "above"), ("exclusiveMaximum", "below"))
    return [f"{word} {part[bound]:g}" for bound, word in words if bound in part]


def no_such(place: Place, name: str, known: Collection[str]) -> Problem:
    """A name that is none of those known."""
    return place, f"found {shown(name)}{perhaps(name, known)}", f"one of {listed(known)}"
