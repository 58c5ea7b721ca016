"""Text for LaTeX."""

import re
import unicodedata

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "×": r"\(\times\)",
    "−": r"\(-\)",
    "–": "--",
    "≥": r"\(\ge\)",
    "≤": r"\(\le\)",
    "±": r"\(\pm\)",
    "µ": r"\(\mu\)",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
# What pdflatex sets as it stands: the Latin letters of Europe, and signs of punctuation.
_LATIN = {"\n", *map(chr, range(0x20, 0x7F)), *map(chr, range(0xA0, 0x180))} - {*"ĦħĸĿŀŉŦŧſ"}
_SET = set("—‘’“”„…•€")
_GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER (\w+)")
# Of which LaTeX has a command; other capitals look like Latin letters.
_CAPITALS = [
    "GAMMA",
    "DELTA",
    "THETA",
    "LAMDA",
    "XI",
    "PI",
    "SIGMA",
    "UPSILON",
    "PHI",
    "PSI",
    "OMEGA",
]
_SMALL = [
    *_CAPITALS,
    *["ALPHA", "BETA", "EPSILON", "ZETA", "ETA", "IOTA", "KAPPA", "MU", "NU", "RHO", "TAU", "CHI"],
]


def escape(text: str) -> str:
    """`text` as LaTeX prints it literally; a space before % does not break."""
    return re.sub(r" \\%", r"\\,\\%", "".join(map(_printed, text)))


def _printed(character: str) -> str:
    """A character; what pdflatex has no letter for is named by its number, as [U+1F680]."""
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character in _LATIN or character in _SET:
        return character
    if greek := _GREEK.fullmatch(unicodedata.name(character, "")):
        case, name = greek.groups()
        if name in (_SMALL if case == "SMALL" else _CAPITALS):
            command = name.replace("LAMDA", "LAMBDA").capitalize()
            return rf"\(\{command.lower() if case == 'SMALL' else command}\)"
    return f"[U+{ord(character):04X}]"
