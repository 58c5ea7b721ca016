"""Valid examples, damaged at random: plain data, texts and bytes, for whatever reads them."""

import copy
from typing import Any

from hypothesis import strategies as st

# What pydantic calls a name's place, and what has meant something else to some reader.
ODD_TEXTS = (
    "[key]",
    "",
    " ",
    "x",
    "nan",
    "1e-3",
    "../x",
    "a b",
    "$(x)",
    "<b>",
    "\0",
    "\x1b[1m",
    "😀",
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 40)
    | st.integers()
    | st.sampled_from([2**31, 2**63 - 1, 2**64, 10**12, -(10**12), 10**400])
    | st.floats()
    | st.sampled_from([0.0, -0.0, 5e-324, 1e308, 0.1])
    | st.text(max_size=8)
    | st.sampled_from(ODD_TEXTS)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every collection in the data with every key or index of it."""
    keys = list(data) if isinstance(data, dict) else list(range(len(data)))
    inner = [data[key] for key in keys if isinstance(data[key], dict | list)]
    return [(data, key) for key in keys] + [pair for part in inner for pair in places(part)]


def words(data: Any) -> set[str]:
    """All names and texts in the data."""
    if isinstance(data, dict):
        return set(data).union(*map(words, data.values()))
    if isinstance(data, list):
        return set().union(*map(words, data))
    return {data} if isinstance(data, str) else set()


@st.composite
def damaged(draw: st.DrawFn, example: Any, most: int = 4) -> Any:
    """The example with entries changed, removed, added or moved."""
    data, known = copy.deepcopy(example), sorted(words(example))
    values = VALUES | st.sampled_from(known) if known else VALUES
    for _ in range(draw(st.integers(1, most))):
        if not (found := places(data)):
            break
        where, key = draw(st.sampled_from(found))
        change = draw(st.sampled_from(["set", "set", "remove", "add", "move"]))
        if change == "remove" and len(found) > 1:
            del where[key]
        elif change == "add" and isinstance(where, dict):
            where[draw(st.text(max_size=8) | st.sampled_from([*known, *ODD_TEXTS]))] = draw(values)
        elif change == "add":
            where.insert(key, draw(values))
        elif change == "move":
            other, index = draw(st.sampled_from(found))
            where[key] = copy.deepcopy(other[index])
        else:
            where[key] = draw(values)
    return data


@st.composite
def damaged_text(draw: st.DrawFn, example: str, pieces: tuple[str, ...], most: int = 4) -> str:
    """The example with pieces put in, and stretches removed, doubled, moved or repeated often."""
    text = example
    for _ in range(draw(st.integers(1, most))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        end = min(end, start + draw(st.integers(0, 40)))
        change = draw(st.sampled_from(["put", "put", "remove", "double", "move", "often"]))
        if change == "put":
            piece = draw(st.sampled_from(pieces) | st.text(max_size=4))
            text = text[:start] + piece + text[start:]
        elif change == "remove":
            text = text[:start] + text[end:]
        elif change == "double":
            text = text[:end] + text[start:]
        elif change == "often":
            piece = draw(st.sampled_from(pieces))
            text = text[:start] + piece * draw(st.sampled_from([10, 1_000, 20_000])) + text[start:]
        else:
            place = draw(st.integers(0, len(text)))
            text = text[:place] + text[start:end] + text[place:]
    return text


@st.composite
def damaged_bytes(draw: st.DrawFn, example: bytes, most: int = 4) -> bytes:
    """The example with bytes changed, put in or removed, or cut off."""
    content = bytearray(example)
    for _ in range(draw(st.integers(1, most))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        change = draw(st.sampled_from(["set", "set", "put", "remove", "cut"]))
        if change == "set" and content:
            content[place] = draw(st.integers(0, 255))
        elif change == "put":
            content[place:place] = draw(st.binary(max_size=8))
        elif change == "remove":
            del content[place : place + draw(st.integers(1, 16))]
        elif change == "cut":
            del content[place:]
    return bytes(content)
