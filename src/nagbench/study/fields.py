"""The kinds of fields that a file's sections have: what each admits, and what it is about.

On pydantic, which nothing else imports. Values are taken strictly: no text is a number but one that
YAML 1.1 fails to read as such (`1e-3`), no number is true or false, and 1.0 is no whole number.
"""

import contextlib
import functools
import math
import re
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from nagbench.study.wording import LINE, NUMBER, Problem, problems, shown

_LONGEST = 500  # characters of a line


class Section(BaseModel):
    """A mapping with certain keys; others are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class File(Section):
    """A whole file."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _keep(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """Put a field that is valid, or those of its named entries that are, into the context.

        So what is right can be checked further, whatever is wrong elsewhere.
        """
        kept, name = cast("dict[str, Any]", info.context), str(info.field_name)
        try:
            kept[name] = handler(value)
        except ValidationError as error:
            wrong = {entry["loc"][0] for entry in error.errors() if entry["loc"]}
            named = any(isinstance(kind, Names) for kind in cls.model_fields[name].metadata)
            if named and wrong:
                rest = {key: entry for key, entry in value.items() if key not in wrong}
                with contextlib.suppress(ValidationError):  # too few are left
                    kept[name] = handler(rest)
            raise
        return kept[name]


def check(kind: type[File], data: Any) -> tuple[dict[str, Any], list[Problem]]:
    """The fields of a file that are valid, defaults among them, and what is wrong with the others.

    Args:
        kind: The file's model.
        data: Its content as `yaml_file` reads it.
    """
    kept: dict[str, Any] = {}
    try:
        return dict(kind.model_validate(data, context=kept)), []
    except ValidationError as error:
        return kept, problems(error.errors(include_url=False), json_schema(kind))


@functools.cache
def json_schema(kind: type[File]) -> JsonSchemaValue:
    """The JSON schema (draft 2020-12) of such a file."""
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **kind.model_json_schema(schema_generator=_Schema),
    }


class _Schema(GenerateJsonSchema):
    """Without titles that repeat names, and without defaults that say nothing."""

    def field_title_should_be_set(self, _: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if (key, value) != ("default", None)}


@dataclass(frozen=True)
class About:
    """What a field is about; the kinds below also say what it admits."""

    about: str = ""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), **({"description": self.about} if self.about else {})}


@dataclass(frozen=True, kw_only=True)
class Whole(About):
    """A whole number."""

    least: int
    most: int

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.int_schema(ge=self.least, le=self.most, strict=True)


@dataclass(frozen=True, kw_only=True)
class Real(About):
    """A finite number."""

    least: float | None = None
    above: float | None = None
    below: float | None = None

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            _number,
            core_schema.float_schema(
                ge=self.least, gt=self.above, lt=self.below, allow_inf_nan=False, strict=True
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        about = {"description": self.about} if self.about else {}
        return {**about, "anyOf": [handler(schema), {"type": "string", "pattern": NUMBER}]}


@dataclass(frozen=True, kw_only=True)
class Text(About):
    """A text of some form, one of those that `wording` knows."""

    pattern: str = LINE
    least: int | None = None
    most: int | None = _LONGEST

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema(
            pattern=self.pattern, min_length=self.least, max_length=self.most, strict=True
        )


@dataclass(frozen=True, kw_only=True)
class OneOf(About):
    """One of several texts."""

    choices: tuple[str, ...]

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(self.choices))


@dataclass(frozen=True, kw_only=True)
class Entries(About):
    """A list as a tuple, with each value once."""

    least: int = 1
    most: int

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        made = core_schema.no_info_after_validator_function(self._counted, handler(source))
        return core_schema.no_info_before_validator_function(_as_tuple, made)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        bounds = {"minItems": self.least, "maxItems": self.most, "uniqueItems": True}
        return {**super().__get_pydantic_json_schema__(schema, handler), **bounds}

    def _counted(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        twice = sorted(value for value, times in Counter(values).items() if times > 1)
        if twice:
            found = f"listed twice: {', '.join(map(str, twice[:5]))}"
            raise _wrong(found + (", …" if len(twice) > 5 else ""), "each value once")
        _check_count(len(values), self.least, self.most)
        return values


@dataclass(frozen=True, kw_only=True)
class Names(About):
    """A mapping to values from names, which are a `Text` of some pattern."""

    least: int = 1
    most: int

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._counted, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        bounds = {"minProperties": self.least, "maxProperties": self.most}
        made = super().__get_pydantic_json_schema__(schema, handler)
        return {**made, **bounds, "additionalProperties": False}

    def _counted(self, values: dict[str, Any]) -> dict[str, Any]:
        _check_count(len(values), self.least, self.most)
        return values


@dataclass(frozen=True)
class Setting:
    """A keyword argument of an optimizer's class: a number, a text, a flag, numbers, or nothing."""

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_setting)

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "anyOf": [
                {"type": ["number", "boolean", "null"]},
                {"type": "string", "pattern": LINE, "maxLength": _LONGEST},
                {"type": "array", "items": {"type": ["number", "string"]}, "minItems": 1},
            ]
        }


@dataclass(frozen=True)
class Made:
    """The dataclass that the field is annotated with, made from a section with the same fields."""

    section: type[Section]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def made(section: Section) -> Any:
            return source(**dict(section))

        inner = handler.generate_schema(self.section)
        return core_schema.no_info_after_validator_function(made, inner)


def _number(value: Any) -> Any:
    """A text that is a finite number as that number; YAML 1.1 reads `1e-3` as a text."""
    if isinstance(value, str) and re.fullmatch(NUMBER, value) and math.isfinite(float(value)):
        return float(value)
    return value


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _setting(value: Any) -> Any:
    """The value with texts that are numbers as numbers."""
    taken = [_number(entry) for entry in value] if isinstance(value, list) else _number(value)
    if isinstance(taken, list):
        good = bool(taken) and all(map(_is_number, taken))
    elif isinstance(taken, str):
        good = bool(re.fullmatch(LINE, taken)) and len(taken) <= _LONGEST
    else:
        good = taken is None or isinstance(taken, bool) or _is_number(taken)
    if not good:
        allowed = "a number, true or false, a text in one line, nothing, or a list of numbers"
        raise _wrong(f"found {shown(value)}", allowed)
    return taken


def _is_number(value: Any) -> bool:
    """Whether it is a number that a float can hold."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -sys.float_info.max <= value <= sys.float_info.max


def _check_count(count: int, least: int, most: int) -> None:
    """Refuse too few or too many entries."""
    if not least <= count <= most:
        found = f"found {count:,} {'entry' if count == 1 else 'entries'}"
        raise _wrong(found, f"{least:,} to {most:,} entries")


def _wrong(found: str, allowed: str) -> PydanticCustomError:
    """An error with words of its own."""
    return PydanticCustomError("input", "{found}", {"found": found, "allowed": allowed})
