"""How long things take, in words."""

import pytest

from nagbench.display.words import harmless, lasting


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.04 seconds"),
        (1, "1 second"),
        (41.7, "42 seconds"),
        (119, "120 seconds"),
        (120, "2 minutes"),
        (176.4, "2.9 minutes"),
        (7_199, "120 minutes"),
        (7_200, "2 hours"),
        (40 * 3600, "40 hours"),
        (48 * 3600, "2 days"),
        (70_437 * 3600, "2,900 days"),
    ],
)
def test_a_duration_has_two_digits_in_a_unit_that_a_reader_knows(seconds: float, said: str) -> None:
    assert lasting(seconds) == said


def test_an_error_commands_no_terminal_and_has_an_end() -> None:
    assert harmless("a\x1b[31m\tb\u202ec\ud800\nd – é 😀") == (
        "a\\x1b[31m\\tb\\u202ec\\ud800\nd – é 😀"
    )
    assert len(harmless("x" * 10_000)) == 2_000
