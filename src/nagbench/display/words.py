"""Times and counts as a reader takes them in."""


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
