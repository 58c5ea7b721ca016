"""The optimizer that is compared: its name, and its entry of a study's file."""

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nagbench.comparing.names import newcomer_name
from nagbench.engine import build
from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.runner.many_processes import comes_from_outside
from nagbench.runner.references import apart
from nagbench.study.yaml_file import parse_yaml, read_yaml

# Where nothing is said, the rate is searched over this factor to either side of its default.
AROUND = 30.0
_WORD = re.compile(r"[A-Za-z_]\w*")
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


@dataclass(frozen=True)
class Newcomer:
    """What is compared.

    Attributes:
        name: Its key among a study's optimizers.
        entry: What stands under that key.
        label: What it is called in print.
    """

    name: str
    entry: Mapping[str, Any]
    label: str


def newcomer(
    reference: str,
    name: str | None,
    label: str | None,
    settings: Sequence[str],
    space: Sequence[str],
    entry: Path | None,
    untuned: bool,
) -> Newcomer:
    """The newcomer as a command line tells of it.

    Args:
        reference: A row of the catalogue, or `module:Class`, `file.py:Class`, or a function.
        name, label: Of it; made of the class's name where None.
        settings: Texts `NAME=VALUE` that differ from the class's defaults.
        space: Texts `NAME=LOW:HIGH` or `NAME=LOW:HIGH:SCALE` that tuning searches. Where there are
            none the rate is searched round its default.
        entry: A file with the whole entry, as a study has it, in place of settings and space.
        untuned: Nothing is searched.
    """
    if entry is not None and (settings or space or untuned):
        raise InputError("--entry", "found beside --settings, --space or --untuned", "it alone")
    called = reference.rpartition(":")[2]
    made: dict[str, Any] = {"label": label or called}
    made |= {"based_on" if reference in CATALOGUE else "reference": reference}
    if entry is not None:
        content = read_yaml(entry)
        if not isinstance(content, dict):
            raise InputError(entry, "no mapping", "the entry of an optimizer, as a study has it")
        made |= content
        made["label"] = label or made["label"]
    else:
        given = dict(_given("--settings", text) for text in settings)
        searched = dict(_searched(text) for text in space)
        if reference in CATALOGUE:
            made |= {"settings": given} if given else {}
        else:
            outside = comes_from_outside(reference)
            known = apart([reference], defaults, reference) if outside else defaults(reference)
            named = {"lr"}.union(*(_WORD.findall(coordinate) for coordinate in searched))
            made["settings"] = {name: known[name] for name in known if name in named} | given
        if untuned:
            made["space"] = {}
        elif searched or reference not in CATALOGUE:
            made["space"] = searched or _around(reference, made["settings"])
    return Newcomer(name or newcomer_name(reference), made, made["label"])


def _given(option: str, text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InputError(option, f"found {text!r}", "NAME=VALUE, as lr=0.1")
    # YAML takes 1e-3, without a point, for a text.
    return name, float(value) if _NUMBER.fullmatch(value) else parse_yaml(value, option)


def _searched(text: str) -> tuple[str, dict[str, Any]]:
    name, _, interval = text.partition("=")
    ends = interval.split(":")
    try:
        low, high = float(ends[0]), float(ends[1])
    except (ValueError, IndexError):
        allowed = "NAME=LOW:HIGH or NAME=LOW:HIGH:SCALE, as lr=0.001:1:log"
        raise InputError("--space", f"found {text!r}", allowed) from None
    scale = {"scale": ends[2]} if len(ends) > 2 else {}
    return name, {"low": low, "high": high, **scale}


def defaults(reference: str) -> dict[str, Any]:
    """The defaults of a class or function that are numbers, or pairs of such."""
    place = f"optimizer {reference}"
    try:
        parameters = inspect.signature(build.named(reference, place)).parameters
    except (TypeError, ValueError) as error:
        allowed = "a class or function with arguments that Python knows"
        raise InputError(place, f"nothing that makes one ({error})", allowed) from None
    found = {name: parameter.default for name, parameter in parameters.items()}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if all(map(_is_number, value if isinstance(value, tuple) else [value]))
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _around(reference: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    rate = settings.get("lr")
    if not (isinstance(rate, int | float) and rate > 0):
        allowed = "--space NAME=LOW:HIGH (what tuning searches), or --untuned"
        raise InputError(f"optimizer {reference}", "no default of a setting `lr` above 0", allowed)
    low, high = (float(f"{end:.3g}") for end in (rate / AROUND, rate * AROUND))
    return {"lr": {"low": low, "high": high}}
