"""Arrays of bytes come out of their pickles as numpy reads them, and nothing else does."""

import pickle
import re

import numpy as np
import pytest

from nagbench.data import pickles

BYTES = np.random.default_rng(0).integers(0, 256, (4, 6), dtype=np.uint8)
# As Python 2 wrote the official archive: text is bytes, and so is what an array holds.
PYTHON_2 = (
    b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04"
    b"K\x00\x85U\x01b\x87Rq\x05(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07"
    b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x06\x00\x01\x7f\x80\xfe\xfftb"
    b"U\x06labelsq\x08]q\x09(K\x06K\x09eu."
)


@pytest.mark.parametrize("protocol", range(5))
@pytest.mark.parametrize("array", [BYTES, np.asfortranarray(BYTES)], ids=["C", "F"])
def test_an_array_of_bytes_is_read_as_by_numpy(array: np.ndarray, protocol: int) -> None:
    found = pickles.load(pickle.dumps({b"data": array, b"labels": [1, 2]}, protocol=protocol))
    np.testing.assert_array_equal(found[b"data"].bytes(), array, strict=True)
    assert found[b"labels"] == [1, 2]


def test_a_batch_that_python_2_wrote_is_read() -> None:
    found = pickles.load(PYTHON_2)
    expected = pickle.loads(PYTHON_2, encoding="bytes")
    np.testing.assert_array_equal(found[b"data"].bytes(), expected[b"data"], strict=True)
    assert found[b"data"].bytes().tolist() == [[0, 1, 127], [128, 254, 255]]
    assert found[b"labels"] == [6, 9]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(BYTES.astype(float)), "an array of 'f8'"),
        (pickle.dumps(np.array(["a"], object)), "an array of 'O8'"),
        (pickle.dumps(np.float64), "asks for numpy.float64"),
        (pickle.dumps(print), "asks for builtins.print"),
        (pickle.dumps(pickles.Pickled), "asks for nagbench.data.pickles.Pickled"),
    ],
)
def test_all_else_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(pickle.UnpicklingError, match=re.escape(message)):
        pickles.load(content)


def test_what_an_array_says_of_its_type_reaches_no_library() -> None:
    """Fields that are damaged have let numpy end the process."""
    body = b"cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\ntI7\nI-1\nI-1\nI0\ntb."
    assert isinstance(pickles.load(body), pickles._Entries)


@pytest.mark.parametrize(
    "state", [(1, (1,), "u1", False, b"x"), (1, (1,), pickles._Entries("u1"), 0, "x")]
)
def test_an_array_without_a_type_or_bytes_is_refused(state: object) -> None:
    array = pickles.Pickled()
    array.__setstate__(state)
    with pytest.raises(pickle.UnpicklingError, match="not one of bytes"):
        array.bytes()
