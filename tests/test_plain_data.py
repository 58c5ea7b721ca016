"""Dataclasses from JSON: what is of the declared types is taken, all else is named."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from nagbench.plain_data import made


@dataclass(frozen=True)
class Inner:
    border: str
    near: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outer:
    count: int
    share: float
    own: bool
    inner: tuple[Inner, ...]
    settings: Mapping[str, Any]
    perhaps: Inner | None = None


WHOLE = Outer(1, 0.5, True, (Inner("a", (1, 2)), Inner("b")), {"lr": [1, "x", None]}, Inner("c"))
WORDS: dict[str, Any] = json.loads(json.dumps(asdict(WHOLE)))


def test_what_was_written_is_made_again() -> None:
    assert made(Outer, WORDS) == WHOLE
    assert made(Outer, {**WORDS, "perhaps": None}).perhaps is None
    assert repr(made(Outer, {**WORDS, "share": 1}).share) == "1"  # written as it was read


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({**WORDS, "count": True}, "Outer.count is True"),
        ({**WORDS, "count": 1.0}, "Outer.count is 1.0"),
        ({**WORDS, "own": 1}, "Outer.own is 1"),
        ({**WORDS, "share": "0.5"}, "Outer.share is '0.5'"),
        ({**WORDS, "share": 10**400}, "Outer.share is 1000"),
        ({**WORDS, "settings": []}, "Outer.settings is []"),
        ({**WORDS, "perhaps": 3}, "Outer.perhaps is 3"),
        ({**WORDS, "inner": None}, "Outer.inner is None"),
        ({**WORDS, "inner": [{"border": "a"}, {"border": None}]}, "Outer.inner[1].border is None"),
        ({**WORDS, "inner": [{"border": "a", "near": [1, "x"]}]}, "Outer.inner[0].near[1] is 'x'"),
        ({**WORDS, "inner": [{}]}, "missing 1 required"),
        ({**WORDS, "more": 1, "most": 1}, "Outer has more, most"),
        ([], "Outer is []"),
    ],
)
def test_what_is_not_as_declared_is_named(words: Any, said: str) -> None:
    with pytest.raises(TypeError, match=re.escape(said)):
        made(Outer, words)
