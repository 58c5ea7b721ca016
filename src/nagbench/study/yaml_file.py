"""YAML files as plain data: mappings from texts, lists, texts, numbers, true, false and nothing.

Part of YAML 1.1: what is taken is read as `yaml.safe_load` reads it. Refused is what could mean
something else than it seems to (a key given twice, a merge key, a date, a tag), and what would take
memory or time out of all proportion.
"""

from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.resolver import Resolver

from nagbench.errors import InputError
from nagbench.study.wording import shown

MAX_BYTES = 500_000
MAX_VALUES = 30_000  # names, values and collections, with what an alias stands for counted anew
MAX_DEPTH = 20
MAX_DIGITS = 100
_TAG = "tag:yaml.org,2002:"
_TEXT = f"{_TAG}str"
_NUMBERS = (f"{_TAG}int", f"{_TAG}float")
_UNSEEN = {"\t": "a tab", "\ufeff": "a byte order mark"}
# Scalars that are not plain data, though they are written without quotes.
_REFUSED = {
    f"{_TAG}timestamp": ("a date", "quotes around it, if a text is meant"),
    f"{_TAG}merge": ("a merge key `<<`", "the keys themselves, each written out"),
    f"{_TAG}value": ("a sign `=`", "quotes around it, if a text is meant"),
}


def read_yaml(path: Path) -> Any:
    """The content of a YAML file, or one `InputError` that names the line."""
    allowed = f"a YAML file of at most {MAX_BYTES:,} bytes"
    try:
        if not path.is_file():
            raise InputError(path, "no such file", allowed)
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", allowed) from None
    if len(content) > MAX_BYTES:
        raise InputError(path, f"more than {MAX_BYTES:,} bytes", allowed)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"not readable as YAML (byte {error.start} is not UTF-8)"
        raise InputError(path, found, "a YAML file in UTF-8") from None
    return parse_yaml(text, str(path))


def parse_yaml(text: str, place: str) -> Any:
    """The content of a YAML text; `place` is what errors call it."""
    for character, name in _UNSEEN.items():  # readers of YAML differ over them
        if character in text:
            line = text[: text.index(character)].count("\n") + 1
            raise InputError(f"{place}, line {line}", f"found {name}", "spaces")
    try:
        return _Loader(text, place).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = place if mark is None else f"{place}, line {mark.line + 1}"
        problem = ": ".join(filter(None, (error.context, error.problem)))
        raise InputError(where, f"not readable as YAML ({problem})", "a YAML mapping") from None
    except yaml.YAMLError as error:  # a character that no YAML file may hold
        problem = str(error).partition("\n")[0]
        raise InputError(place, f"not readable as YAML ({problem})", "a YAML mapping") from None


class _Loader(Composer, CParser, SafeConstructor, Resolver):
    """libyaml's events, composed here, where depth and size can be watched."""

    def __init__(self, text: str, place: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)
        self.place = place
        self.depth = self.values = 0
        self.sizes: dict[int, int] = {}  # of the nodes composed so far, by their identity

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        if getattr(event, "tag", None) is not None:
            self.refuse(event, f"the tag {shown(event.tag)}", "values without tags")
        before = self.values
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.refuse(event, "too many levels", f"at most {MAX_DEPTH} levels")
        node = super().compose_node(parent, index)
        self.depth -= 1
        if isinstance(event, yaml.AliasEvent):
            if id(node) not in self.sizes:
                self.refuse(event, f"*{event.anchor} within itself", "other values")
            self.values += self.sizes[id(node)]
        else:
            self.values += 1
            self.sizes[id(node)] = self.values - before
        if self.values > MAX_VALUES:
            self.refuse(event, "too many values", f"at most {MAX_VALUES:,}, aliases written out")
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode):
            if node.tag in _REFUSED:
                found, allowed = _REFUSED[node.tag]
                self.refuse(node, f"found {found}", allowed)
            if node.tag in _NUMBERS and len(node.value) > MAX_DIGITS:
                found = f"a number of {len(node.value):,} characters"
                self.refuse(node, found, f"at most {MAX_DIGITS}")
        try:
            return super().construct_object(node, deep)
        except ValueError:  # such as 0x_, which looks like a number and is none
            self.refuse(node, f"found {shown(node.value)}", "quotes around it, if a text is meant")

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = set()
        for key, _ in node.value:
            if key.tag in _REFUSED:
                self.refuse(key, f"found {_REFUSED[key.tag][0]}", _REFUSED[key.tag][1])
            if key.tag != _TEXT:
                found = f"found the name {key.value if key.value else 'nothing'}"
                if not isinstance(key, yaml.ScalarNode):
                    found = "found a name that is a list or a mapping"
                self.refuse(key, found, "names that are texts, in quotes if they look otherwise")
            if key.value in names:
                self.refuse(key, f"the key {shown(key.value)} is given twice", "each key once")
            names.add(key.value)
        return super().construct_mapping(node, deep)

    def refuse(self, what: Any, found: str, allowed: str) -> NoReturn:
        """Raise for a node or an event."""
        raise InputError(f"{self.place}, line {what.start_mark.line + 1}", found, allowed)
