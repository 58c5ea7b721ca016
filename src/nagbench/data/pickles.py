"""Pickles of bytes in arrays and plain containers, read without trust in what they say.

Neither numpy nor the unpickler in C reads them: a type with damaged fields makes the one end the
process, and a number for a remembered object makes the other take memory for as many.
"""

import io
import pickle
from typing import Any, ClassVar

import numpy as np


def load(content: bytes) -> Any:
    """What was pickled, text of Python 2 as bytes; in place of each array a `Pickled`."""
    return _Plain(io.BytesIO(content), encoding="bytes").load()


class Pickled:
    """An array as its pickle describes it."""

    _state: Any = ()

    def __setstate__(self, state: Any) -> None:
        self._state = state

    def bytes(self) -> np.ndarray:
        """The array, whose entries have to be bytes."""
        _, shape, entries, by_columns, content = self._state
        if not (isinstance(entries, _Entries) and isinstance(content, bytes)):
            raise pickle.UnpicklingError("an array is not one of bytes")
        return np.frombuffer(content, np.uint8).reshape(shape, order="F" if by_columns else "C")


class _Entries:
    """The type of an array's entries, of which there is one: bytes."""

    def __init__(self, name: Any, *_: Any) -> None:
        if name not in ("u1", b"u1"):
            raise pickle.UnpicklingError(f"it holds an array of {name!r}")

    def __setstate__(self, _: Any) -> None:
        """Byte order and fields, which bytes have not."""


def _array(*_: Any) -> Pickled:
    return Pickled()


def _encoded(text: str, _: Any) -> bytes:
    """Bytes that Python 3 wrote for Python 2, as text of one character a byte."""
    return text.encode("latin1")


class _Plain(pickle._Unpickler):
    _NAMED: ClassVar = {
        ("numpy", "ndarray"): Pickled,
        ("numpy", "dtype"): _Entries,
        ("numpy.core.multiarray", "_reconstruct"): _array,
        ("numpy._core.multiarray", "_reconstruct"): _array,
        ("_codecs", "encode"): _encoded,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._NAMED:
            return self._NAMED[module, name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")
