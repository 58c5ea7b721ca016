"""The limits of a case of damaged input are limits."""

import pytest
from limits import MEMORY, refusal


def held(mebibytes: int) -> None:
    """Hold so much for a moment."""
    assert b"x" * (mebibytes << 20)


def test_memory_is_measured_also_after_more_was_held_before() -> None:
    held(2 * MEMORY)
    refusal(lambda: held(MEMORY - 50))
    with pytest.raises(AssertionError, match="too much memory"):
        refusal(lambda: held(MEMORY + 50))
