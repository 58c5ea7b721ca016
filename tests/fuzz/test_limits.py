"""The limits of a case of damaged input are limits."""

from multiprocessing import get_context

from limits import MEMORY, refusal


def held(mebibytes: int) -> None:
    """Hold so much for a moment."""
    assert b"x" * (mebibytes << 20)


def said() -> list[str]:
    """What the limit says of a little less and of a little more, after much was held."""
    held(2 * MEMORY)
    found = []
    for mebibytes in (MEMORY - 50, MEMORY + 50):
        try:
            found.append(refusal(lambda size=mebibytes: held(size)))
        except AssertionError as error:
            found.append(str(error).partition("\n")[0])
    return found


def test_memory_is_measured_also_after_more_was_held_before() -> None:
    """In a new process: in one that ran other tests garbage may go meanwhile, and then less seems
    to be taken."""
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(said) == ["", "it took too much memory"]
