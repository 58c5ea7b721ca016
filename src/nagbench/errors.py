"""The errors that a user of NAG-Bench meets: bad input, named with its place."""

from collections.abc import Sequence

_SHOWN = 20


class InputError(Exception):
    """Input that cannot be used: where it is, what was found there, and what is allowed."""

    def __init__(self, place: object, found: str, allowed: str) -> None:
        super().__init__(place, found, allowed)
        self.place, self.found, self.allowed = str(place), found, allowed

    def __str__(self) -> str:
        return f"{self.place}: {self.found}; allowed: {self.allowed}"


class InputErrors(InputError):  # noqa: N818 - it is several
    """Several places of one input that cannot be used; itself, it has the first one's attributes.

    Attributes:
        errors: One for each place.
    """

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__(errors[0].place, errors[0].found, errors[0].allowed)
        self.args = (tuple(errors),)  # with which it is made again when it is pickled
        self.errors = tuple(errors)

    def __str__(self) -> str:
        lines = [f"  {error}" for error in self.errors[:_SHOWN]]
        if len(self.errors) > _SHOWN:
            lines.append(f"  and {len(self.errors) - _SHOWN} more")
        return "\n".join([f"{len(self.errors)} places cannot be used:", *lines])
