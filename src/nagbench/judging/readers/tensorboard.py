"""TensorBoard: folders of event files.

An event file is a sequence of TFRecords: eight bytes of length, four of its checksum, the data,
four of the data's checksum; both are masked CRC-32C. The data are an `Event` of protocol buffers,
of which the step and the scalars of its summary are read: a `simple_value`, or a tensor of one
number.

The folder of a run, below the one that is given, is `OPTIMIZER/RUN` or a name for both that says
the seed (`adam-seed-3`).
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from nagbench.errors import InputError
from nagbench.judging.curves import Read
from nagbench.judging.names import Wanted, metric, split_run_name

_MARK = "tfevents"
_FLOAT, _DOUBLE = 1, 2  # types of a tensor
Fields = Iterator[tuple[int, int | bytes]]


def files(folder: Path) -> list[Path]:
    """All event files below a folder."""
    return sorted(path for path in folder.rglob(f"*{_MARK}*") if path.is_file())


def read(folder: Path, wanted: Wanted) -> Read:
    """The scalars of all event files below a folder."""
    rows = []
    for path in files(folder):
        # A scalar that was logged again, as after a restart, counts as it was logged last.
        name = path.parent.relative_to(folder).parts or (folder.resolve().name,)
        rows += [("/".join(name), *scalar) for scalar in scalars(path)]
    found = pd.DataFrame(rows, columns=["name", "tag", "step", "value"])
    chosen = metric(str(folder), sorted(set(found["tag"])), wanted)
    own = found[found["tag"] == chosen].drop_duplicates(["name", "step"], keep="last")
    split = {name: _split(name, wanted) for name in dict.fromkeys(own["name"])}
    alone = sum(optimizer == name for name, (optimizer, _) in split.items())
    notes: tuple[str, ...] = ()
    if alone:
        notes = (
            f"{alone} of {len(split)} folders of runs say no seed: each was taken for an optimizer "
            "with one run (--run-name splits names otherwise).",
        )
    frame = pd.DataFrame(
        {
            "workload": "",
            "optimizer": [split[name][0] for name in own["name"]],
            "run": [split[name][1] for name in own["name"]],
            "step": own["step"].to_numpy(float),
            "value": own["value"].to_numpy(float),
            "written": True,
            "planned": float("nan"),
        }
    )
    return Read(str(folder), frame, chosen, "step", notes)


def _split(name: str, wanted: Wanted) -> tuple[str, str]:
    first, between, rest = name.partition("/")
    if between and wanted.run_name is None:
        return first, rest
    return split_run_name(name, wanted)


def scalars(path: Path) -> Iterator[tuple[str, int, float]]:
    """Tag, step and value of each scalar of an event file, in its order.

    What a writer had begun when it was stopped, at the end of the file, is left out.
    """
    for data in records(path):
        step, summaries = 0, []
        try:
            for number, value in fields(data):
                if number == 2 and isinstance(value, int):
                    step = value - (1 << 64) if value >> 63 else value
                elif number == 5 and isinstance(value, bytes):
                    summaries.append(value)
            for summary in summaries:
                for number, value in fields(summary):
                    if number == 1 and isinstance(value, bytes):
                        tag, scalar = _scalar(value)
                        if scalar is not None:
                            yield tag, step, scalar
        except (IndexError, struct.error, UnicodeDecodeError):
            raise InputError(path, "a record that is no event", "TensorBoard event files") from None


def _scalar(data: bytes) -> tuple[str, float | None]:
    """Tag and number of a summary's value; None where it holds something else."""
    tag, scalar = "", None
    for number, value in fields(data):
        if number == 1 and isinstance(value, bytes):
            tag = value.decode()
        elif number == 2 and isinstance(value, bytes) and len(value) == 4:
            (scalar,) = struct.unpack("<f", value)
        elif number == 8 and isinstance(value, bytes):
            scalar = _of_tensor(value)
    return tag, scalar


def _of_tensor(data: bytes) -> float | None:
    """The number of a tensor that has one of type float or double."""
    kind, content = 0, b""
    for number, value in fields(data):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number in (4, 5, 6) and isinstance(value, bytes):
            content += value
    form = {_FLOAT: "<f4", _DOUBLE: "<f8"}.get(kind)
    if form is None or len(content) != np.dtype(form).itemsize:
        return None
    return float(np.frombuffer(content, form)[0])


def fields(data: bytes) -> Fields:
    """Number and value of each field of a message: a whole number, or the bytes of the rest."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind == 2:
            length, place = _varint(data, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise IndexError
        if place + length > len(data):
            raise IndexError
        yield number, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
        if shift > 63:
            raise IndexError


def records(path: Path) -> Iterator[bytes]:
    """The data of each TFRecord whose checksums hold; one that does not is an error."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"not readable ({error.strerror})", "an event file") from None
    place = 0
    while place + 12 <= len(content):
        (length,) = struct.unpack_from("<Q", content, place)
        (check,) = struct.unpack_from("<I", content, place + 8)
        if masked_crc(content[place : place + 8]) != check:
            raise InputError(f"{path}, byte {place}", "a damaged record", "an intact event file")
        start, place = place + 12, place + 16 + length
        if place > len(content):
            return
        data = content[start : start + length]
        (check,) = struct.unpack_from("<I", content, place - 4)
        if masked_crc(data) != check:
            raise InputError(f"{path}, byte {start}", "a damaged record", "an intact event file")
        yield data


def _crc_table() -> list[int]:
    """CRC-32C (Castagnoli) of each byte, reflected."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def masked_crc(data: bytes) -> int:
    """As TFRecords have it, since a checksum of data that hold checksums would be weak."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
