"""Typed sections of a YAML file: dataclasses are the one statement of what a file may say.

`parse` turns plain YAML data into a dataclass and names the place of the first thing that is wrong;
`json_schema` derives from the same classes the schema under `workflow/schemas/`.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, is_dataclass
from typing import Any, TypeVar

from nagbench.errors import InputError


@dataclass(frozen=True)
class Allowed:
    """The values a field admits beyond its type, and what the field means."""

    about: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    unique: bool = False
    nonempty: bool = False

    def __str__(self) -> str:
        if self.choices:
            return "one of " + ", ".join(self.choices)
        bounds = [
            f"{word} {bound:g}"
            for word, bound in (
                ("at least", self.minimum),
                ("above", self.above),
                ("at most", self.maximum),
                ("below", self.below),
            )
            if bound is not None
        ]
        return "a number " + " and ".join(bounds) if bounds else "any value of its type"

    def admits(self, value: Any) -> bool:
        if self.choices and value not in self.choices:
            return False
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


ANY = Allowed()
T = TypeVar("T")
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def parse(kind: type[T], data: Any, place: str) -> T:
    """`data` as an instance of the dataclass `kind`, or an `InputError` that names the place."""
    return typing.cast("T", _parse(kind, data, place, ANY))


def _parse(kind: Any, data: Any, place: str, allowed: Allowed) -> Any:
    kind, allowed = _unwrap(kind, allowed)
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        if data is None:
            return None
        (kind,) = (part for part in typing.get_args(kind) if part is not type(None))
        return _parse(kind, data, place, allowed)
    if is_dataclass(kind):
        return _parse_section(kind, data, place)
    if origin is tuple:
        return _parse_list(typing.get_args(kind)[0], data, place, allowed)
    if origin is Mapping:
        if not isinstance(data, Mapping):
            raise InputError(place, f"found {_show(data)}", "a mapping of names to values")
        if allowed.nonempty and not data:
            raise InputError(place, "found nothing", "at least one entry")
        item = typing.get_args(kind)[1]
        for key in data:
            if not isinstance(key, str):
                raise InputError(place, f"found the name {key!r}", "names that are texts")
        return {key: _parse(item, value, f"{place}.{key}", ANY) for key, value in data.items()}
    if kind is Any:
        return data
    return _parse_value(kind, data, place, allowed)


def _parse_section(kind: Any, data: Any, place: str) -> Any:
    if not isinstance(data, Mapping):
        raise InputError(place, f"found {_show(data)}", "a mapping of keys to values")
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    hints = typing.get_type_hints(kind, include_extras=True)
    for key in data:
        if key not in fields:
            raise InputError(f"{place}.{key}", "unknown key", ", ".join(fields))
    values = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _parse(hints[name], data[name], f"{place}.{name}", ANY)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise InputError(f"{place}.{name}", "missing", describe(hints[name]))
    return kind(**values)


def _parse_list(item: Any, data: Any, place: str, allowed: Allowed) -> tuple[Any, ...]:
    if isinstance(data, str) or not isinstance(data, Iterable) or isinstance(data, Mapping):
        raise InputError(place, f"found {_show(data)}", "a list")
    values = tuple(_parse(item, value, f"{place}[{n}]", ANY) for n, value in enumerate(data))
    if allowed.nonempty and not values:
        raise InputError(place, "found an empty list", "at least one entry")
    if allowed.unique and len(set(values)) != len(values):
        twice = sorted({value for value in values if values.count(value) > 1})
        raise InputError(place, f"listed twice: {', '.join(map(str, twice))}", "each value once")
    return values


def _parse_value(kind: Any, data: Any, place: str, allowed: Allowed) -> Any:
    number = isinstance(data, int | float) and not isinstance(data, bool)
    if kind is float and number and math.isfinite(data):
        value: Any = float(data)
    elif kind is float and isinstance(data, str) and _is_number(data):
        value = float(data)  # YAML 1.1 reads 1e-3 (without a dot) as a text
    elif type(data) is kind:
        value = data
    else:
        raise InputError(place, f"found {_show(data)}", _words(kind, allowed))
    if not allowed.admits(value):
        raise InputError(place, f"found {_show(data)}", _words(kind, allowed))
    return value


def json_schema(kind: Any) -> dict[str, Any]:
    """The JSON schema of a file that `parse(kind, …)` accepts."""
    return _schema(kind, ANY)


def _schema(kind: Any, allowed: Allowed) -> dict[str, Any]:
    kind, allowed = _unwrap(kind, allowed)
    origin = typing.get_origin(kind)
    about = {"description": allowed.about} if allowed.about else {}
    if origin in (types.UnionType, typing.Union):
        (kind,) = (part for part in typing.get_args(kind) if part is not type(None))
        return {**about, "anyOf": [_schema(kind, allowed), {"type": "null"}]}
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        fields = [field for field in dataclasses.fields(kind) if field.init]
        required = [f.name for f in fields if f.default is MISSING and f.default_factory is MISSING]
        return {
            **about,
            "type": "object",
            "additionalProperties": False,
            **({"required": required} if required else {}),
            "properties": {field.name: _schema(hints[field.name], ANY) for field in fields},
        }
    if origin is tuple:
        schema: dict[str, Any] = {
            **about,
            "type": "array",
            "items": _schema(typing.get_args(kind)[0], ANY),
        }
        if allowed.unique:
            schema["uniqueItems"] = True
        if allowed.nonempty:
            schema["minItems"] = 1
        return schema
    if origin is Mapping:
        items = _schema(typing.get_args(kind)[1], ANY)
        nonempty = {"minProperties": 1} if allowed.nonempty else {}
        return {**about, "type": "object", "additionalProperties": items, **nonempty}
    if kind is Any:
        return dict(about)
    names = {bool: "boolean", int: "integer", float: "number", str: "string"}
    bounds = {
        "minimum": allowed.minimum,
        "maximum": allowed.maximum,
        "exclusiveMinimum": allowed.above,
        "exclusiveMaximum": allowed.below,
        "enum": list(allowed.choices) or None,
    }
    found = {key: value for key, value in bounds.items() if value is not None}
    if kind is float:  # as text, because YAML 1.1 reads 1e-3 so
        return {**about, "anyOf": [{"type": "number", **found}, {"type": "string"}]}
    return {**about, "type": names[kind], **found}


def describe(kind: Any) -> str:
    """What a field of this type takes, in words."""
    kind, allowed = _unwrap(kind, ANY)
    return _words(kind, allowed)


def _words(kind: Any, allowed: Allowed) -> str:
    if allowed.choices or kind not in _WORDS:
        return str(allowed) if allowed.choices else f"a value{_about(allowed)}"
    bounds = str(allowed).removeprefix("a number ")
    limits = f" {bounds}" if bounds != str(Allowed()) else ""
    return f"{_WORDS[kind]}{limits}{_about(allowed)}"


def _about(allowed: Allowed) -> str:
    return f" ({allowed.about})" if allowed.about else ""


def _unwrap(kind: Any, allowed: Allowed) -> tuple[Any, Allowed]:
    if typing.get_origin(kind) is typing.Annotated:
        kind, allowed = typing.get_args(kind)[:2]
    return kind, allowed


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _show(data: Any) -> str:
    text = "nothing" if data is None else repr(data)
    return text if len(text) <= 60 else text[:57] + "…"
