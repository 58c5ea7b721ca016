"""Words as prose has them."""

from collections.abc import Sequence


def joined(words: Sequence[str], last: str = "and") -> str:
    """The words as an enumeration, with `last` before the last; empty without words."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
