"""The one error that a user of NAG-Bench meets: bad input, named with its place."""


class InputError(Exception):
    """Input that cannot be used: where it is, what was found there, and what is allowed."""

    def __init__(self, place: object, found: str, allowed: str) -> None:
        super().__init__(place, found, allowed)
        self.place, self.found, self.allowed = str(place), found, allowed

    def __str__(self) -> str:
        return f"{self.place}: {self.found}; allowed: {self.allowed}"
