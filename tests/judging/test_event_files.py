"""TensorBoard's event files, of two independent writers, and damaged ones."""

import base64
import math
import struct
import zlib
from pathlib import Path

import pytest

from nagbench.errors import InputError
from nagbench.judging.curves import checked
from nagbench.judging.names import Wanted
from nagbench.judging.readers.any_file import read
from nagbench.judging.readers.tensorboard import crc32c, masked_crc, records, scalars

# Two scalars at three steps as simple values, by tensorboardX 2.6.5.
SIMPLE = (
    "c-oU-fPlsI-b$Q>ECNrq9J=Kw#hX-=n3<>NT9%quVr4YvmE92;sJaser^<4EYJjNI66E6N;wVeZ(a*^*E*52AP;ii)Z^"
    "kVRRV&3iPnc7iQ4pe5fQyfd9i%ofIT@(*fSvCVUJp5_(wldLj5u#MLX-+{VHkYC-g1w?5m~6}1pWKUoP|wr)o4a5*e`t"
    "~DJc(C9O&&L!MO#dcnuSV*$sAc<QQk8xa2*Oax}vW?1T7j!~g)9%vKQ"
)
# One scalar at three steps as tensors, the last of them NaN, by tensorboard 2.21.0.
TENSORS = (
    "c-r$|fPjCKJmzvX$%sGMa_E+$6mL>dVrHJ6YguYuiIq{19+yr@YF=@EQBr<lQHox1X>M*}QKepaQD#YMkzOiDReV}zPH"
    "H?vL|yB{0t2YIQ@>t_=Y%jn*lVeBDRXg@CFbbo<QEq^ad9vTF=(+cFbFt!adUBUu@@&N<|GysJAeNE)Cj6yMKbISRKJ>"
    "o02eM37TBYhz!xGj#TaS=&vJz@hzS>p90b-d;WFYtJ&F<GS1x}60AjpK_y"
)


def unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text))


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name / "events.out.tfevents.1690000000.host.1.0"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_simple_values(tmp_path: Path) -> None:
    path = write(tmp_path, "adam/0", unpacked(SIMPLE))
    found = [scalar for scalar in scalars(path) if scalar[0] == "val/loss"]
    assert found == [("val/loss", 0, 2.5), ("val/loss", 10, 1.5), ("val/loss", 300, 0.25)]
    assert ("val/acc", 300, 0.9375) in list(scalars(path))


def test_tensors(tmp_path: Path) -> None:
    *first, last = scalars(write(tmp_path, "adam/1", unpacked(TENSORS)))
    assert first == [("val/loss", 0, 2.25), ("val/loss", 10, 1.25)]
    assert last[:2] == ("val/loss", 300)
    assert math.isnan(last[2])


def test_a_folder_of_runs(tmp_path: Path) -> None:
    write(tmp_path, "adam/0", unpacked(SIMPLE))
    write(tmp_path, "adam/1", unpacked(TENSORS))
    write(tmp_path, "sgd-seed-4", unpacked(SIMPLE))
    write(tmp_path, "nag", unpacked(SIMPLE))
    with pytest.raises(InputError, match="--metric with one of val/acc, val/loss"):
        read(tmp_path, Wanted())
    curves = checked([read(tmp_path, Wanted(metric="val/loss"))])
    rows = curves.runs.set_index(["optimizer", "run"])
    assert list(rows.index) == [("adam", "0"), ("adam", "1"), ("nag", "0"), ("sgd", "4")]
    assert list(rows["diverged"]) == [False, True, False, False]
    assert rows["end"].tolist() == [300.0] * 4
    assert "1 of 4 folders of runs say no seed" in curves.notes[0]


def test_what_was_logged_again_counts_as_it_was_logged_last(tmp_path: Path) -> None:
    path = write(tmp_path, "adam/0", unpacked(SIMPLE))
    again = path.with_name("events.out.tfevents.1690000001.host.1.0")
    again.write_bytes(record(event(300, "val/loss", 0.125)))
    curves = checked([read(tmp_path, Wanted(metric="val/loss"))])
    assert curves.runs["final"].tolist() == [0.125]


def record(data: bytes) -> bytes:
    """A TFRecord, by its definition."""
    length = struct.pack("<Q", len(data))
    checks = (struct.pack("<I", masked_crc(part)) for part in (length, data))
    first, second = checks
    return length + first + data + second


def event(step: int, tag: str, value: float) -> bytes:
    """An `Event` with one `Summary.Value`: fields 2 and 5, in that 1, in that 1 and 2."""
    name = tag.encode()
    inner = b"\x0a" + bytes([len(name)]) + name + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + bytes([len(inner)]) + inner
    number = bytes([step & 127 | 128, step >> 7]) if step > 127 else bytes([step])
    return b"\x10" + number + b"\x2a" + bytes([len(summary)]) + summary


def test_the_checksum_is_castagnolis() -> None:
    """The published check value, and that of RFC 3720 for 32 zeros."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA


def test_a_record_by_hand(tmp_path: Path) -> None:
    path = write(tmp_path, "adam/0", record(event(200, "loss", 0.5)) + record(b"\x18\x07"))
    assert list(scalars(path)) == [("loss", 200, 0.5)]


@pytest.mark.parametrize("place", [3, 9, 20])
def test_a_damaged_record_is_refused(tmp_path: Path, place: int) -> None:
    content = bytearray(record(event(5, "loss", 0.5)))
    content[place] ^= 1
    path = write(tmp_path, "adam/0", bytes(content))
    with pytest.raises(InputError, match="a damaged record"):
        list(records(path))


def test_a_record_that_was_begun_is_left_out(tmp_path: Path) -> None:
    whole = record(event(5, "loss", 0.5))
    for missing in (1, 10, len(whole) - 5):
        path = write(tmp_path, f"cut/{missing}", whole + whole[:-missing])
        assert list(scalars(path)) == [("loss", 5, 0.5)]


def test_what_is_no_event_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "adam/0", record(b"\x0f\xff\xff"))
    with pytest.raises(InputError, match="a record that is no event"):
        list(scalars(path))


def test_one_event_file_alone_is_pointed_to_its_folder(tmp_path: Path) -> None:
    path = write(tmp_path, "adam/0", unpacked(SIMPLE))
    with pytest.raises(InputError, match="the folder of runs that it lies in"):
        read(path, Wanted())
