"""Times, counts and errors as a reader takes them in."""

import unicodedata

_LONGEST = 2_000  # characters of a line


def clock(seconds: float) -> str:
    """Seconds as a clock shows them: `0:12`, `3:04:05`."""
    whole = round(seconds)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def lasting(seconds: float) -> str:
    """A duration that is known roughly: `2.9 minutes`, `40 hours`."""
    units = (("day", 24 * 3600), ("hour", 3600), ("minute", 60))
    noun, size = next((unit for unit in units if seconds >= 2 * unit[1]), ("second", 1))
    return count(float(f"{seconds / size:.2g}"), noun)


def count(number: float, noun: str) -> str:
    """A number of things."""
    return f"{number:,g} {noun}{'' if number == 1 else 's'}"


def cut(text: str, width: int) -> str:
    """The text, or as much of it as fits."""
    return text if len(text) <= width else text[: width - 1] + "…"


def harmless(text: str) -> str:
    """Lines of a readable length, without characters that would command a terminal."""
    lines = (cut(line, _LONGEST) for line in text.split("\n"))
    return "\n".join("".join(map(_harmless, line)) for line in lines)


def _harmless(character: str) -> str:
    unseen = unicodedata.category(character) in ("Cc", "Cf", "Cs")
    return character.encode("unicode_escape").decode() if unseen else character
