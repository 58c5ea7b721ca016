"""Text for LaTeX."""

import re

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "×": r"\(\times\)",
    "−": r"\(-\)",
    "–": "--",
    "≥": r"\(\ge\)",
    "±": r"\(\pm\)",
    "γ": r"\(\gamma\)",
    "η": r"\(\eta\)",
    "µ": r"\(\mu\)",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def escape(text: str) -> str:
    """`text` as LaTeX prints it literally; a space before % does not break."""
    found = "".join(_SPECIAL.get(character, character) for character in text)
    return re.sub(r" \\%", r"\\,\\%", found)
