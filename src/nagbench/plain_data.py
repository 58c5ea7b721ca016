"""Dataclasses from plain data, as JSON brings it, with every value of the type that is declared."""

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, Union

Kind = TypeVar("Kind")
LARGEST = 10**300  # of the whole numbers that stand for a float


def made(kind: type[Kind], words: Any) -> Kind:
    """The dataclass `kind` of these words; a `TypeError` names the field that is not as declared.

    Lists become tuples where these are declared, and mappings the dataclasses that are. A whole
    number stands for a float and stays whole, so that what is made is written as it was read.
    """
    found: Kind = _taken(kind, words, kind.__name__)
    return found


@functools.cache
def _declared(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _taken(kind: Any, value: Any, place: str) -> Any:
    """The value as the type `kind`."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType) and value is None:
        return None
    if origin in (Union, types.UnionType):
        (kind,) = (one for one in inner if one is not types.NoneType)
        return _taken(kind, value, place)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and isinstance(value, dict):
        declared = _declared(kind)
        if unknown := value.keys() - declared.keys():
            raise TypeError(f"{place} has {', '.join(sorted(unknown))}")
        taken = {key: _taken(declared[key], one, f"{place}.{key}") for key, one in value.items()}
        return kind(**taken)
    if origin is tuple and isinstance(value, list):
        return tuple(_taken(inner[0], one, f"{place}[{n}]") for n, one in enumerate(value))
    if origin is Mapping and isinstance(value, dict):
        return {key: _taken(inner[1], one, f"{place}.{key}") for key, one in value.items()}
    if type(value) is kind or (kind is float and type(value) is int and -LARGEST < value < LARGEST):
        return value
    raise TypeError(f"{place} is {repr(value)[:40]}")
