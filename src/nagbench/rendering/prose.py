"""Words as prose has them."""

import re
from collections.abc import Sequence


def joined(words: Sequence[str], last: str = "and") -> str:
    """The words as an enumeration, with `last` before the last; empty without words."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def in_markdown(text: str) -> str:
    """A study's words as Markdown shows them: no element of HTML, no link, no end of a cell."""
    text = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)
    return text.replace("](", r"]\(").replace("|", r"\|")
